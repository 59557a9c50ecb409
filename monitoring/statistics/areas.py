"""Intervals of an area under the ROC curve: Wald on a scale, conservative where cases are few.

DeLong's interval covers too seldom when few cases of a class are misranked. `roc` decides
nothing itself: it asks here, and the method's name says which interval it was given.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from monitoring.statistics.intervals import beta_interval, logit_interval, plain_interval, two_sided_quantile
from monitoring.statistics.results import Interval

MIN_CASES_PER_CLASS = 30
"""Floor: independent cases (clusters, effective cases under weights) of the smaller class."""

MIN_MISRANKED = 3.0
"""Floor: smaller class × min(area, 1 − area)."""

_ROUNDING = 1e-12
"""A variance below this share of area(1 − area) is what rounding leaves of none: no 10^12 cases have been seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassSizes:
    """Independent observations of each class, and how many of them there are together.

    `heaviest` is what one case of the largest weight could move an area by, in square, had it not been drawn (both
    classes added); 0 without weights.
    """

    positives: float
    negatives: float
    together: float
    heaviest: float = 0.0

    @property
    def smaller(self) -> float:
        return min(self.positives, self.negatives)

    @property
    def disjoint_pairs(self) -> float:
        """How many pairs of a positive and a negative share nothing."""
        return min(self.smaller, self.together / 2)

    def misranked(self, area: float) -> float:
        """Cases of the smaller class that stand on the wrong side, were each wholly right or wholly wrong."""
        return self.smaller * min(area, 1 - area)

    def reach_floor(self, area: float) -> bool:
        return self.smaller >= MIN_CASES_PER_CLASS and self.misranked(area) >= MIN_MISRANKED

    def small_df(self, area: float) -> float:
        """Return degrees of freedom of a variance of few cases: misranked ones carry it."""
        return max(1.0, min(self.smaller - 1, 2 + 2 * self.misranked(area)))


def area_interval(area: float, *, variance: float, sizes: ClassSizes, scale: str, level: float) -> tuple[Interval, str]:
    """Return the interval and the words for the method's name.

    "logit": Wald on the logit above the floor, below it `conservative_interval`.
    "plain": Wald as other software prints it, whatever the number of cases, cut to [0, 1].
    Either is conservative where the variance is zero or a class holds a single observation.
    """
    if variance <= _ROUNDING * area * (1 - area) or sizes.smaller < 2 or not 0 < area < 1:
        return beta_interval(
            area, size=max(1.0, sizes.disjoint_pairs), level=level
        ), "Clopper–Pearson on disjoint pairs"
    if scale == "plain":
        return plain_interval(area, error=sqrt(variance), level=level, low=0.0, high=1.0), "plain scale"
    if not sizes.reach_floor(area):
        return conservative_interval(area, variance=variance, sizes=sizes, level=level), "effective size (few cases)"
    return logit_interval(area, error=sqrt(variance), level=level), "logit scale"


def conservative_interval(area: float, *, variance: float, sizes: ClassSizes, level: float) -> Interval:
    """Return Clopper–Pearson's interval with an effective number of pairs.

    The size is area(1 − area)/variance shrunk by (z/t)², t with 2 + 2 × (misranked cases) degrees of freedom
    and at most the smaller class − 1; never below the number of disjoint pairs, for no variance can exceed
    area(1 − area)/min(m, n) (van Dantzig, Proc KNAW 1951; Birnbaum & Klose, Ann Math Stat 1957;28:933-945).
    Under weights one case of the largest weight is added to each class, on the wrong side: a rare heavy case that
    was not drawn leaves no trace in the variance.
    """
    if sizes.heaviest > 0:
        unseen = sizes.heaviest * max(area, 1 - area) ** 2
        size = max(1.0, area * (1 - area) / (variance + unseen))
    else:
        shrink = (two_sided_quantile(level) / two_sided_quantile(level, df=sizes.small_df(area))) ** 2
        size = max(sizes.disjoint_pairs, area * (1 - area) / variance * shrink)
    return beta_interval(area, size=size, level=level)


def interval_without_spread(gap: float, *, pairs: int, level: float) -> Interval:
    """Return the interval of a difference of areas that is the same in every one of `pairs` disjoint pairs.

    Any other outcome is rarer than 1 − (α/2)^(1/pairs).
    """
    unseen = 1 - ((1 - level) / 2) ** (1 / max(1, pairs))
    return Interval(max(-1.0, gap - unseen), min(1.0, gap + unseen), level)
