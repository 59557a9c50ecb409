"""Coverage where only some cases were labelled, where patients are buckets, and of counts per exposure."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import stats

from monitoring.statistics.patient_buckets import share_from_buckets
from monitoring.statistics.rates import poisson_rate, rate_ratio
from monitoring.statistics.results import NotEstimable
from monitoring.statistics.verification import begg_greenes, weighted_rates
from tests.benchmarks.coverage import Coverage, Tally
from tests.benchmarks.coverage_of_proportions import patients

CASES = 4000
DRAWN = ((30, 30, 60), (100, 100, 200), (300, 300, 300))
MEANS = np.concatenate([np.linspace(0.1, 5, 50), np.linspace(6, 120, 40)])


def coverages(*, draws: int, seed: int = 1) -> Iterator[Coverage]:
    yield of_counts()
    yield of_count_ratios()
    yield from of_weighted_rates(draws=draws, seed=seed)
    yield from of_verification(draws=draws, seed=seed)
    yield from of_buckets(draws=draws, seed=seed)


def of_counts() -> Coverage:
    counts = np.arange(260)
    ends = [poisson_rate(int(count), 1.0).interval for count in counts]
    low, high = np.array([(each.low, each.high) for each in ends]).T
    inside = (low[:, None] <= MEANS) & (high[:, None] >= MEANS)
    covered = (stats.poisson.pmf(counts[:, None], MEANS) * inside).sum(axis=0) + stats.poisson.sf(counts[-1], MEANS)
    where = f"mean {MEANS[covered.argmin()]:.2f}"
    return Coverage(
        name="poisson_rate", kind="exact", average=float(covered.mean()), worst=float(covered.min()), where=where
    )


def of_count_ratios() -> Coverage:
    """Over means of 1 to 15 on both sides; pairs of counts that give no ratio say nothing and count as held."""
    counts, means = np.arange(45), np.array([1.0, 3.0, 6.0, 10.0, 15.0])
    covered = {}
    chances = {mean: stats.poisson.pmf(counts, mean) for mean in means}
    ends = np.array([[_ends(rate_ratio(int(a), 1.0, int(b), 1.0)) for b in counts] for a in counts])
    for first in means:
        for second in means:
            inside = (ends[..., 0] <= first / second) & (first / second <= ends[..., 1])
            missed = (chances[first][:, None] * chances[second] * ~inside).sum()
            covered[f"means {first} and {second}"] = 1 - float(missed)
    where = min(covered, key=lambda each: covered[each])
    average = float(np.mean(list(covered.values())))
    return Coverage(name="rate_ratio", kind="exact", average=average, worst=covered[where], where=where)


def of_weighted_rates(*, draws: int, seed: int, designs: Sequence[tuple[int, int, int]] = DRAWN) -> Iterator[Coverage]:
    """A fixed population in three strata of the score, drawn with known shares, without replacement."""
    generator = np.random.default_rng(seed)
    tallies = {name: Tally() for name in ("sensitivity", "specificity", "prevalence")}
    for ill in (0.05, 0.2):
        score, truth = population(generator, ill=ill)
        stratum = np.searchsorted(np.quantile(score, [0.7, 0.9]), score)
        called = score > np.quantile(score, 0.85)
        true = {
            "sensitivity": called[truth].mean(),
            "specificity": (~called)[~truth].mean(),
            "prevalence": truth.mean(),
        }
        for design in designs:
            setting = f"{design} drawn of {CASES}, {ill:.0%} ill"
            for _ in range(draws):
                chosen = np.concatenate(
                    [
                        generator.choice(np.flatnonzero(stratum == h), size, replace=False)
                        for h, size in enumerate(design)
                    ]
                )
                chances = (np.array(design) / np.bincount(stratum))[stratum[chosen]]
                found = weighted_rates(
                    called[chosen], truth[chosen], inclusion_probabilities=chances, strata=stratum[chosen]
                )
                for name, tally in tallies.items():
                    _count(tally, found[name], truth=float(true[name]), setting=setting, small="gamma")
    for name, tally in tallies.items():
        yield from tally.coverages(f"weighted_rates, {name}")


def population(generator: np.random.Generator, *, ill: float) -> tuple[np.ndarray, np.ndarray]:
    truth = np.arange(CASES) < ill * CASES
    return generator.normal(2.0 * truth, 1.0), truth


def of_verification(*, draws: int, seed: int) -> Iterator[Coverage]:
    """Every positive call is verified in a half, negatives in a fifth, whatever the truth."""
    generator, tally = np.random.default_rng(seed), Tally()
    for size in (400, 1500, 6000):
        for sensitivity, specificity in ((0.9, 0.9), (0.7, 0.95)):
            for _ in range(draws):
                truth = generator.random(size) < 0.2
                called = generator.random(size) < np.where(truth, sensitivity, 1 - specificity)
                verified = generator.random(size) < np.where(called, 0.5, 0.2)
                counts = [
                    (
                        int((side & verified & truth).sum()),
                        int((side & verified & ~truth).sum()),
                        int((side & ~verified).sum()),
                    )
                    for side in (called, ~called)
                ]
                found = begg_greenes(tested_positive=counts[0], tested_negative=counts[1])
                setting = f"{size} cases, sensitivity {sensitivity}"
                _count(tally, found["sensitivity"], truth=sensitivity, setting=setting, small="few")
    yield from tally.coverages("begg_greenes, sensitivity")


def of_buckets(*, draws: int, seed: int) -> Iterator[Coverage]:
    """Patients fall into a hundred buckets by a hash; only the sums of buckets are kept."""
    generator, tally = np.random.default_rng(seed), Tally()
    for count in (200, 1000, 5000):
        for correlation in (0.1, 0.7):
            for _ in range(draws):
                share = generator.uniform(0.02, 0.98)
                hits, sizes = patients(generator, count=count, share=share, correlation=correlation, kind="geometric")
                bucket = generator.integers(0, 100, count)
                sums = [np.bincount(bucket, each, 100) for each in (hits, sizes)]
                setting = f"{count} patients, ICC {correlation}"
                _count(tally, share_from_buckets(*sums), truth=share, setting=setting, small="Clopper")
    yield from tally.coverages("share_from_buckets")


def _count(tally: Tally, estimate, *, truth: float, setting: str, small: str) -> None:
    if not isinstance(estimate, NotEstimable):
        tally.add(setting=setting, hit=truth in estimate.interval, is_below_floor=small in estimate.method)


def _ends(estimate) -> tuple[float, float]:
    return (0.0, np.inf) if isinstance(estimate, NotEstimable) else (estimate.interval.low, estimate.interval.high)
