"""The ROC curve itself, its part at high specificity, and the sensitivity read off it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.areas import ClassSizes, area_interval
from monitoring.statistics.inputs import BoolArray, FloatArray, check_level
from monitoring.statistics.intervals import beta_interval, two_sided_quantile, wilson_interval
from monitoring.statistics.placements import shares_below
from monitoring.statistics.results import Estimate, Interval, NotEstimable
from monitoring.statistics.scored_classes import ONE_CLASS, is_one_class, scores_and_truth

MIN_CASES = 30
"""`sensitivity_at_specificity`: floor of positives, and of negatives that may lie above the threshold."""


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
    values, truth = scores_and_truth(scores, labels)
    if is_one_class(truth):
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
    values, truth = scores_and_truth(scores, labels)
    if is_one_class(truth):
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
    effective size that its variance implies, at most the number of positives. Floor: 30 positives, and 30 negatives
    that may lie above the threshold, (1 − specificity) × negatives; below it Clopper–Pearson with that size, shrunk
    by (z/t)² with 2 + those negatives (at most positives − 1) degrees of freedom. One class only: NotEstimable.
    Source: Zhou & Qin, Stat Med 2005;24:465-477 (bootstrap variance).
    """
    check_level(level)
    if not 0 <= specificity <= 1:
        raise ValueError(f"specificity must lie within [0, 1], not {specificity}")
    values, truth = scores_and_truth(scores, labels)
    if is_one_class(truth):
        return NotEstimable(ONE_CLASS)
    points = _curve(values, truth)
    best = int(np.flatnonzero(points.specificity >= specificity - 1e-12)[-1])
    share = float(points.sensitivity[best])
    spread = _bootstrap_variance(values, truth, specificity=specificity, draws=draws, seed=seed)
    interval, words = _sensitivity_interval(share, truth, spread=spread, specificity=specificity, level=level)
    return SensitivityEstimate(
        value=share,
        interval=interval,
        cases=values.size,
        method=f"empirical operating point, {words}",
        threshold=float(points.thresholds[best]),
        specificity=float(points.specificity[best]),
    )


def _sensitivity_interval(
    share: float, truth: BoolArray, *, spread: float, specificity: float, level: float
) -> tuple[Interval, str]:
    positives = float(truth.sum())
    beyond = (1 - specificity) * float((~truth).sum())
    at_least = (1 - 1 / positives) / positives if positives > 1 else 0.25
    size = max(1.0, min(positives, max(share * (1 - share), at_least) / spread) if spread > 0 else positives)
    if min(positives, beyond) >= MIN_CASES:
        return wilson_interval(share, size=size, level=level), "Wilson with bootstrap effective size"
    df = max(1.0, min(positives - 1, 2 + beyond))
    shrink = (two_sided_quantile(level) / two_sided_quantile(level, df=df)) ** 2
    words = "Clopper–Pearson with bootstrap effective size (few cases)"
    return beta_interval(share, size=max(1.0, size * shrink), level=level), words


def _curve(values: FloatArray, truth: BoolArray) -> RocCurve:
    order = np.argsort(-values, kind="stable")
    ranked, hits = values[order], truth[order]
    last_of_ties = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), ranked.size - 1)
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
    """Return the bootstrap variance of the sensitivity above the threshold that the resampled negatives set.

    The (allowed + 1)th highest of n resampled negatives is the one at place ⌊n·U⌋ with U ~ Beta(n − allowed,
    allowed + 1); positives resampled above it are binomial. So no resample has to be made.
    """
    generator = np.random.default_rng(seed)
    positives, negatives = np.sort(values[truth]), np.sort(values[~truth])
    allowed = int(np.floor((1 - specificity) * negatives.size + 1e-9))
    above = np.ones(draws)
    if allowed < negatives.size:
        place = generator.beta(negatives.size - allowed, allowed + 1, size=draws) * negatives.size
        limits = negatives[np.minimum(place.astype(np.int64), negatives.size - 1)]
        above = 1 - np.searchsorted(positives, limits, side="right") / positives.size
    return float((generator.binomial(positives.size, above) / positives.size).var(ddof=1))
