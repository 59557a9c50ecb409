"""What a label-free estimate rests on, tested: support of the scores, and calibration before and now.

Each test that visibly fails is a refusal with its reason; the estimate itself is in `label_free`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from monitoring.statistics.calibration_map import Calibration
from monitoring.statistics.inputs import BoolArray, FloatArray, IntArray
from monitoring.statistics.results import NotEstimable

MIN_OF_A_CLASS = 20
"""Fewer positives or negatives in the reference give no calibration to rely on."""

MIN_EFFECTIVE = 100
"""Kish's effective size of the reference under the density ratio of today's scores; below it there is no support."""

MAX_OUTSIDE = 0.01
"""The share of today's scores that may lie outside the reference's range, unless chance alone explains more."""

SIGNIFICANCE = 0.01
MIN_MOVE = 0.1
FOLDS = 5
SUPPORT_BINS = 20
CHECK_BINS = 10
MIN_BIN_VARIANCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What was tested before the estimate: p-values of calibration, and how far the reference supports the scores.

    `recent_p_value` is None where no recent labels were given: then nobody looked whether calibration has moved.
    """

    reference_p_value: float
    recent_p_value: float | None
    outside_share: float
    effective_size: float


def assumptions_of(
    known: FloatArray, labels: BoolArray, today: FloatArray, *, recent: tuple[FloatArray, BoolArray] | None
) -> Assumptions | NotEstimable:
    """Return what was tested, or the first assumption that visibly fails."""
    if min(labels.sum(), (~labels).sum()) < MIN_OF_A_CLASS:
        return NotEstimable(f"fewer than {MIN_OF_A_CLASS} labelled cases of a class in the reference")
    refusal = unsupported(known, today)
    if refusal is not None:
        return refusal
    if not stats.mannwhitneyu(known[labels], known[~labels], alternative="greater").pvalue < SIGNIFICANCE:
        return NotEstimable("the scores of the reference do not rise with its labels")
    of_reference = _fit_of(_cross_fitted(known, labels), labels, learnt_on=known.size * (FOLDS - 1))
    if of_reference.has_moved:
        return NotEstimable("calibration on the reference fails when it is cross-fitted")
    of_recent = None
    if recent is not None and recent[0].size:
        of_recent = _fit_of(Calibration(known, labels)(recent[0]), recent[1], learnt_on=known.size)
        if of_recent.has_moved:
            return NotEstimable(
                f"calibration has moved: {of_recent.observed:.0f} of {recent[0].size} recent labelled cases have the "
                f"finding, {of_recent.expected:.0f} were promised (p = {of_recent.p_value:.2g})"
            )
    return Assumptions(
        reference_p_value=of_reference.p_value,
        recent_p_value=None if of_recent is None else of_recent.p_value,
        outside_share=outside_share(known, today),
        effective_size=effective_size(known, today),
    )


def unsupported(known: FloatArray, today: FloatArray) -> NotEstimable | None:
    """Return why the reference does not support today's scores, or nothing."""
    outside = outside_share(known, today)
    # Of cases like the reference's about 2 in n + 1 lie outside by chance.
    by_chance = stats.binom.sf(round(outside * today.size) - 1, today.size, 2 / (known.size + 1))
    if outside > MAX_OUTSIDE and by_chance < SIGNIFICANCE:
        return NotEstimable(f"{100 * outside:.1f} % of the scores lie outside those of the reference")
    effective = effective_size(known, today)
    if effective < MIN_EFFECTIVE:
        return NotEstimable(
            f"the scores are too unlike the reference: it supports them like {effective:.0f} cases, "
            f"fewer than {MIN_EFFECTIVE}"
        )
    return None


def outside_share(known: FloatArray, today: FloatArray) -> float:
    return float(((today < known.min()) | (today > known.max())).mean())


def effective_size(known: FloatArray, today: FloatArray) -> float:
    """Return Kish's effective size of the reference, weighted by the density ratio in bins of the reference."""
    edges = np.unique(np.quantile(known, np.linspace(0, 1, SUPPORT_BINS + 1)))[1:-1]
    bins = edges.size + 1
    before = np.bincount(np.searchsorted(edges, known, side="right"), minlength=bins)
    after = np.bincount(np.searchsorted(edges, today, side="right"), minlength=bins)
    weights = np.divide(after, before, out=np.zeros(bins), where=before > 0)
    total = float((weights * before).sum())
    return total**2 / float((weights**2 * before).sum()) if total > 0 else 0.0


def _cross_fitted(scores: FloatArray, labels: BoolArray) -> FloatArray:
    """Return each case's probability by a calibration that did not see it; folds do not depend on the order."""
    order, fold = np.lexsort((labels, scores)), np.empty(scores.size, dtype=np.int64)
    fold[order] = np.arange(scores.size) % FOLDS
    found = np.empty(scores.size)
    for each in range(FOLDS):
        held = fold == each
        found[held] = Calibration(scores[~held], labels[~held])(scores[held])
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    p_value: float
    observed: float
    expected: float
    distance: float

    @property
    def has_moved(self) -> bool:
        return self.p_value < SIGNIFICANCE and self.distance > MIN_MOVE


def _fit_of(probability: FloatArray, labels: BoolArray, *, learnt_on: int) -> _Fit:
    """Return whether labels agree with probabilities: overall and in bins; p is the smaller one, doubled.

    `learnt_on` cases gave the map, whose own uncertainty widens what chance allows by about 1 + n / that.
    `distance` is the sum of |observed − expected| over bins, as a share of the rarer class expected.
    """
    spread = np.maximum(probability * (1 - probability), 1e-6)
    bins = _equal_bins(probability, spread)
    variance = np.bincount(bins, spread) * (1 + probability.size / learnt_on)
    excess = np.bincount(bins, labels - probability)
    overall = 2 * stats.norm.sf(abs(excess.sum()) / np.sqrt(variance.sum()))
    binned = stats.chi2.sf((excess**2 / variance).sum(), excess.size)
    rarer = max(min(probability.sum(), (1 - probability).sum()), 1.0)
    return _Fit(
        p_value=min(1.0, 2 * min(float(overall), float(binned))),
        observed=float(labels.sum()),
        expected=float(probability.sum()),
        distance=float(np.abs(excess).sum() / rarer),
    )


def _equal_bins(probability: FloatArray, spread: FloatArray) -> IntArray:
    """Return the bin of each case, in order of probability: each of equal variance, and enough of it to be normal."""
    order = np.argsort(probability, kind="stable")
    number = int(np.clip(spread.sum() / MIN_BIN_VARIANCE, 1, CHECK_BINS))
    bins = np.empty(probability.size, dtype=np.int64)
    before = np.cumsum(spread[order]) - spread[order] / 2
    bins[order] = np.minimum((before / spread.sum() * number).astype(np.int64), number - 1)
    return np.unique(bins, return_inverse=True)[1].astype(np.int64)
