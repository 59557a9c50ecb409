"""How well scores rank: the area under the ROC curve, its differences and its parts.

Labels are 0 and 1, a higher score speaks for 1, tied scores count one half. Rates at the threshold in
use are in `proportions`; areas over several readers are in `mrmc`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import ArrayLike

from monitoring.statistics.area_differences import (
    UnpairedDifferenceTest,
    paired_auc_difference,
    unpaired_auc_difference,
)
from monitoring.statistics.areas import area_interval
from monitoring.statistics.inputs import (
    BoolArray,
    FloatArray,
    IntArray,
    as_codes,
    as_vector,
    check_level,
    check_option,
)
from monitoring.statistics.placements import Placements, delong_variance, placements, sorted_placements
from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.statistics.roc_classes import PairwiseEstimate, pairwise_auc
from monitoring.statistics.roc_curves import RocCurve, curve, partial_auc, sensitivity_at_specificity
from monitoring.statistics.roc_histograms import HistogramEstimate, auc_from_histograms
from monitoring.statistics.scored_classes import (
    ONE_CLASS,
    class_sizes,
    covariance_of,
    is_one_class,
    scores_and_truth,
)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class AucEstimate(Estimate):
    """An area with its DeLong (Obuchowski) variance and the number of positives."""

    variance: float
    positives: int


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
    hold both classes: Obuchowski, Biometrics 1997;53:567-578). `weights` are known by design (inverse inclusion
    probabilities), never estimated from these data; rows of weight 0 are left out, and the variance ignores
    finite populations.

    Floor of the default scale: 30 independent cases in the smaller class (clusters holding it; under weights
    Σw / max(w), see `scored_classes`), 3 of them misranked (smaller class × min(area, 1 − area)). Below it, and
    at an area of 1, the interval is conservative (`areas`). "plain" is the Wald interval that pROC prints, cut to
    [0, 1] and without a floor. One class only: NotEstimable.
    Sources: DeLong et al., Biometrics 1988;44:837-845; Sun & Xu, IEEE Signal Process Lett 2014;21:1389-1393.
    """
    check_option(scale, name="scale", allowed=("logit", "plain"))
    check_level(level)
    values, truth = scores_and_truth(scores, labels)
    codes = None if clusters is None else as_codes(clusters, name="clusters", length=values.size)
    mass = None if weights is None else _checked_weights(weights, count=values.size)
    if mass is not None and not mass.all():
        kept = mass > 0
        values, truth, mass, codes = values[kept], truth[kept], mass[kept], None if codes is None else codes[kept]
    if is_one_class(truth):
        return NotEstimable(ONE_CLASS)
    placed, variance = _placed(values, truth, codes=codes, mass=mass)
    sizes = class_sizes(truth, codes=codes, mass=mass)
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


def _checked_weights(weights: ArrayLike, *, count: int) -> FloatArray:
    mass = as_vector(weights, name="weights")
    if mass.size != count or (mass < 0).any():
        raise ValueError("weights must not be negative, one for each score")
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
    return placed, float(covariance_of([placed], truth, codes=codes)[0, 0])
