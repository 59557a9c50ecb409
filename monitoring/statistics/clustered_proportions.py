"""Proportions of trials that come in clusters: studies of one patient, lesions of one study.

Counts per cluster in, one estimate out. Independent trials are in `proportions`, draws with unequal
probabilities in `verification`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.inputs import FloatArray, as_counts, check_level, check_option, check_same_length
from monitoring.statistics.intervals import beta_interval, logit_interval, two_sided_quantile, wilson_interval
from monitoring.statistics.results import Estimate, Interval, NotEstimable

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


def _checked_clusters(successes: ArrayLike, trials: ArrayLike) -> tuple[FloatArray, FloatArray]:
    hits, sizes = as_counts(successes, name="successes"), as_counts(trials, name="trials")
    check_same_length(successes=hits, trials=sizes)
    if (hits > sizes).any():
        raise ValueError("a cluster has more successes than trials")
    return hits[sizes > 0], sizes[sizes > 0]


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
