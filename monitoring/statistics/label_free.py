"""Performance without labels: what a product's scores promise, if its calibration still holds.

Labelled reference and unlabelled scores in; estimates or a refusal out. They are estimated, not observed: they
cannot see that the same score has come to mean something else, and no claim is judged by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.calibration_map import Calibration
from monitoring.statistics.inputs import (
    BoolArray,
    FloatArray,
    as_labels,
    as_vector,
    check_level,
    check_same_length,
)
from monitoring.statistics.label_free_checks import Assumptions, assumptions_of
from monitoring.statistics.results import Estimate, Interval, NotEstimable

METRICS = ("auc", "sensitivity", "specificity", "ppv", "npv", "accuracy", "prevalence", "flag_rate")
METHOD = "CBPE on recalibrated scores, bootstrap: estimated, not observed"

__all__ = ["Assumptions", "LabelFreePerformance", "confidence_based_performance"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFreePerformance:
    """Estimated, not observed. Each figure is also an item: `found["sensitivity"]`."""

    auc: Estimate | NotEstimable
    sensitivity: Estimate | NotEstimable
    specificity: Estimate | NotEstimable
    ppv: Estimate | NotEstimable
    npv: Estimate | NotEstimable
    accuracy: Estimate | NotEstimable
    prevalence: Estimate | NotEstimable
    flag_rate: Estimate | NotEstimable
    assumptions: Assumptions
    cases: int
    method: str = METHOD

    def __getitem__(self, metric: str) -> Estimate | NotEstimable:
        if metric not in METRICS:
            raise KeyError(metric)
        found: Estimate | NotEstimable = getattr(self, metric)
        return found

    def as_mapping(self) -> Mapping[str, Estimate | NotEstimable]:
        return {name: self[name] for name in METRICS}


def confidence_based_performance(
    reference_scores: ArrayLike,
    reference_labels: ArrayLike,
    scores: ArrayLike,
    *,
    threshold: float = 0.5,
    recent_scores: ArrayLike | None = None,
    recent_labels: ArrayLike | None = None,
    draws: int = 200,
    seed: int = 0,
    level: float = 0.95,
) -> LabelFreePerformance | NotEstimable:
    """Return what unlabelled scores promise: confidence-based performance estimation (CBPE).

    Scores of any monotone scale are turned into probabilities by a smooth logistic map of their ranks, learnt on the
    reference; each unlabelled case then counts as p of a positive and 1 − p of a negative, flagged where its score
    reaches `threshold`. The
    interval is for the figure that labels of these very cases would give: reference and cases are resampled, the
    calibration is made again, labels are drawn. Assumes that a score still means the same probability (no concept
    shift; other mixes of scores are allowed inside the reference's support) and that cases are independent.

    Tested, and refused with NotEstimable and the reason: fewer than 20 of a class in the reference; scores that do not
    rise with the labels, or a calibration that fails by cross-fitting; more than 1 % of the scores outside the
    reference, or an effective reference size (density ratio in 20 bins) below 100; and, where `recent_scores` and
    `recent_labels` are given, calibration that has visibly moved on them (p < .01 and observed over expected off by
    more than a tenth). Without recent labels that last one cannot be seen; `assumptions` says so.
    Sources: Garg et al., ICLR 2022; Guillory et al., ICCV 2021; Białek et al., arXiv:2401.08348 (CBPE);
    Hosmer & Lemeshow, Commun Stat 1980;9:1043-1069.

    Raises:
        ValueError: lengths that differ, numbers that are not finite, labels other than 0 and 1.
    """
    known, labels = _pairs(reference_scores, reference_labels, name="reference")
    today = as_vector(scores, name="scores")
    check_level(level)
    if not np.isfinite(threshold):
        raise ValueError(f"threshold must be finite, not {threshold}")
    recent = _recent(recent_scores, recent_labels)
    if today.size == 0:
        return NotEstimable("no score")
    tested = assumptions_of(known, labels, today, recent=recent)
    if isinstance(tested, NotEstimable):
        return tested
    probability = Calibration(known, labels)(today)
    value = _performance(today, probability, 1 - probability, threshold)
    samples = _resampled(known, labels, today, threshold, draws=draws, seed=seed)
    found: dict[str, Any] = {
        name: _estimate(value[name], samples[name], cases=today.size, level=level) for name in METRICS
    }
    return LabelFreePerformance(assumptions=tested, cases=today.size, **found)


def _pairs(scores: ArrayLike, labels: ArrayLike, *, name: str) -> tuple[FloatArray, BoolArray]:
    known, classes = as_vector(scores, name=f"{name}_scores"), as_labels(labels, name=f"{name}_labels")
    check_same_length(scores=known, labels=classes)
    return known, classes


def _recent(scores: ArrayLike | None, labels: ArrayLike | None) -> tuple[FloatArray, BoolArray] | None:
    if scores is None and labels is None:
        return None
    if scores is None or labels is None:
        raise ValueError("recent_scores and recent_labels go together")
    return _pairs(scores, labels, name="recent")


# --- the estimate ------------------------------------------------------------------------------------------------


def _performance(scores: FloatArray, positive: FloatArray, negative: FloatArray, threshold: float) -> dict[str, float]:
    """Return every metric of cases that count `positive` times as such and `negative` times as the others."""
    flagged = scores >= threshold
    tp, fp = positive[flagged].sum(), negative[flagged].sum()
    fn, tn = positive[~flagged].sum(), negative[~flagged].sum()
    total = tp + fp + fn + tn
    return {
        "auc": _area(scores, positive, negative),
        "sensitivity": _share(tp, tp + fn),
        "specificity": _share(tn, tn + fp),
        "ppv": _share(tp, tp + fp),
        "npv": _share(tn, tn + fn),
        "accuracy": _share(tp + tn, total),
        "prevalence": _share(tp + fn, total),
        "flag_rate": _share(tp + fp, total),
    }


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 1e-12 else float("nan")


def _area(scores: FloatArray, positive: FloatArray, negative: FloatArray) -> float:
    places = np.unique(scores, return_inverse=True)[1]
    q, p = np.bincount(places, negative), np.bincount(places, positive)
    below = np.cumsum(q) - q
    return _share(float((p * (below + q / 2)).sum()), float(p.sum() * q.sum()))


def _resampled(
    known: FloatArray, labels: BoolArray, today: FloatArray, threshold: float, *, draws: int, seed: int
) -> dict[str, FloatArray]:
    generator, rows = np.random.default_rng(seed), []
    for _ in range(draws):
        chosen = generator.integers(known.size, size=known.size)
        if labels[chosen].all() or not labels[chosen].any():
            continue
        cases = today[generator.integers(today.size, size=today.size)]
        drawn = generator.random(today.size) < Calibration(known[chosen], labels[chosen])(cases)
        rows.append(_performance(cases, drawn.astype(np.float64), (~drawn).astype(np.float64), threshold))
    return {name: np.array([row[name] for row in rows]) for name in METRICS}


def _estimate(value: float, samples: FloatArray, *, cases: int, level: float) -> Estimate | NotEstimable:
    known = samples[np.isfinite(samples)]
    if not np.isfinite(value) or known.size < (1 + level) / 2 * samples.size or known.size == 0:
        return NotEstimable("too few such cases are promised by the scores")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    low, high = min(float(low), value), max(float(high), value)
    if not low < high:
        low, high = max(0.0, low - 0.5 / cases), min(1.0, high + 0.5 / cases)
    return Estimate(value=value, interval=Interval(low, high, level), cases=cases, method=METHOD)
