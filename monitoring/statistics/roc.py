"""How well scores rank: the area under the ROC curve, its differences and its parts.

Labels are 0 and 1, a higher score speaks for 1, tied scores count one half. Rates at the threshold in
use are in `proportions`; areas over several readers are in `mrmc`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from monitoring.statistics.areas import MIN_CASES_PER_CLASS, ClassSizes, area_interval, interval_without_spread
from monitoring.statistics.inputs import (
    BoolArray,
    FloatArray,
    IntArray,
    as_codes,
    as_labels,
    as_vector,
    check_level,
    check_option,
    check_same_length,
)
from monitoring.statistics.intervals import plain_interval
from monitoring.statistics.placements import (
    Placements,
    delong_covariance,
    delong_variance,
    effective_size,
    obuchowski_covariance,
    placements,
    sorted_placements,
)
from monitoring.statistics.results import DifferenceTest, Estimate, NotEstimable
from monitoring.statistics.roc_classes import PairwiseEstimate, pairwise_auc
from monitoring.statistics.roc_curves import RocCurve, curve, partial_auc, sensitivity_at_specificity
from monitoring.statistics.roc_histograms import HistogramEstimate, auc_from_histograms

__all__ = [
    "AucEstimate",
    "HistogramEstimate",
    "PairwiseEstimate",
    "RocCurve",
    "UnpairedDifferenceTest",
    "auc",
    "auc_from_histograms",
    "curve",
    "paired_auc_difference",
    "pairwise_auc",
    "partial_auc",
    "sensitivity_at_specificity",
    "unpaired_auc_difference",
]

ONE_CLASS = "only one class among the labels"


@dataclass(frozen=True, slots=True, kw_only=True)
class AucEstimate(Estimate):
    """An area with its DeLong (Obuchowski) variance and the number of positives."""

    variance: float
    positives: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpairedDifferenceTest(DifferenceTest):
    """A difference of areas measured on different cases; `df` are Welch's degrees of freedom."""

    df: float


def auc(
    scores: ArrayLike,
    labels: ArrayLike,
    *,
    clusters: Sequence[Any] | None = None,
    weights: ArrayLike | None = None,
    scale: Literal["logit", "plain"] = "logit",
    level: float = 0.95,
) -> AucEstimate | NotEstimable:
    """Return the area under the ROC curve with DeLong's variance, in O(n log n).

    Assumes independent cases, or independent clusters (keys of any kind, such as patients; a cluster may
    hold both classes: Obuchowski, Biometrics 1997;53:567-578). `weights` are positive and known by design
    (inverse inclusion probabilities), never estimated from these data; their variance ignores finite populations.

    Floor of the default scale: 30 independent cases in the smaller class (clusters holding it, effective
    cases under weights), 3 of them misranked (smaller class × min(area, 1 − area)). Below it, and at an
    area of 1, the interval is conservative (`areas`). "plain" is the Wald interval that pROC prints, cut to
    [0, 1] and without a floor. One class only: NotEstimable.
    Sources: DeLong et al., Biometrics 1988;44:837-845; Sun & Xu, IEEE Signal Process Lett 2014;21:1389-1393.
    """
    check_option(scale, name="scale", allowed=("logit", "plain"))
    check_level(level)
    values, truth = _checked(scores, labels)
    codes = None if clusters is None else as_codes(clusters, name="clusters", length=values.size)
    mass = None if weights is None else _checked_weights(weights, count=values.size)
    if truth.all() or not truth.any():
        return NotEstimable(ONE_CLASS)
    placed, variance = _placed(values, truth, codes=codes, mass=mass)
    sizes = _class_sizes(truth, codes=codes, mass=mass)
    if sizes.smaller < 2:
        variance = placed.area * (1 - placed.area)  # the most that one case of a class can leave
    interval, words = area_interval(placed.area, variance=variance, sizes=sizes, scale=scale, level=level)
    name = ("DeLong" if codes is None else "Obuchowski (clusters)") + ("" if mass is None else ", weighted")
    return AucEstimate(
        value=placed.area,
        interval=interval,
        cases=values.size,
        method=f"{name}, {words}",
        variance=variance,
        positives=int(truth.sum()),
    )


def paired_auc_difference(
    scores_a: ArrayLike,
    scores_b: ArrayLike,
    labels: ArrayLike,
    *,
    clusters: Sequence[Any] | None = None,
    level: float = 0.95,
) -> DifferenceTest | NotEstimable:
    """Test whether two scores of the same cases rank them equally well; difference = first minus second.

    Assumes independent cases (or clusters). DeLong's covariance and a normal z; with fewer than 30
    independent cases in the smaller class Student's t with that number − 1. Where the difference has no
    spread (identical rankings), the interval and p come from the disjoint pairs of cases, and are conservative.
    One class only: NotEstimable.
    """
    check_level(level)
    first, truth = _checked(scores_a, labels)
    second, _ = _checked(scores_b, labels)
    codes = None if clusters is None else as_codes(clusters, name="clusters", length=first.size)
    if truth.all() or not truth.any():
        return NotEstimable(ONE_CLASS)
    placed = [placements(values[truth], values[~truth]) for values in (first, second)]
    covariance = _covariance(placed, truth, codes=codes)
    gap = placed[0].area - placed[1].area
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    sizes = _class_sizes(truth, codes=codes, mass=None)
    if variance <= 1e-15 or sizes.smaller < 2:
        return _difference_without_spread(gap, pairs=int(max(1, sizes.disjoint_pairs)), cases=first.size, level=level)
    df = inf if sizes.smaller >= MIN_CASES_PER_CLASS else sizes.smaller - 1
    statistic = gap / sqrt(variance)
    return DifferenceTest(
        statistic=statistic,
        p_value=_two_sided_p(statistic, df=df),
        method="DeLong paired, z" if df == inf else "DeLong paired, t (few cases)",
        difference=gap,
        interval=plain_interval(gap, error=sqrt(variance), level=level, df=df, low=-1.0, high=1.0),
        cases=first.size,
    )


