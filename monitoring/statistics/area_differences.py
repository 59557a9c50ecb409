"""Differences of two areas under ROC curves, of the same cases or of different ones.

Differences averaged over readers are in `mrmc`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, inf, sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from monitoring.statistics.areas import ClassSizes, area_interval, interval_without_spread
from monitoring.statistics.inputs import as_codes, check_level
from monitoring.statistics.intervals import plain_interval
from monitoring.statistics.placements import delong_variance, placements, sorted_placements
from monitoring.statistics.results import DifferenceTest, Interval, NotEstimable
from monitoring.statistics.scored_classes import (
    ONE_CLASS,
    class_sizes,
    covariance_of,
    is_one_class,
    scores_and_truth,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpairedDifferenceTest(DifferenceTest):
    """A difference of areas measured on different cases; `df` are Welch's degrees of freedom."""

    df: float


def paired_auc_difference(
    scores_a: ArrayLike,
    scores_b: ArrayLike,
    labels: ArrayLike,
    *,
    clusters: Sequence[Any] | None = None,
    level: float = 0.95,
) -> DifferenceTest | NotEstimable:
    """Test whether two scores of the same cases rank them equally well; difference = first minus second.

    Assumes independent cases (or clusters). DeLong's covariance and a normal z. Floor: that of `roc.auc` for both
    areas; below it the interval takes Student's t with 2 + 2 × (misranked cases of the better area) degrees of
    freedom, at most the smaller class − 1, and is the one to go by: p stays DeLong's. Where the difference has no
    spread (identical rankings), the interval and p come from the disjoint pairs of cases, and are conservative.
    One class only: NotEstimable.
    """
    check_level(level)
    first, truth = scores_and_truth(scores_a, labels)
    second, _ = scores_and_truth(scores_b, labels)
    codes = None if clusters is None else as_codes(clusters, name="clusters", length=first.size)
    if is_one_class(truth):
        return NotEstimable(ONE_CLASS)
    placed = [placements(values[truth], values[~truth]) for values in (first, second)]
    covariance = covariance_of(placed, truth, codes=codes)
    gap = placed[0].area - placed[1].area
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    sizes = class_sizes(truth, codes=codes, mass=None)
    if variance <= 1e-15 or sizes.smaller < 2:
        return _difference_without_spread(gap, pairs=int(max(1, sizes.disjoint_pairs)), cases=first.size, level=level)
    df = min(_freedom(each.area, sizes) for each in placed)
    statistic = gap / sqrt(variance)
    return DifferenceTest(
        statistic=statistic,
        p_value=_two_sided_p(statistic, df=inf),
        method="DeLong paired, z" + ("" if df == inf else ", interval by t (few cases)"),
        difference=gap,
        interval=plain_interval(gap, error=sqrt(variance), level=level, df=df, low=-1.0, high=1.0),
        cases=first.size,
    )


def unpaired_auc_difference(
    scores_a: ArrayLike, labels_a: ArrayLike, scores_b: ArrayLike, labels_b: ArrayLike, *, level: float = 0.95
) -> UnpairedDifferenceTest | NotEstimable:
    """Test whether scores rank two groups of different cases equally well; difference = first minus second.

    Assumes independent groups of independent cases. Welch's t on DeLong's variances, as pROC does. Floor: that of
    `roc.auc` in both groups; below it the interval joins the two areas' own intervals (Zou & Donner, Stat Med
    2008;27:1693-1702), which are conservative, and it is the one to go by: p stays Welch's, of `statistic` and `df`.
    Where neither area has a spread, p is the level at which the joined interval reaches 0.
    One class only in a group: NotEstimable.
    """
    check_level(level)
    groups = [_Group.of(scores_a, labels_a), _Group.of(scores_b, labels_b)]
    first, second = groups
    if first is None or second is None:
        return NotEstimable(ONE_CLASS + " of a group")
    gap, variance = first.area - second.area, first.variance + second.variance
    statistic, df, p_value = _welch(first, second) if variance > 1e-15 else _without_variance(first, second)
    name = "DeLong unpaired, Welch t"
    if first.is_large and second.is_large:
        interval = plain_interval(gap, error=sqrt(variance), level=level, df=df, low=-1.0, high=1.0)
    else:
        interval, name = _joined(first, second, level=level), name + ", joined conservative intervals (few cases)"
    return UnpairedDifferenceTest(
        statistic=statistic,
        p_value=p_value,
        method=name,
        difference=gap,
        interval=interval,
        cases=first.cases + second.cases,
        df=df,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """The area of one of two groups of different cases."""

    area: float
    variance: float
    sizes: ClassSizes

    @classmethod
    def of(cls, scores: ArrayLike, labels: ArrayLike) -> _Group | None:
        values, truth = scores_and_truth(scores, labels)
        if is_one_class(truth):
            return None
        placed, sizes = sorted_placements(values[truth], values[~truth]), class_sizes(truth, codes=None, mass=None)
        variance = delong_variance(placed) if sizes.smaller >= 2 else placed.area * (1 - placed.area)
        return cls(area=placed.area, variance=variance, sizes=sizes)

    @property
    def cases(self) -> int:
        return int(self.sizes.together)

    @property
    def is_large(self) -> bool:
        return self.variance > 0 and self.sizes.reach_floor(self.area)

    def interval(self, level: float) -> Interval:
        return area_interval(self.area, variance=self.variance, sizes=self.sizes, scale="logit", level=level)[0]


def _welch(first: _Group, second: _Group) -> tuple[float, float, float]:
    """Return the statistic, its degrees of freedom and p."""
    variance = first.variance + second.variance
    df = variance**2 / sum(each.variance**2 / (each.cases - 1) for each in (first, second))
    statistic = (first.area - second.area) / sqrt(variance)
    return statistic, df, _two_sided_p(statistic, df=df)


def _without_variance(first: _Group, second: _Group) -> tuple[float, float, float]:
    p_value, gap = _joined_p(first, second), first.area - second.area
    return float(np.sign(gap) * stats.norm.isf(p_value / 2)), float(first.cases + second.cases - 2), p_value


def _joined(first: _Group, second: _Group, *, level: float) -> Interval:
    a, b, gap = first.interval(level), second.interval(level), first.area - second.area
    low = gap - hypot(first.area - a.low, b.high - second.area)
    high = gap + hypot(a.high - first.area, second.area - b.low)
    return Interval(max(-1.0, low), min(1.0, high), level)


def _joined_p(first: _Group, second: _Group) -> float:
    """Return 1 − the level at which the joined interval begins to hold 0."""
    gap = first.area - second.area
    if gap == 0:
        return 1.0

    def nearest_end(log_p: float) -> float:
        interval = _joined(first, second, level=1 - float(np.exp(log_p)))
        return interval.low if gap > 0 else -interval.high

    lowest, highest = float(np.log(1e-12)), float(np.log(0.999))
    if nearest_end(lowest) > 0:
        return 1e-12
    if nearest_end(highest) < 0:
        return 1.0
    return float(np.exp(optimize.brentq(nearest_end, lowest, highest, xtol=1e-10)))


def _freedom(area: float, sizes: ClassSizes) -> float:
    return inf if sizes.reach_floor(area) else sizes.small_df(area)


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
