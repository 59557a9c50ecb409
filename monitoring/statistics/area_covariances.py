"""Covariances of areas under ROC curves that were measured on the same cases.

DeLong's, the jackknife's and the unbiased estimate of several readers or
treatments; each from placement values, so no pair of cases is visited twice.
"""

from __future__ import annotations

import numpy as np

from monitoring.statistics.inputs import BoolArray, FloatArray
from monitoring.statistics.placements import Placements, delong_covariance, placements

METHODS = ("delong", "jackknife", "unbiased")


def areas_and_covariance(scores: FloatArray, truth: BoolArray, *, method: str) -> tuple[FloatArray, FloatArray]:
    """Return the areas of the rows of `scores` (columns are cases) and their covariance matrix.

    "delong": DeLong et al., Biometrics 1988;44:837-845. "jackknife": leaving out one case at a time, (N−1)/N times
    the sum of squares about the mean. "unbiased": U-statistics, as Gallas, Acad Radiol 2006;13:353-362; its
    variances may be negative. Each class needs two cases.
    """
    placed = [placements(row[truth], row[~truth]) for row in scores]
    areas = np.array([each.area for each in placed])
    if method == "delong":
        return areas, delong_covariance(placed)
    if method == "jackknife":
        return areas, _jackknife_covariance(placed, areas)
    return areas, _unbiased_covariance(scores, truth, areas=areas)


def _jackknife_covariance(placed: list[Placements], areas: FloatArray) -> FloatArray:
    positive = np.stack([each.positive for each in placed])
    negative = np.stack([each.negative for each in placed])
    without = [(values.shape[1] * areas[:, None] - values) / (values.shape[1] - 1) for values in (positive, negative)]
    areas_without_one = np.concatenate(without, axis=1)
    count = areas_without_one.shape[1]
    deviations = areas_without_one - areas_without_one.mean(axis=1, keepdims=True)
    covariance: FloatArray = (count - 1) / count * deviations @ deviations.T
    return covariance


def _unbiased_covariance(scores: FloatArray, truth: BoolArray, *, areas: FloatArray) -> FloatArray:
    wins = success_matrices(scores[:, truth], scores[:, ~truth])
    per_positive, per_negative, flat = wins.sum(axis=2), wins.sum(axis=1), wins.reshape(wins.shape[0], -1)
    total = flat.sum(axis=1)
    positives, negatives = wins.shape[1:]
    # Products of two areas over pairs of pairs that share no case.
    disjoint = (
        np.outer(total, total) - per_positive @ per_positive.T - per_negative @ per_negative.T + flat @ flat.T
    ) / (positives * (positives - 1) * negatives * (negatives - 1))
    covariance: FloatArray = np.outer(areas, areas) - disjoint
    return covariance


def success_matrices(positives: FloatArray, negatives: FloatArray) -> FloatArray:
    """Return for each row positive × negative cases: 1 where the positive ranks higher, ½ at a tie."""
    with np.errstate(over="ignore"):
        gap = positives[:, :, None] - negatives[:, None, :]
    matrices: FloatArray = (np.sign(gap) + 1.0) / 2.0
    return matrices
