"""From scores of any monotone scale to probabilities: a smooth logistic map of their ranks, learnt from labels.

What the probabilities are used for, and whether they may be believed, is decided in `label_free`.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from monitoring.statistics.inputs import BoolArray, FloatArray

KNOTS = (0.05, 0.35, 0.65, 0.95)
RIDGE = 1e-3
ROUNDS = 50


class Calibration:
    """P(positive | score) by logistic regression on a natural cubic spline of the score's normal rank.

    Ranks make it indifferent to any monotone change of scale; beyond the labelled scores it is flat. Needs both
    classes. Source: Harrell, Regression Modeling Strategies, 2nd ed. 2015, section 2.4 (restricted cubic splines).
    """

    def __init__(self, scores: FloatArray, labels: BoolArray) -> None:
        self.values, counts = np.unique(scores, return_counts=True)
        middle = np.cumsum(counts) - counts / 2
        self.ranks = special.ndtri(middle / scores.size)
        ranks = self._ranks(scores)
        self.knots = np.unique(np.quantile(ranks, KNOTS) if labels.all() or not labels.any() else _knots(ranks, labels))
        self.weights = _logistic(self._design(ranks), labels.astype(np.float64))

    def __call__(self, scores: FloatArray) -> FloatArray:
        return np.asarray(special.expit(self._design(self._ranks(scores)) @ self.weights), dtype=np.float64)

    def _ranks(self, scores: FloatArray) -> FloatArray:
        return np.asarray(np.interp(scores, self.values, self.ranks), dtype=np.float64)

    def _design(self, ranks: FloatArray) -> FloatArray:
        columns = [np.ones(ranks.size), ranks]
        if self.knots.size >= 3:
            columns += [_curve(ranks, self.knots, place) for place in range(self.knots.size - 2)]
        return np.stack(columns, axis=1)


def _knots(ranks: FloatArray, labels: BoolArray) -> FloatArray:
    """Return the knots as quantiles of both classes in equal parts, since one of them may be rare."""
    positive, negative = np.quantile(ranks[labels], KNOTS), np.quantile(ranks[~labels], KNOTS)
    return (positive + negative) / 2


def _curve(ranks: FloatArray, knots: FloatArray, place: int) -> FloatArray:
    """Return a column of the restricted cubic spline: linear before the first knot and after the last."""
    last, before = knots[-1], knots[-2]
    cubes = [np.maximum(ranks - knot, 0) ** 3 for knot in (knots[place], before, last)]
    near = (last - knots[place]) / (last - before)
    far = (before - knots[place]) / (last - before)
    curve = (cubes[0] - near * cubes[1] + far * cubes[2]) / (last - knots[0]) ** 2
    return np.asarray(curve, dtype=np.float64)


def _logistic(design: FloatArray, labels: FloatArray) -> FloatArray:
    """Return the weights of a logistic regression with a ridge so small that it only keeps them finite."""
    weights = np.zeros(design.shape[1])
    penalty = RIDGE * np.eye(design.shape[1])
    penalty[0, 0] = 0.0
    for _ in range(ROUNDS):
        probability = special.expit(design @ weights)
        slope = design.T @ (labels - probability) - penalty @ weights
        curvature = (design * np.maximum(probability * (1 - probability), 1e-9)[:, None]).T @ design + penalty
        step = np.linalg.solve(curvature, slope)
        weights += step * min(1.0, 4 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-8:
            break
    return weights
