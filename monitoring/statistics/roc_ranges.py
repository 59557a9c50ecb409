"""The area under the ROC curve from bins that may overlap, such as those of months with other thresholds.

Each bin says the least and the largest score it holds. Bins that do not overlap are `roc_histograms`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.areas import ClassSizes, area_interval
from monitoring.statistics.inputs import BoolArray, FloatArray, as_counts, as_vector, check_level, check_same_length
from monitoring.statistics.results import NotEstimable
from monitoring.statistics.roc_histograms import HistogramEstimate


@dataclass(frozen=True, slots=True, eq=False)
class _Against:
    """For each bin of one class, how many of the other surely lie below it, surely above, and are tied with it."""

    below: FloatArray
    above: FloatArray
    tied: FloatArray


def auc_from_ranges(
    lows: ArrayLike, highs: ArrayLike, negative_counts: ArrayLike, positive_counts: ArrayLike, *, level: float = 0.95
) -> HistogramEstimate | NotEstimable:
    """Return the area from counts in bins [low, high], in any order and overlapping or not, in O(bins log bins).

    Assumes independent cases. A bin whose ends are equal holds one single value: pairs in it are ties, and count
    one half exactly. Pairs whose bins overlap otherwise count one half, and the bounds are the areas that all of
    them ordered wrong and all ordered right would give: the exact area lies between. DeLong's variance of the
    binned scores; the interval is of sampling alone and has `roc.auc`'s floor. One class only: NotEstimable.
    """
    check_level(level)
    low, high = as_vector(lows, name="lows"), as_vector(highs, name="highs")
    negative = as_counts(negative_counts, name="negative_counts")
    positive = as_counts(positive_counts, name="positive_counts")
    check_same_length(lows=low, highs=high, negative_counts=negative, positive_counts=positive)
    if (low > high).any():
        raise ValueError("a bin ends before it begins")
    negatives, positives = float(negative.sum()), float(positive.sum())
    if negatives == 0 or positives == 0:
        return NotEstimable("only one class in the histograms")
    up = _against(low, high, mine=positive > 0, others=negative)
    down = _against(low, high, mine=negative > 0, others=positive)
    return _estimate(up, down, positive=positive[positive > 0], negative=negative[negative > 0], level=level)


def _against(low: FloatArray, high: FloatArray, *, mine: BoolArray, others: FloatArray) -> _Against:
    there = others > 0
    counts, lows, highs = others[there], low[there], high[there]
    by_high, by_low = np.argsort(highs, kind="stable"), np.argsort(lows, kind="stable")
    up_to = np.concatenate(([0.0], np.cumsum(counts[by_high])))
    before = np.concatenate(([0.0], np.cumsum(counts[by_low])))
    below = up_to[np.searchsorted(highs[by_high], low[mine], "left")]
    above = before[-1] - before[np.searchsorted(lows[by_low], high[mine], "right")]
    return _Against(below, above, _tied(low[mine], high[mine], lows=lows, highs=highs, counts=counts))


def _tied(low: FloatArray, high: FloatArray, *, lows: FloatArray, highs: FloatArray, counts: FloatArray) -> FloatArray:
    single = lows == highs
    order = np.argsort(lows[single], kind="stable")
    values, mass = lows[single][order], np.concatenate(([0.0], np.cumsum(counts[single][order])))
    tied = mass[np.searchsorted(values, low, "right")] - mass[np.searchsorted(values, low, "left")]
    return np.where(low == high, tied, 0.0)


def _estimate(
    up: _Against, down: _Against, *, positive: FloatArray, negative: FloatArray, level: float
) -> HistogramEstimate:
    positives, negatives = float(positive.sum()), float(negative.sum())
    placed = (up.below + (negatives - up.above)) / (2 * negatives)
    beaten = (down.above + (positives - down.below)) / (2 * positives)
    area = float((positive * placed).sum() / positives)
    pairs = positives * negatives
    variance = 0.0
    for counts, values, total in ((positive, placed, positives), (negative, beaten, negatives)):
        if total > 1:
            variance += float((counts * (values - area) ** 2).sum() / (total - 1) / total)
    sizes = ClassSizes(positives=positives, negatives=negatives, together=positives + negatives)
    if sizes.smaller < 2:
        variance = area * (1 - area)
    interval, words = area_interval(area, variance=variance, sizes=sizes, scale="logit", level=level)
    return HistogramEstimate(
        value=area,
        interval=interval,
        cases=int(positives + negatives),
        method=f"DeLong from bins, {words}",
        variance=variance,
        lower_bound=max(0.0, float((positive * (up.below + up.tied / 2)).sum()) / pairs),
        upper_bound=min(1.0, float((positive * (negatives - up.above - up.tied / 2)).sum()) / pairs),
        positives=int(positives),
    )