def unpaired_auc_difference(
    scores_a: ArrayLike, labels_a: ArrayLike, scores_b: ArrayLike, labels_b: ArrayLike, *, level: float = 0.95
) -> UnpairedDifferenceTest | NotEstimable:
    """Test whether scores rank two groups of different cases equally well; difference = first minus second.

    Assumes independent groups of independent cases. Welch's t on DeLong's variances, as pROC does.
    Where neither area has a spread, each area's conservative interval is joined to one of the difference.
    One class only in a group: NotEstimable.
    """
    first = auc(scores_a, labels_a, level=level)
    second = auc(scores_b, labels_b, level=level)
    if isinstance(first, NotEstimable) or isinstance(second, NotEstimable):
        return NotEstimable(ONE_CLASS + " of a group")
    gap, variance = first.value - second.value, first.variance + second.variance
    cases = first.cases + second.cases
    if variance <= 1e-15:
        pairs = min(min(e.positives, e.cases - e.positives) for e in (first, second))
        plain = _difference_without_spread(gap, pairs=pairs, cases=cases, level=level)
        return UnpairedDifferenceTest(
            statistic=plain.statistic,
            p_value=plain.p_value,
            method=plain.method,
            difference=gap,
            interval=plain.interval,
            cases=cases,
            df=float(cases - 2),
        )
    df = variance**2 / sum(e.variance**2 / (e.cases - 1) for e in (first, second))
    statistic = gap / sqrt(variance)
    return UnpairedDifferenceTest(
        statistic=statistic,
        p_value=_two_sided_p(statistic, df=df),
        method="DeLong unpaired, Welch t",
        difference=gap,
        interval=plain_interval(gap, error=sqrt(variance), level=level, df=df, low=-1.0, high=1.0),
        cases=cases,
        df=df,
    )


def _checked(scores: ArrayLike, labels: ArrayLike) -> tuple[FloatArray, BoolArray]:
    values, truth = as_vector(scores, name="scores"), as_labels(labels)
    check_same_length(scores=values, labels=truth)
    return values, truth


def _checked_weights(weights: ArrayLike, *, count: int) -> FloatArray:
    mass = as_vector(weights, name="weights")
    if mass.size != count or (mass <= 0).any():
        raise ValueError("weights must be positive, one for each score")
    return mass


def _placed(
    values: FloatArray, truth: BoolArray, *, codes: IntArray | None, mass: FloatArray | None
) -> tuple[Placements, float]:
    if codes is None and mass is None:
        placed = sorted_placements(values[truth], values[~truth])
        return placed, delong_variance(placed)
    placed = placements(
        values[truth],
        values[~truth],
        positive_weights=None if mass is None else mass[truth],
        negative_weights=None if mass is None else mass[~truth],
    )
    return placed, float(_covariance([placed], truth, codes=codes)[0, 0])


def _covariance(placed: list[Placements], truth: BoolArray, *, codes: IntArray | None) -> FloatArray:
    if codes is None:
        return delong_covariance(placed)
    return obuchowski_covariance(placed, positive_clusters=codes[truth], negative_clusters=codes[~truth])


def _class_sizes(truth: BoolArray, *, codes: IntArray | None, mass: FloatArray | None) -> ClassSizes:
    if codes is None and mass is None:
        positives = int(truth.sum())
        return ClassSizes(positives=positives, negatives=truth.size - positives, together=truth.size)
    keys = np.arange(truth.size) if codes is None else codes
    shares = np.ones(truth.size) if mass is None else mass
    totals = [
        np.bincount(keys[chosen], shares[chosen]).astype(np.float64) for chosen in (truth, ~truth, truth | ~truth)
    ]
    positives_size, negatives_size, together = (effective_size(t, count=t.size) for t in totals)
    return ClassSizes(positives=positives_size, negatives=negatives_size, together=together)


def _two_sided_p(statistic: float, *, df: float) -> float:
    tail = stats.norm.sf(abs(statistic)) if df == inf else stats.t.sf(abs(statistic), df)
    return float(min(1.0, 2 * tail))


def _difference_without_spread(gap: float, *, pairs: int, cases: int, level: float) -> DifferenceTest:
    p_value = 1.0 if gap == 0 else min(1.0, 2 * 0.5**pairs)
    return DifferenceTest(
        statistic=float(np.sign(gap) * stats.norm.isf(p_value / 2)) if gap else 0.0,
        p_value=p_value,
        method="no spread between cases, conservative on disjoint pairs",
        difference=gap,
        interval=interval_without_spread(gap, pairs=pairs, level=level),
        cases=cases,
    )
