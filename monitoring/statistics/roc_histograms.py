"""The area under the ROC curve from binned scores, with what any scores inside the bins could give.

Counts per bin are mergeable over days and sites; this is what dashboards read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.areas import ClassSizes, area_interval
from monitoring.statistics.inputs import FloatArray, as_counts, as_labels, check_level, check_same_length
from monitoring.statistics.results import Estimate, NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramEstimate(Estimate):
    """An area from bins; the exact area of the scores lies within `lower_bound` and `upper_bound`."""

    variance: float
    lower_bound: float
    upper_bound: float
    positives: int


def auc_from_histograms(
    negative_counts: ArrayLike, positive_counts: ArrayLike, *, ties: ArrayLike | None = None, level: float = 0.95
) -> HistogramEstimate | NotEstimable:
    """Return the area from counts per bin, bins in rising order of score, in O(bins).

    Assumes independent cases. A positive and a negative in one bin count one half; DeLong's variance of the
    binned scores. The bounds are the areas that all-wrong and all-right order inside the bins would give;
    `ties` marks bins that hold one single score value, where one half is exact. The interval is of sampling
    alone and has `roc.auc`'s floor. One class only: NotEstimable.
    """
    check_level(level)
    negative = as_counts(negative_counts, name="negative_counts")
    positive = as_counts(positive_counts, name="positive_counts")
    single = np.zeros(negative.size, dtype=np.bool_) if ties is None else as_labels(ties, name="ties")
    check_same_length(negative_counts=negative, positive_counts=positive, ties=single)
    negatives, positives = float(negative.sum()), float(positive.sum())
    if negatives == 0 or positives == 0:
        return NotEstimable("only one class in the histograms")
    area, variance = _area_and_variance(negative, positive)
    together = (negative / negatives * positive / positives)[~single].sum() / 2
    sizes = ClassSizes(positives=positives, negatives=negatives, together=positives + negatives)
    if sizes.smaller < 2:
        variance = area * (1 - area)
    interval, words = area_interval(area, variance=variance, sizes=sizes, scale="logit", level=level)
    return HistogramEstimate(
        value=area,
        interval=interval,
        cases=int(negatives + positives),
        method=f"DeLong from bins, {words}",
        variance=variance,
        lower_bound=max(0.0, area - float(together)),
        upper_bound=min(1.0, area + float(together)),
        positives=int(positives),
    )


def _area_and_variance(negative: FloatArray, positive: FloatArray) -> tuple[float, float]:
    negatives, positives = negative.sum(), positive.sum()
    below = (np.cumsum(negative) - negative / 2) / negatives
    above = 1 - (np.cumsum(positive) - positive / 2) / positives
    area = float((positive * below).sum() / positives)
    variance = 0.0
    for counts, values, total in ((positive, below, positives), (negative, above, negatives)):
        if total > 1:
            variance += float((counts * (values - area) ** 2).sum() / (total - 1) / total)
    return area, variance
