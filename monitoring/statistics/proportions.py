"""Proportions, their differences and the figures of a two-by-two table, with intervals.

Counts in, estimates out. Which cases to count is decided in monitoring.cases; proportions of a
sample that was drawn with unequal probabilities are in `verification`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import hypot, sqrt
from typing import Literal

from scipy import special, stats

from monitoring.statistics.clustered_proportions import (
    MIN_CLUSTERS_WITH_EVENTS,
    NO_TRIALS,
    ClusteredEstimate,
    clustered,
)
from monitoring.statistics.inputs import as_count, check_level, check_option
from monitoring.statistics.intervals import (
    beta_interval,
    interval_between,
    log_interval,
    wilson_interval,
)
from monitoring.statistics.results import Estimate, Interval, NotEstimable, TestResult
from monitoring.statistics.score_difference import TwoSamples, miettinen_nurminen_interval

__all__ = [
    "MIN_CLUSTERS_WITH_EVENTS",
    "ClusteredEstimate",
    "NonInferiorityTest",
    "clopper_pearson",
    "clustered",
    "diagnostic_table",
    "difference",
    "likelihood_ratio",
    "non_inferior",
    "wilson",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class NonInferiorityTest(TestResult):
    """`lower_bound` is the one-sided Clopper–Pearson bound at `level`; `floor` what it was held against."""

    value: float
    lower_bound: float
    floor: float
    cases: int


def wilson(successes: float, trials: float, *, level: float = 0.95) -> Estimate | NotEstimable:
    """Return a proportion with Wilson's score interval.

    Assumes independent trials with one probability. Approximate: coverage is near `level` on
    average over probabilities, not at each. No trials: NotEstimable.
    Source: Wilson, JASA 1927;22:209-212; Newcombe, Stat Med 1998;17:857-872, method 3.

    Raises:
        ValueError: counts that are negative, not whole, or more successes than trials.
    """
    hits, size = _checked(successes, trials)
    check_level(level)
    if size == 0:
        return NotEstimable(NO_TRIALS)
    return Estimate(
        value=hits / size,
        interval=wilson_interval(hits / size, size=size, level=level),
        cases=size,
        method="Wilson score",
    )


def clopper_pearson(successes: float, trials: float, *, level: float = 0.95) -> Estimate | NotEstimable:
    """Return a proportion with the exact interval of Clopper and Pearson.

    Assumes independent trials with one probability; never covers less than `level`. No trials: NotEstimable.
    Source: Clopper & Pearson, Biometrika 1934;26:404-413.
    """
    hits, size = _checked(successes, trials)
    check_level(level)
    if size == 0:
        return NotEstimable(NO_TRIALS)
    interval = beta_interval(hits / size, size=size, level=level)
    return Estimate(value=hits / size, interval=interval, cases=size, method="Clopper–Pearson exact")


def difference(
    successes_a: float,
    trials_a: float,
    successes_b: float,
    trials_b: float,
    *,
    method: Literal["newcombe", "miettinen_nurminen"] = "newcombe",
    level: float = 0.95,
) -> Estimate | NotEstimable:
    """Return the difference of two proportions, first minus second.

    Assumes two independent groups of independent trials (paired data: `agreement.mcnemar`).
    "newcombe" joins two Wilson intervals (Newcombe, Stat Med 1998;17:873-890, method 10);
    "miettinen_nurminen" inverts the score test with N/(N−1). A group without trials: NotEstimable.
    """
    check_option(method, name="method", allowed=("newcombe", "miettinen_nurminen"))
    check_level(level)
    hits_a, size_a = _checked(successes_a, trials_a)
    hits_b, size_b = _checked(successes_b, trials_b)
    if size_a == 0 or size_b == 0:
        return NotEstimable("no trials in one of the groups")
    samples = TwoSamples(successes_a=hits_a, trials_a=size_a, successes_b=hits_b, trials_b=size_b)
    exact_name = "Newcombe hybrid score" if method == "newcombe" else "Miettinen–Nurminen score"
    interval = _newcombe_interval if method == "newcombe" else miettinen_nurminen_interval
    return Estimate(
        value=samples.difference,
        interval=interval(samples, level=level),
        cases=size_a + size_b,
        method=exact_name,
    )


def non_inferior(
    successes: float, trials: float, *, floor: float, level: float = 0.95
) -> NonInferiorityTest | NotEstimable:
    """Test whether a proportion lies above a floor; one-sided p = P(X ≥ x | floor).

    Assumes independent trials. `statistic` is the count of successes; a small p speaks for a proportion
    above the floor. `lower_bound` holds with one-sided confidence `level`. No trials: NotEstimable.
    """
    hits, size = _checked(successes, trials)
    check_level(level)
    if not 0 <= floor <= 1:
        raise ValueError(f"floor must lie within [0, 1], not {floor}")
    if size == 0:
        return NotEstimable(NO_TRIALS)
    return NonInferiorityTest(
        statistic=float(hits),
        p_value=float(stats.binom.sf(hits - 1, size, floor)),
        method="exact binomial, one-sided",
        value=hits / size,
        lower_bound=0.0 if hits == 0 else float(special.betaincinv(hits, size - hits + 1, 1 - level)),
        floor=floor,
        cases=size,
    )


def diagnostic_table(
    tp: float, fp: float, fn: float, tn: float, *, level: float = 0.95
) -> Mapping[str, Estimate | NotEstimable]:
    """Return sensitivity, specificity, ppv, npv, lr_positive, lr_negative, accuracy and youden.

    Assumes independent cases whose truth is known whatever the call. Wilson intervals; Youden's index
    is a difference of two independent shares (Newcombe); likelihood ratios by the log method (Simel et al.,
    J Clin Epidemiol 1991;44:763-770), half a case added to every cell where a cell of the ratio is empty.
    """
    tp, fp = as_count(tp, name="tp"), as_count(fp, name="fp")
    fn, tn = as_count(fn, name="fn"), as_count(tn, name="tn")
    diseased, healthy = tp + fn, fp + tn
    return {
        "sensitivity": wilson(tp, diseased, level=level),
        "specificity": wilson(tn, healthy, level=level),
        "ppv": wilson(tp, tp + fp, level=level),
        "npv": wilson(tn, tn + fn, level=level),
        "lr_positive": likelihood_ratio(tp, diseased, fp, healthy, level=level),
        "lr_negative": likelihood_ratio(fn, diseased, tn, healthy, level=level),
        "accuracy": wilson(tp + tn, diseased + healthy, level=level),
        "youden": difference(tp, diseased, fp, healthy, level=level),
    }


def likelihood_ratio(
    calls_diseased: float,
    diseased: float,
    calls_healthy: float,
    healthy: float,
    *,
    level: float = 0.95,
) -> Estimate | NotEstimable:
    """Return the ratio of two independent shares by the log method; see `diagnostic_table`."""
    a, m = _checked(calls_diseased, diseased)
    b, n = _checked(calls_healthy, healthy)
    if m == 0 or n == 0:
        return NotEstimable("no cases in one of the classes")
    if a == 0 and b == 0:
        return NotEstimable("no case in either class has this result")
    method = "log method"
    cells: tuple[float, float, float, float] = (a, m, b, n)
    if a == 0 or b == 0 or (a == m and b == n):
        cells, method = (a + 0.5, m + 1, b + 0.5, n + 1), "log method, half a case added to every cell"
    value = (cells[0] / cells[1]) / (cells[2] / cells[3])
    error = sqrt(1 / cells[0] - 1 / cells[1] + 1 / cells[2] - 1 / cells[3])
    return Estimate(
        value=value,
        interval=log_interval(value, log_error=error, level=level),
        cases=m + n,
        method=method,
    )


def _checked(successes: float, trials: float) -> tuple[int, int]:
    hits, size = as_count(successes, name="successes"), as_count(trials, name="trials")
    if hits > size:
        raise ValueError(f"{hits} successes in {size} trials")
    return hits, size


def _newcombe_interval(samples: TwoSamples, *, level: float) -> Interval:
    share_a, share_b = samples.successes_a / samples.trials_a, samples.successes_b / samples.trials_b
    a = wilson_interval(share_a, size=samples.trials_a, level=level)
    b = wilson_interval(share_b, size=samples.trials_b, level=level)
    gap = samples.difference
    low = gap - hypot(share_a - a.low, b.high - share_b)
    high = gap + hypot(a.high - share_a, share_b - b.low)
    return interval_between(max(-1.0, low), min(1.0, high), level=level)
