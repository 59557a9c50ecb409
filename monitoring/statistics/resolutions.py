"""How finely values were written down, for intervals where nothing differs at all.

Measurements that agree to the last digit still hide differences below it: a value rounded to
q has an error of standard deviation q/√12, and that is what such an interval is made of.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from monitoring.statistics.inputs import FloatArray
from monitoring.statistics.results import Interval

ALMOST_ALIKE = 1e-9
"""Differences below this share of the largest value come from arithmetic."""


def resolution(*vectors: FloatArray) -> float:
    """Return the smallest difference between two distinct values, or a trifle where all are the same."""
    values = np.unique(np.concatenate([vector.ravel() for vector in vectors]))
    values = values[np.isfinite(values)]
    largest = max(1.0, float(np.abs(values).max())) if values.size else 1.0
    steps = np.diff(values)
    steps = steps[steps > ALMOST_ALIKE * largest]
    return float(steps.min()) if steps.size else ALMOST_ALIKE * largest


def hidden_spread(*vectors: FloatArray) -> float:
    """Return the standard deviation that rounding hides, q/√12."""
    return resolution(*vectors) / sqrt(12)


def is_nothing(spread: float, *vectors: FloatArray) -> bool:
    """Return whether a spread is no more than the error of arithmetic."""
    largest = max((float(np.abs(vector).max()) for vector in vectors if vector.size), default=0.0)
    return spread <= ALMOST_ALIKE * max(largest, 1e-300)


def with_width(low: float, high: float, *, least: float, level: float) -> Interval:
    """Return the interval, widened by `least` on both sides where its ends are the same."""
    if low < high:
        return Interval(low, high, level)
    return Interval(low - least, high + least, level)
