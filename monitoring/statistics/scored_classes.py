"""Scores with their classes, as every figure of a ROC curve takes them: checked, counted, with their covariance.

What a class of scores is worth as independent observations (patients, weights) is decided here once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.areas import ClassSizes
from monitoring.statistics.inputs import (
    BoolArray,
    FloatArray,
    IntArray,
    as_labels,
    as_vector,
    check_same_length,
)
from monitoring.statistics.placements import Placements, delong_covariance, effective_size, obuchowski_covariance

ONE_CLASS = "only one class among the labels"


def scores_and_truth(scores: ArrayLike, labels: ArrayLike) -> tuple[FloatArray, BoolArray]:
    values, truth = as_vector(scores, name="scores"), as_labels(labels)
    check_same_length(scores=values, labels=truth)
    return values, truth


def is_one_class(truth: BoolArray) -> bool:
    return bool(truth.all() or not truth.any())


def covariance_of(placed: list[Placements], truth: BoolArray, *, codes: IntArray | None) -> FloatArray:
    """Return the covariance of areas of the same cases; `codes` are clusters."""
    if codes is None:
        return delong_covariance(placed)
    return obuchowski_covariance(placed, positive_clusters=codes[truth], negative_clusters=codes[~truth])


def class_sizes(truth: BoolArray, *, codes: IntArray | None, mass: FloatArray | None) -> ClassSizes:
    """Return how many independent observations each class holds.

    Clusters of unequal size count as (Σn)²/Σn² equal ones. Under weights a class counts as Σw / max(w) cases, the
    largest weight being taken over both classes: where the heaviest kind of case is rare it may not have been
    seen at all, and the weights that were seen (Kish's effective size) would not tell.
    """
    parts = (truth, ~truth, truth | ~truth)
    if codes is None:
        counts = [float(chosen.sum()) for chosen in parts]
    else:
        totals = [np.bincount(codes[chosen]).astype(np.float64) for chosen in parts]
        counts = [effective_size(total, count=total.size) for total in totals]
    heaviest = 0.0
    if mass is not None:
        counts = [count * float(mass[chosen].mean() / mass.max()) for count, chosen in zip(counts, parts, strict=True)]
        heaviest = sum(float(mass.max() / (mass[chosen].sum() + mass.max())) ** 2 for chosen in parts[:2])
    return ClassSizes(positives=counts[0], negatives=counts[1], together=counts[2], heaviest=heaviest)
