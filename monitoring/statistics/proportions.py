"""Proportions, their differences and the figures of a two-by-two table, with intervals.

Counts in, estimates out. Which cases to count is decided in monitoring.cases; proportions of a
sample that was drawn with unequal probabilities are in `verification`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import hypot, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from monitoring.statistics.inputs import FloatArray, as_count, as_counts, check_level, check_option, check_same_length
from monitoring.statistics.intervals import (
    beta_interval,
    interval_between,
    log_interval,
    logit_interval,
    two_sided_quantile,
    wilson_interval,
)
from monitoring.statistics.results import Estimate, Interval, NotEstimable, TestResult
from monitoring.statistics.score_difference import TwoSamples, miettinen_nurminen_interval

MIN_CLUSTERS_WITH_EVENTS = 30
"""`clustered`: below this many clusters with the rarer outcome the interval is the conservative one."""

MIN_CLUSTERS_FOR_SPREAD = 5
"""`clustered`: below this many, a cluster counts as one observation."""

NO_TRIALS = "no trials"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredEstimate(Estimate):
    """A proportion of clustered trials; `design_effect` is its variance over that of independent trials."""

    design_effect: float
    clusters: int


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


def clustered(
    successes: ArrayLike, trials: ArrayLike, *, method: Literal["logit", "wilson"] = "logit", level: float = 0.95
) -> ClusteredEstimate | NotEstimable:
    """Return a proportion of trials that come in clusters, such as studies of one patient.

    One entry per cluster; clusters without trials are left out. Assumes independent clusters, nothing
    about the dependence inside one. Ratio estimator with the K/(K−1) sandwich variance; `design_effect`
    = SE² / (p(1−p)/Σn). "logit": Wald on the logit; "wilson": Wilson with n / design effect.

    Floor: MIN_CLUSTERS_WITH_EVENTS (30) clusters that hold the rarer outcome, clusters of unequal size counted as
    (Σn)²/Σn² equal ones. Below it the interval is conservative: Clopper–Pearson with an effective size (Korn
    & Graubard, Survey Methodology 1998;24:193-201: t quantile, design effect at least 1); with fewer than 5
    such clusters, or clusters all alike, a cluster counts as one observation. One cluster: NotEstimable.
    Sources: Rao & Scott, Biometrics 1992;48:577-585; Genders et al., Radiology 2012;265:910-916.
    """
    check_option(method, name="method", allowed=("logit", "wilson"))
    check_level(level)
    hits, sizes = _checked_clusters(successes, trials)
    if sizes.size == 0:
        return NotEstimable(NO_TRIALS)
    if sizes.size == 1:
        return NotEstimable("one cluster only, so the spread between clusters is unknown")
    share, total = hits.sum() / sizes.sum(), sizes.sum()
    error = _ratio_error(hits, sizes)
    independent = share * (1 - share) / total
    effect = error**2 / independent if independent > 0 else float((sizes**2).sum() / total)
    interval, name = _clustered_interval(hits, sizes, error=error, method=method, level=level)
    return ClusteredEstimate(
        value=float(share),
        interval=interval,
        cases=int(total),
        method=name,
        design_effect=float(effect),
        clusters=sizes.size,
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


def _checked_clusters(successes: ArrayLike, trials: ArrayLike) -> tuple[FloatArray, FloatArray]:
    hits, sizes = as_counts(successes, name="successes"), as_counts(trials, name="trials")
    check_same_length(successes=hits, trials=sizes)
    if (hits > sizes).any():
        raise ValueError("a cluster has more successes than trials")
    return hits[sizes > 0], sizes[sizes > 0]


def _newcombe_interval(samples: TwoSamples, *, level: float) -> Interval:
    share_a, share_b = samples.successes_a / samples.trials_a, samples.successes_b / samples.trials_b
    a = wilson_interval(share_a, size=samples.trials_a, level=level)
    b = wilson_interval(share_b, size=samples.trials_b, level=level)
    gap = samples.difference
    low = gap - hypot(share_a - a.low, b.high - share_b)
    high = gap + hypot(a.high - share_a, share_b - b.low)
    return interval_between(max(-1.0, low), min(1.0, high), level=level)


def _ratio_error(hits: FloatArray, sizes: FloatArray) -> float:
    residuals = hits - hits.sum() / sizes.sum() * sizes
    return float(np.sqrt(sizes.size / (sizes.size - 1) * (residuals**2).sum()) / sizes.sum())


def _clustered_interval(
    hits: FloatArray, sizes: FloatArray, *, error: float, method: str, level: float
) -> tuple[Interval, str]:
    share, total = float(hits.sum() / sizes.sum()), float(sizes.sum())
    as_one_each = total**2 / float((sizes**2).sum())
    # Clusters of unequal size tell less than their number: count them as (Σn)²/Σn² equal ones.
    with_events = min((hits > 0).sum(), (hits < sizes).sum()) * as_one_each / sizes.size
    alike = error <= 1e-12 * max(share, 1e-300)
    if alike or with_events < MIN_CLUSTERS_FOR_SPREAD:
        interval = beta_interval(share, size=as_one_each, level=level)
        return interval, "Clopper–Pearson, each cluster as one observation"
    effect = error**2 * total / (share * (1 - share))
    if with_events < MIN_CLUSTERS_WITH_EVENTS:
        shrink = (two_sided_quantile(level) / two_sided_quantile(level, df=with_events - 1)) ** 2
        interval = beta_interval(share, size=total / max(1.0, effect) * shrink, level=level)
        return interval, "Clopper–Pearson with an effective size (few clusters)"
    if method == "wilson":
        return wilson_interval(share, size=total / effect, level=level), "Wilson with the design effect of clusters"
    return logit_interval(share, error=error, level=level), "ratio of cluster totals, logit scale"
