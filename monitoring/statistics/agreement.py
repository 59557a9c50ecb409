"""Agreement of two values of the same thing: differences of measurements, and matching categories.

Cases of one patient are not independent; where patients come more than once,
the spread is taken between patients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from monitoring.statistics.inputs import (
    FloatArray,
    IntArray,
    as_codes,
    as_vector,
    check_level,
    check_option,
    check_same_length,
)
from monitoring.statistics.intervals import plain_interval, two_sided_quantile
from monitoring.statistics.results import Estimate, Interval, NotEstimable

TOO_FEW = "fewer than two patients"


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsOfAgreement:
    """The mean difference, first minus second, and the limits that hold 95 % of the differences."""

    bias: Estimate
    lower: Estimate
    upper: Estimate


def bland_altman(
    first: ArrayLike, second: ArrayLike, *, clusters: Sequence[Any] | None = None, level: float = 0.95
) -> LimitsOfAgreement | NotEstimable:
    """Return bias and 95 % limits of agreement (bias ± 1.96 SD) with their intervals.

    Assumes differences near to normal. Limits: standard error SD·√(1/n + 1.96²/2(n−1)) with t on n−1
    (Bland & Altman, Lancet 1986;327:307-310, with 1.96 for their 2). With clusters n is their number
    there, and the bias has the sandwich error of the ratio estimator. Fewer than two: NotEstimable.
    """
    gaps, codes = _gaps(first, second, clusters=clusters)
    count = int(codes.max()) + 1 if codes.size else 0
    if count < 2:
        return NotEstimable(TOO_FEW)
    bias, spread = float(gaps.mean()), float(gaps.std(ddof=1))
    name = "Bland–Altman" + ("" if count == gaps.size else ", clustered by patient")
    limit_error = spread * sqrt(1 / count + 1.96**2 / (2 * (count - 1)))

    def estimate(value: float, error: float) -> Estimate:
        interval = _mean_interval(value, error=error, df=count - 1, level=level)
        return Estimate(value=value, interval=interval, cases=gaps.size, method=name)

    return LimitsOfAgreement(
        bias=estimate(bias, _mean_error(gaps, codes)),
        lower=estimate(bias - 1.96 * spread, limit_error),
        upper=estimate(bias + 1.96 * spread, limit_error),
    )


def mean_absolute_error(
    first: ArrayLike, second: ArrayLike, *, clusters: Sequence[Any] | None = None, level: float = 0.95
) -> Estimate | NotEstimable:
    """Return the mean size of the difference with a t interval, cut at zero. Fewer than two: NotEstimable."""
    gaps, codes = _gaps(first, second, clusters=clusters)
    count = int(codes.max()) + 1 if codes.size else 0
    if count < 2:
        return NotEstimable(TOO_FEW)
    sizes = np.abs(gaps)
    value = float(sizes.mean())
    interval = _mean_interval(value, error=_mean_error(sizes, codes), df=count - 1, level=level)
    name = "mean, t" + ("" if count == gaps.size else ", clustered by patient")
    return Estimate(
        value=value,
        interval=Interval(max(0.0, interval.low), max(interval.high, 1e-12), level),
        cases=gaps.size,
        method=name,
    )


def kappa(
    first: Sequence[Any],
    second: Sequence[Any],
    *,
    classes: Sequence[Any],
    weights: str = "none",
    clusters: Sequence[Any] | None = None,
    level: float = 0.95,
) -> Estimate | NotEstimable:
    """Return Cohen's kappa; `weights` "quadratic" for ordered classes. Interval: jackknife over patients, t.

    Cohen, Educ Psychol Meas 1960;20:37-46; Psychol Bull 1968;70:213-220. Everything in one class: NotEstimable.
    """
    check_option(weights, name="weights", allowed=("none", "quadratic"))
    check_level(level)
    place = {each: index for index, each in enumerate(classes)}
    rows = np.array([place[each] for each in first], dtype=np.int64)
    columns = np.array([place[each] for each in second], dtype=np.int64)
    codes = _codes(clusters, length=rows.size)
    count = int(codes.max()) + 1 if codes.size else 0
    if count < 2:
        return NotEstimable(TOO_FEW)
    tables = np.zeros((count, len(classes), len(classes)))
    np.add.at(tables, (codes, rows, columns), 1.0)
    total = tables.sum(axis=0)
    value = _kappa(total, weights=weights)
    if np.isnan(value):
        return NotEstimable("all cases are in one class")
    left_out = np.array([_kappa(total - each, weights=weights) for each in tables])
    left_out = left_out[~np.isnan(left_out)]
    error = float(np.sqrt((left_out.size - 1) * left_out.var())) if left_out.size > 1 else 0.0
    interval = _mean_interval(value, error=error, df=count - 1, level=level)
    return Estimate(
        value=value,
        interval=Interval(max(-1.0, interval.low), min(1.0, max(interval.high, interval.low + 1e-12)), level),
        cases=rows.size,
        method="Cohen's kappa"
        + (", quadratic weights" if weights == "quadratic" else "")
        + ", jackknife over patients",
    )


def median(values: ArrayLike, *, level: float = 0.95) -> Estimate | NotEstimable:
    """Return the median with the distribution-free interval between order statistics.

    Assumes independent values; the interval covers at least `level` (Conover, Practical Nonparametric
    Statistics, 3rd ed., section 3.2). With fewer than six values at 95 % the interval is the whole range
    and covers less: NotEstimable.
    """
    ordered = np.sort(as_vector(values, name="values"))
    rank = int(stats.binom.ppf((1 - check_level(level)) / 2, ordered.size, 0.5)) if ordered.size else 0
    if rank < 1:
        return NotEstimable(f"{ordered.size} values are too few for a median with an interval")
    low, high = float(ordered[rank - 1]), float(ordered[ordered.size - rank])
    if not low < high:
        low, high = low - 1e-9, high + 1e-9
    return Estimate(
        value=float(np.median(ordered)),
        interval=Interval(low, high, level),
        cases=int(ordered.size),
        method="median, order statistics",
    )


def _gaps(first: ArrayLike, second: ArrayLike, *, clusters: Sequence[Any] | None) -> tuple[FloatArray, IntArray]:
    one, other = as_vector(first, name="first"), as_vector(second, name="second")
    check_same_length(first=one, second=other)
    return one - other, _codes(clusters, length=one.size)


def _codes(clusters: Sequence[Any] | None, *, length: int) -> IntArray:
    return np.arange(length) if clusters is None else as_codes(clusters, name="clusters", length=length)


def _mean_error(values: FloatArray, codes: IntArray) -> float:
    count = int(codes.max()) + 1
    sums = np.bincount(codes, values - values.mean())
    return float(np.sqrt(count / (count - 1) * (sums**2).sum()) / values.size)


def _mean_interval(value: float, *, error: float, df: float, level: float) -> Interval:
    if error > 0:
        return plain_interval(value, error=error, level=level, df=df)
    # No spread at all: the interval keeps a width, and the number of cases says how much it is worth.
    width = two_sided_quantile(level, df=df) * 1e-9 * max(1.0, abs(value))
    return Interval(value - width, value + width, level)


def _kappa(table: FloatArray, *, weights: str) -> float:
    size = table.shape[0]
    places = np.arange(size)
    distance = np.subtract.outer(places, places).astype(float)
    cost = distance**2 if weights == "quadratic" else (distance != 0).astype(float)
    total = table.sum()
    if total == 0:
        return float("nan")
    expected = (cost * np.outer(table.sum(axis=1), table.sum(axis=0))).sum() / total
    return float(1 - (cost * table).sum() / expected) if expected > 0 else float("nan")
