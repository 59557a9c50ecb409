"""Lin's concordance correlation: how far pairs lie from the line of identity."""

from __future__ import annotations

from collections.abc import Sequence
from math import atanh, sqrt, tanh
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.inputs import FloatArray, as_codes, as_measured, check_level, check_same_length
from monitoring.statistics.intervals import two_sided_quantile
from monitoring.statistics.resolutions import hidden_spread, is_nothing, with_width
from monitoring.statistics.results import Estimate, Interval, NotEstimable

CERTAIN = 1 - 1e-12


def concordance_correlation(
    a: ArrayLike, b: ArrayLike, *, clusters: Sequence[Any] | None = None, level: float = 0.95
) -> Estimate | NotEstimable:
    """Return the concordance correlation 2s₁₂/(s₁² + s₂² + (ā − b̄)²), moments over n.

    Assumes independent pairs near to bivariate normal. Interval: Fisher's z with Lin's error (Biometrics
    1989;45:255-268, corrected 2000;56:324-325); with clusters a jackknife over patients on the same scale. Depends
    on the range of the cases. Fewer than four pairs (three patients), or no spread: NotEstimable.
    """
    one, other = as_measured(a, name="a"), as_measured(b, name="b")
    size = check_same_length(a=one, b=other)
    check_level(level)
    if size < 4:
        return NotEstimable("fewer than four pairs")
    if is_nothing(float(np.concatenate([one, other]).std()), one, other):
        return NotEstimable("all values are the same")
    value = _value(one, other)
    if clusters is None:
        error, df, name = _error(one, other), np.inf, "Fisher's z"
    else:
        codes = as_codes(clusters, name="clusters", length=size)
        count = int(codes.max()) + 1
        if count < 3:
            return NotEstimable("fewer than three patients")
        left_out = [_value(one[codes != each], other[codes != each]) for each in range(count)]
        spread = np.var(np.arctanh(np.clip(left_out, -CERTAIN, CERTAIN)))
        error, df, name = sqrt((count - 1) * float(spread)), count - 1, "Fisher's z, jackknife over patients"
    interval = _interval(value, error=error, df=df, one=one, other=other, level=level)
    return Estimate(value=value, interval=interval, cases=size, method=f"Lin's concordance correlation, {name}")


def _value(one: FloatArray, other: FloatArray) -> float:
    gap = one.mean() - other.mean()
    bottom = one.var() + other.var() + gap**2
    together = ((one - one.mean()) * (other - other.mean())).mean()
    return float(np.clip(2 * together / bottom, -1, 1)) if bottom > 0 else 0.0


def _error(one: FloatArray, other: FloatArray) -> float:
    """Return the standard error on Fisher's scale (Lin 2000), free of divisions by the correlation."""
    spread = sqrt(float(one.std()) * float(other.std()))
    if spread == 0:
        return 1 / sqrt(one.size - 3)
    together = float(((one - one.mean()) * (other - other.mean())).mean())
    r = together / spread**2
    p = _value(one, other)
    bias = 2 * spread**2 / float(one.var() + other.var() + (one.mean() - other.mean()) ** 2)
    shift = float(one.mean() - other.mean()) / spread
    top = (1 - r**2) * bias**2 * (1 - p**2) + 2 * p**2 * bias * (1 - p) * shift**2 - p**2 * bias**2 * shift**4 / 2
    return sqrt(max(0.0, top) / (one.size - 2)) / max(1 - p**2, 1e-15)


def _interval(value: float, *, error: float, df: float, one: FloatArray, other: FloatArray, level: float) -> Interval:
    certain = abs(value) >= CERTAIN or error <= 1e-12
    if certain:
        # Agreement to the last digit: what rounding hides stands for the error.
        hidden = 2 * hidden_spread(one, other) ** 2 / float(one.var() + other.var())
        value, error = (1 - min(hidden, 0.5)) * (1 if value > 0 else -1), 1 / sqrt(max(1, one.size - 3))
    half, centre = two_sided_quantile(level, df=df) * error, atanh(max(-CERTAIN, min(CERTAIN, value)))
    low, high = tanh(centre - half), tanh(centre + half)
    if certain:
        low, high = (low, 1.0) if value > 0 else (-1.0, high)
    return with_width(low, high, least=1e-12, level=level)
