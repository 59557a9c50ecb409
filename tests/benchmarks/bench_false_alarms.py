"""False alarms of a thousand stable product-years, against charts that take an estimated reference as known.

Through the code that monitors run: references of some months, patients with several studies, labels that come late. A
monitor is designed for one alarm in ten years or fewer with 80 % confidence, so a thousand years may hold a hundred.
"""

from dataclasses import dataclass

import numpy as np

from tests.benchmarks.stable_products import stable_cases
from tests.benchmarks.table import Result

PRODUCTS, YEARS_EACH, REFERENCE_DAYS = 500, 2, 125
DESIGNED_A_YEAR = 0.1
MOST_BY_CHANCE = 3.0  # standard deviations of a count above the design that chance may give


@dataclass(frozen=True, kw_only=True)
class Alarms:
    performance: int
    scores: int
    naive: int
    years: float


def run() -> Result:
    found = [product(seed) for seed in range(PRODUCTS)]
    years = sum(each.years for each in found)
    counts = {name: sum(getattr(each, name) for each in found) for name in ("performance", "scores", "naive")}
    worst = max(counts["performance"], counts["scores"])
    allowed = DESIGNED_A_YEAR * years
    known = known_reference()
    return Result(
        name="false_alarms",
        ours=10 * worst / years,
        theirs=10 * counts["naive"] / years,
        unit="alarms in ten years",
        ratio=worst / counts["naive"],
        aim="≤ 1 in ten years; with a known reference as designed",
        reached=worst <= allowed + MOST_BY_CHANCE * allowed**0.5 and abs(known) <= MOST_BY_CHANCE,
        note=f"{years:.0f} product-years: performance {counts['performance']}, scores {counts['scores']}; "
        f"known reference {known:+.1f} SD from the design",
    )


def product(seed: int) -> Alarms:
    """Watch one product; years are those of watching, after the references."""
    from monitoring.signals.performance_watch import design_performance, performance_alarms
    from monitoring.signals.score_watch import design_scores, score_alarms
    from tests.benchmarks.stable_products import ERA

    cases = stable_cases(days=REFERENCE_DAYS + round(365.25 * YEARS_EACH), seed=seed)
    performance, scores = design_performance(cases, era=ERA, baseline=None), design_scores(cases, era=ERA)
    assert performance is not None and scores is not None
    return Alarms(
        performance=len(performance_alarms(performance, cases)),
        scores=len(score_alarms(scores, cases)),
        naive=naive_alarms(performance, cases),
        years=YEARS_EACH,
    )


def naive_alarms(design: dict[str, object], cases: list) -> int:
    """Count the alarms of charts of the same rate that take the reference as known and labels as independent."""
    from monitoring.signals.performance_watch import ARMS, labelled_in_order, watched
    from monitoring.statistics.sequential import bernoulli_cusum

    alarms = 0
    for arm, truth in ARMS.items():
        frozen = design["arms"][arm]  # type: ignore[index]
        share = (frozen["wrong"] + 0.5) / (frozen["cases"] + 1)
        odds = design["odds_ratio"] * share / (1 - share)  # type: ignore[operator]
        after = watched(design, cases, arm=arm)[0][2]
        labels = [row for row in labelled_in_order(cases) if row.truth == truth and row.known_at >= after]
        a_patient = len(labels) / len({(row.person, row.known_at.date()) for row in labels})
        chart = bernoulli_cusum(share, odds / (1 + odds), arl0=frozen["arl0"] * a_patient)
        alarms += len(chart.run([float(row.is_wrong) for row in labels]).alarms)
    return alarms


def known_reference() -> float:
    """Return by how many standard deviations a thousand product-years with known references miss the design."""
    from monitoring.statistics.sequential import bernoulli_cusum, normal_cusum

    generator, per_day = np.random.default_rng(0), 10
    length = 1_000 * 365 * per_day
    outcomes, scores = (generator.random(length) < 0.1).astype(float), generator.normal(size=length)
    rare, shifted = bernoulli_cusum(0.1, 0.2, arl0=36_500), normal_cusum(k=0.25, arl0=36_500, sides=2)
    misses = []
    for chart, values, length_0 in ((rare, outcomes, rare.arl(0.1)), (shifted, scores, shifted.arl(0.0))):
        expected = length / length_0
        misses.append((len(chart.run(values).alarms) - expected) / expected**0.5)
    return max(misses, key=abs)
