"""How far two categories are apart, and what no disagreement at all leaves open.

Weights hold disagreement: 0 on the diagonal, larger further away. Shared by the coefficients
of agreement; nothing here knows which of them asks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.inputs import FloatArray, as_matrix, check_option
from monitoring.statistics.intervals import beta_interval, plain_interval
from monitoring.statistics.results import Interval

Weights = str | ArrayLike | None


def disagreement(weights: Weights, *, size: int) -> FloatArray:
    """Return the disagreement of each pair of categories, scaled so that the largest is 1.

    None: different or not; "linear": |i − j|; "quadratic": (i − j)²; a matrix is taken as it is.

    Raises:
        ValueError: a matrix of another size, with negative entries, or not 0 on its diagonal.
    """
    if weights is not None and not isinstance(weights, str):
        return _given(weights, size=size)
    apart = np.abs(np.subtract.outer(np.arange(size), np.arange(size))).astype(float)
    if weights is None:
        return np.asarray(apart > 0, dtype=np.float64)
    check_option(weights, name="weights", allowed=("linear", "quadratic"))
    found = apart if weights == "linear" else apart**2
    return np.asarray(found / max(1.0, found.max()))


def weights_name(weights: Weights) -> str:
    """Return the words that a method's name ends with."""
    if weights is None:
        return ""
    return f", {weights} weights" if isinstance(weights, str) else ", own weights"


def coefficient_interval(
    value: float, *, error: float, expected: float, size: float, level: float, df: float = np.inf
) -> Interval:
    """Return the interval of 1 − observed/expected disagreement, never of zero width.

    Value ± quantile × error, cut to [−1, 1] (to `lowest_of` where the value itself lies below −1). Without spread
    (nobody disagrees, everybody does) the observed disagreement, scaled to at most 1, has Clopper–Pearson's interval
    over the `size` units, expected held fixed.
    """
    lowest = lowest_of(value, expected=expected)
    if error > 1e-12:
        found = plain_interval(value, error=error, level=level, df=df)
        low, high = max(lowest, found.low), min(1.0, found.high)
        if low < high:
            return Interval(low, high, level)
    share = beta_interval(min(1.0, max(0.0, (1 - value) * expected)), size=size, level=level)
    low, high = max(lowest, min(value, 1 - share.high / expected)), min(1.0, max(value, 1 - share.low / expected))
    return Interval(min(low, 1.0 - 1e-12), max(high, low + 1e-12), level)


def lowest_of(value: float, *, expected: float) -> float:
    """Return the least that a coefficient can be: −1, but with some weights only everything of the worst kind."""
    return -1.0 if value >= -1 else 1 - 1 / min(1.0, expected)


def settled(value: float) -> float:
    """Return the coefficient without what rounding adds beyond −1 or 1."""
    nearest = float(np.clip(value, -1.0, 1.0))
    return nearest if abs(value - nearest) < 1e-9 else float(value)


def as_square_counts(table: ArrayLike, *, size: int | None = None) -> FloatArray:
    """Return a square table of whole counts, none negative."""
    found = as_matrix(table, name="table")
    if found.shape[0] != found.shape[1] or found.shape[0] < 2 or (size is not None and found.shape[0] != size):
        raise ValueError(f"table must be {size or 'k'} × {size or 'k'}, not {found.shape[0]} × {found.shape[1]}")
    return whole(found, name="table")


def whole(found: FloatArray, *, name: str) -> FloatArray:
    if (found < 0).any() or (found != np.floor(found)).any():
        raise ValueError(f"{name} must hold whole numbers, none negative")
    return found


def _given(weights: Any, *, size: int) -> FloatArray:
    found = as_matrix(weights, name="weights")
    if found.shape != (size, size):
        raise ValueError(f"weights must be {size} × {size}, not {found.shape[0]} × {found.shape[1]}")
    if (found < 0).any() or np.diagonal(found).any():
        raise ValueError("weights hold disagreement: none negative, and 0 on the diagonal")
    if not found.any():
        raise ValueError("weights say that no two categories differ")
    return np.asarray(found / found.max())
