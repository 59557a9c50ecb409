"""The line that turns one method's measurements into another's, where both have error.

Deming's line needs the ratio of the error variances, Passing and Bablok's none.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.inputs import FloatArray, as_measured, check_level, check_same_length
from monitoring.statistics.intervals import two_sided_quantile
from monitoring.statistics.resolutions import hidden_spread, with_width
from monitoring.statistics.results import Estimate, Interval, NotEstimable

MOST_PAIRS = 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodLine:
    """b = intercept + slope · a; equal methods have slope 1 and intercept 0."""

    slope: Estimate
    intercept: Estimate


def deming(a: ArrayLike, b: ArrayLike, *, ratio: float = 1.0, level: float = 0.95) -> MethodLine | NotEstimable:
    """Return Deming's line of b on a; `ratio` is the error variance of b over that of a.

    Assumes a linear relation and errors of constant spread. Intervals: jackknife, t on n − 2 (Linnet, Stat Med
    1990;9:1463-1473; Clin Chem 1993;39:424-432). Fewer than three pairs, no spread or no covariance: NotEstimable.
    """
    one, other = as_measured(a, name="a"), as_measured(b, name="b")
    size = check_same_length(a=one, b=other)
    check_level(level)
    if not 0 < ratio < inf:
        raise ValueError(f"ratio must be positive, not {ratio}")
    if size < 3:
        return NotEstimable("fewer than three pairs")
    line = _deming(one, other, ratio=ratio)
    kept = np.ones(size, dtype=np.bool_)
    left_out = []
    for place in range(size):
        kept[place] = False
        left_out.append(_deming(one[kept], other[kept], ratio=ratio))
        kept[place] = True
    known = [each for each in left_out if each is not None]
    if line is None or len(known) < size:
        return NotEstimable("one of the methods does not vary, or they do not vary together")
    errors = _jackknife(np.array(line), np.array(known))
    errors = np.maximum(errors, _least_errors(one, other))

    def estimate(place: int) -> Estimate:
        half = two_sided_quantile(level, df=size - 2) * float(errors[place])
        interval = Interval(line[place] - half, line[place] + half, level)
        return Estimate(value=line[place], interval=interval, cases=size, method="Deming, jackknife")

    return MethodLine(slope=estimate(0), intercept=estimate(1))


def passing_bablok(a: ArrayLike, b: ArrayLike, *, level: float = 0.95) -> MethodLine | NotEstimable:
    """Return Passing and Bablok's line of b on a: the shifted median of all slopes between two pairs.

    Assumes a linear relation with a slope near 1 (give both in one unit: the shift, the number of slopes below −1, does
    not follow a change of units), any distribution of errors; outliers do little. Intervals:
    ranks of the slopes (Passing & Bablok, J Clin Chem Clin Biochem 1983;21:709-720); an end may be infinite. Time and
    memory grow with n². Fewer than three pairs, or no spread: NotEstimable.

    Raises:
        ValueError: more than MOST_PAIRS pairs (take a sample).
    """
    one, other = as_measured(a, name="a"), as_measured(b, name="b")
    size = check_same_length(a=one, b=other)
    check_level(level)
    if size > MOST_PAIRS:
        raise ValueError(f"at most {MOST_PAIRS} pairs, not {size}; take a sample")
    if size < 3:
        return NotEstimable("fewer than three pairs")
    slopes = _slopes(one, other)
    if np.ptp(one) == 0 or slopes.size == 0:
        return NotEstimable("the first method does not vary")
    shift, count = int((slopes < -1).sum()), slopes.size
    slope = float((slopes[_place((count - 1) // 2 + shift, count)] + slopes[_place(count // 2 + shift, count)]) / 2)
    spread = two_sided_quantile(level) * sqrt(size * (size - 1) * (2 * size + 5) / 18)
    first = max(1, round((count - spread) / 2))
    low, high = float(slopes[_place(first - 1 + shift, count)]), float(slopes[_place(count - first + shift, count)])
    if not np.isfinite(slope):
        return NotEstimable("the second method does not follow the first")
    return _median_line(one, other, slope=slope, ends=(low, high), level=level)


def _median_line(
    one: FloatArray, other: FloatArray, *, slope: float, ends: tuple[float, float], level: float
) -> MethodLine:
    least = _least_errors(one, other)
    low, high = ends

    def offset(gradient: float, unknown: float) -> float:
        return float(np.median(other - gradient * one)) if np.isfinite(gradient) else unknown

    bottom, top = sorted((offset(high, -inf), offset(low, inf)))
    name = "Passing–Bablok"
    return MethodLine(
        slope=Estimate(
            value=slope, interval=with_width(low, high, least=float(least[0]), level=level), cases=one.size, method=name
        ),
        intercept=Estimate(
            value=offset(slope, 0.0),
            interval=with_width(bottom, top, least=float(least[1]), level=level),
            cases=one.size,
            method=name,
        ),
    )


def _deming(one: FloatArray, other: FloatArray, *, ratio: float) -> tuple[float, float] | None:
    along, across = float(one.var()), float(other.var())
    together = float(((one - one.mean()) * (other - other.mean())).mean())
    if along == 0 or abs(together) <= 1e-12 * sqrt(along * max(across, 1e-300)):
        return None
    gap = across - ratio * along
    slope = (gap + sqrt(gap**2 + 4 * ratio * together**2)) / (2 * together)
    return slope, float(other.mean() - slope * one.mean())


def _jackknife(line: FloatArray, left_out: FloatArray) -> FloatArray:
    size = left_out.shape[0]
    pseudo = size * line - (size - 1) * left_out
    return np.asarray(pseudo.std(axis=0, ddof=1) / np.sqrt(size))


def _least_errors(one: FloatArray, other: FloatArray) -> FloatArray:
    """Return the errors of slope and intercept that rounding alone would leave; never nothing."""
    hidden = hidden_spread(one, other)
    of_slope = hidden / max(float(one.std()), 1e-300) / sqrt(one.size)
    return np.array([of_slope, of_slope * sqrt(float((one**2).mean()))]) + 1e-12


def _slopes(one: FloatArray, other: FloatArray) -> FloatArray:
    """Return all slopes between two pairs in order; identical pairs and slopes of −1 are left out."""
    rows, columns = np.triu_indices(one.size, 1)
    run, rise = one[columns] - one[rows], other[columns] - other[rows]
    told = (run != 0) | (rise != 0)
    run, rise = run[told], rise[told]
    slopes = np.where(run == 0, np.copysign(inf, rise), rise / np.where(run == 0, 1.0, run))
    return np.sort(slopes[slopes != -1])


def _place(place: int, count: int) -> int:
    return min(max(place, 0), count - 1)
