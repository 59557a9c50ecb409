"""The ROC curve itself, its part at high specificity, and the sensitivity read off it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.areas import ClassSizes, area_interval
from monitoring.statistics.inputs import BoolArray, FloatArray, as_labels, as_vector, check_level, check_same_length
from monitoring.statistics.intervals import wilson_interval
from monitoring.statistics.placements import shares_below
from monitoring.statistics.results import Estimate, Interval, NotEstimable

ONE_CLASS = "only one class among the labels"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RocCurve:
    """Operating points from "call nothing" to "call all"; a case is called when its score ≥ threshold."""

    thresholds: FloatArray
    sensitivity: FloatArray
    specificity: FloatArray

    @property
    def false_positive_rate(self) -> FloatArray:
        return 1.0 - self.specificity


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialAucEstimate(Estimate):
    """A partial area; `variance` is on the same scale as `value`."""

    variance: float
    min_specificity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitivityEstimate(Estimate):
    """A sensitivity read off the curve; `threshold` is where, `specificity` what was reached there."""

    threshold: float
    specificity: float


def curve(scores: ArrayLike, labels: ArrayLike) -> RocCurve | NotEstimable:
    """Return the empirical ROC curve, one point per distinct score; the first threshold is infinite.

    One class only: NotEstimable.
    """
    values, truth = _checked(scores, labels)
    if truth.all() or not truth.any():
        return NotEstimable(ONE_CLASS)
    return _curve(values, truth)


def partial_auc(
    scores: ArrayLike,
    labels: ArrayLike,
    *,
    min_specificity: float,
    standardised: bool = False,
    level: float = 0.95,
) -> PartialAucEstimate | NotEstimable:
    """Return the area under the curve over specificities from `min_specificity` to 1.

    Assumes independent cases. Trapezoids between operating points. `standardised` maps the chance
    diagonal to .5 and perfection to 1 (McClish, Med Decis Making 1989;9:190-195). The variance comes from
    placement values cut at the specificity (Dodd & Pepe, Biometrics 2003;59:614-623); interval on the
    logit of the share of the possible area, with the floors of `roc.auc`. One class only: NotEstimable.
    """
    check_level(level)
    if not 0 <= min_specificity < 1:
        raise ValueError(f"min_specificity must lie within [0, 1), not {min_specificity}")
    values, truth = _checked(scores, labels)
    if truth.all() or not truth.any():
        return NotEstimable(ONE_CLASS)
    width = 1 - min_specificity
    area = min(width, _area_until(_curve(values, truth), rate=width))
    variance = _partial_variance(values, truth, rate=width)
    sizes = ClassSizes(
        positives=float(truth.sum()), negatives=max(1.0, width * float((~truth).sum())), together=float(truth.size)
    )
    interval, words = area_interval(area / width, variance=variance / width**2, sizes=sizes, scale="logit", level=level)
    slope, shift = _mcclish(width) if standardised else (1.0, 0.0)
    return PartialAucEstimate(
        value=area * slope + shift,
        interval=Interval(interval.low * width * slope + shift, interval.high * width * slope + shift, level),
        cases=values.size,
        method=f"cut placement values{', standardised (McClish)' if standardised else ''}, {words}",
        variance=variance * slope**2,
        min_specificity=min_specificity,
    )


def sensitivity_at_specificity(
    scores: ArrayLike,
    labels: ArrayLike,
    *,
    specificity: float,
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> SensitivityEstimate | NotEstimable:
    """Return the highest sensitivity among thresholds whose specificity is at least `specificity`.

    Assumes independent cases. No interpolation: it is an operating point that exists. The interval carries the
    uncertainty of the threshold: bootstrap of each class (`draws`, `seed`), and Wilson's interval with the
    effective size that its variance implies, at most the number of positives. One class only: NotEstimable.
    """
    check_level(level)
    if not 0 <= specificity <= 1:
        raise ValueError(f"specificity must lie within [0, 1], not {specificity}")
    values, truth = _checked(scores, labels)
    if truth.all() or not truth.any():
        return NotEstimable(ONE_CLASS)
    points = _curve(values, truth)
    best = int(np.flatnonzero(points.specificity >= specificity - 1e-12)[-1])
    share, positives = float(points.sensitivity[best]), int(truth.sum())
    spread = _bootstrap_variance(values, truth, specificity=specificity, draws=draws, seed=seed)
    independent = max(share * (1 - share), 1 / positives * (1 - 1 / positives) if positives > 1 else 0.25)
    size = min(float(positives), independent / spread) if spread > 0 else float(positives)
    return SensitivityEstimate(
        value=share,
        interval=wilson_interval(share, size=max(1.0, size), level=level),
        cases=values.size,
        method="empirical operating point, Wilson with bootstrap effective size",
        threshold=float(points.thresholds[best]),
        specificity=float(points.specificity[best]),
    )


def _checked(scores: ArrayLike, labels: ArrayLike) -> tuple[FloatArray, BoolArray]:
    values, truth = as_vector(scores, name="scores"), as_labels(labels)
    check_same_length(scores=values, labels=truth)
    return values, truth


def _curve(values: FloatArray, truth: BoolArray) -> RocCurve:
    order = np.argsort(-values, kind="stable")
    ranked, hits = values[order], truth[order]
    last_of_ties = np.append(np.flatnonzero(np.diff(ranked)), ranked.size - 1)
    called, found = last_of_ties + 1, np.cumsum(hits)[last_of_ties]
    return RocCurve(
        thresholds=np.concatenate(([np.inf], ranked[last_of_ties])),
        sensitivity=np.concatenate(([0.0], found / hits.sum())),
        specificity=np.concatenate(([1.0], 1 - (called - found) / (~hits).sum())),
    )


def _area_until(points: RocCurve, *, rate: float) -> float:
    x, y = points.false_positive_rate, points.sensitivity
    inside = x <= rate
    end = float(np.interp(rate, x, y)) if not (x == rate).any() else float(y[x == rate].max())
    return float(np.trapezoid(np.append(y[inside], end), np.append(x[inside], rate)))


def _partial_variance(values: FloatArray, truth: BoolArray, *, rate: float) -> float:
    positives, negatives = values[truth], values[~truth]
    above = 1 - shares_below(positives, negatives)
    gained = np.maximum(0.0, rate - above)
    lost = (1 - shares_below(negatives, positives[above < rate])) if (above < rate).any() else np.zeros(negatives.size)
    lost *= (above < rate).mean()
    parts = [part.var(ddof=1) / part.size for part in (gained, lost) if part.size > 1]
    return float(sum(parts))


def _mcclish(width: float) -> tuple[float, float]:
    """Return slope and shift of the map from area to standardised area."""
    chance = width**2 / 2
    slope = 0.5 / (width - chance)
    return slope, 0.5 - slope * chance


def _bootstrap_variance(values: FloatArray, truth: BoolArray, *, specificity: float, draws: int, seed: int) -> float:
    generator = np.random.default_rng(seed)
    positives, negatives = np.sort(values[truth]), np.sort(values[~truth])
    allowed = int(np.floor((1 - specificity) * negatives.size + 1e-9))
    shares = np.empty(draws)
    for draw in range(draws):
        chosen = np.sort(negatives[generator.integers(negatives.size, size=negatives.size)])
        found = positives[generator.integers(positives.size, size=positives.size)]
        # Called are scores above the (allowed + 1)th highest negative.
        limit = chosen[-allowed - 1] if allowed < chosen.size else -np.inf
        shares[draw] = (found > limit).mean()
    return float(shares.var(ddof=1))
