"""Differences of two measurements of the same thing: bias, limits of agreement, their size, repeatability.

Cases of one patient are not independent; where patients come more than once,
the spread of the mean is taken between patients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from monitoring.statistics.inputs import FloatArray, IntArray, as_codes, as_measured, check_level, check_same_length
from monitoring.statistics.intervals import plain_interval
from monitoring.statistics.ratings import as_measured_ratings
from monitoring.statistics.resolutions import hidden_spread, is_nothing
from monitoring.statistics.results import Estimate, Interval, NotEstimable

TOO_FEW = "fewer than two patients"


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsOfAgreement:
    """The mean difference, first minus second, and the limits that hold 95 % of the differences."""

    bias: Estimate
    lower: Estimate
    upper: Estimate


def bland_altman(
    a: ArrayLike, b: ArrayLike, *, clusters: Sequence[Any] | None = None, level: float = 0.95
) -> LimitsOfAgreement | NotEstimable:
    """Return bias (a − b) and 95 % limits of agreement (bias ± 1.96 SD), each with its interval; units of a and b.

    Assumes differences near to normal, of constant spread. Limits: standard error SD·√(1/n + 1.96²/2(n−1)), t on
    n−1 (Bland & Altman, Lancet 1986;327:307-310, with 1.96 for their 2; Stat Methods Med Res 1999;8:135-160).
    With clusters n is their number there, and the bias has the sandwich error of the ratio estimator. Where all
    differences are alike, the error is what rounding hides. Fewer than two patients: NotEstimable.
    """
    one, other = _pair(a, b)
    codes = _codes(clusters, length=one.size)
    gaps, count = one - other, int(codes.max()) + 1 if codes.size else 0
    check_level(level)
    if count < 2:
        return NotEstimable(TOO_FEW)
    bias, spread = float(gaps.mean()), float(gaps.std(ddof=1))
    hidden = hidden_spread(one, other)
    alike = is_nothing(spread, one, other)
    name = "Bland–Altman" + ("" if count == gaps.size else ", clustered by patient")
    shown, behind = (0.0, hidden) if alike else (spread, spread)
    limit_error = behind * sqrt(1 / count + 1.96**2 / (2 * (count - 1)))

    def estimate(value: float, error: float) -> Estimate:
        interval = plain_interval(value, error=max(error, hidden * 1e-6), level=level, df=count - 1)
        return Estimate(value=value, interval=interval, cases=gaps.size, method=name)

    return LimitsOfAgreement(
        bias=estimate(bias, hidden / sqrt(count) if alike else _mean_error(gaps, codes)),
        lower=estimate(bias - 1.96 * shown, limit_error),
        upper=estimate(bias + 1.96 * shown, limit_error),
    )


def mean_absolute_error(
    a: ArrayLike, b: ArrayLike, *, clusters: Sequence[Any] | None = None, level: float = 0.95
) -> Estimate | NotEstimable:
    """Return the mean size of the difference with a t interval, cut at zero; units of a and b.

    Assumes independent patients. Fewer than two of them: NotEstimable.
    """
    one, other = _pair(a, b)
    codes = _codes(clusters, length=one.size)
    count = int(codes.max()) + 1 if codes.size else 0
    check_level(level)
    if count < 2:
        return NotEstimable(TOO_FEW)
    sizes = np.abs(one - other)
    value, error = float(sizes.mean()), _mean_error(sizes, codes)
    error = hidden_spread(one, other) / sqrt(count) if is_nothing(error, one, other) else error
    found = plain_interval(value, error=error, level=level, df=count - 1)
    name = "mean, t" + ("" if count == sizes.size else ", clustered by patient")
    interval = Interval(max(0.0, found.low), found.high, level)
    return Estimate(value=value, interval=interval, cases=sizes.size, method=name)


def repeatability_coefficient(
    ratings: Any, second: ArrayLike | None = None, *, level: float = 0.95
) -> Estimate | NotEstimable:
    """Return 1.96·√2 within-subject standard deviations: 95 % of repeated measurements differ by less.

    `ratings` has rows of subjects and columns of repetitions, NaN where missing; or two vectors of repeated
    measurements. Assumes normal errors of one spread. Interval: chi-square of the within-subject variance. No
    subject measured twice: NotEstimable. Source: Bland & Altman, Stat Methods Med Res 1999;8:135-160, section 5.
    """
    check_level(level)
    if second is not None:
        table = np.column_stack(_pair(ratings, second))
    else:
        table = as_measured_ratings(ratings)
    known = ~np.isnan(table)
    times = known.sum(axis=1)
    table, known, times = table[times >= 2], known[times >= 2], times[times >= 2]
    if times.size == 0:
        return NotEstimable("no subject was measured twice")
    means = np.where(known, table, 0.0).sum(axis=1) / times
    squares = float((np.where(known, table - means[:, None], 0.0) ** 2).sum())
    df = int((times - 1).sum())
    error, hidden = sqrt(squares / df), hidden_spread(table[known])
    alike = is_nothing(error, table[known])
    factor, behind = 1.96 * sqrt(2), hidden if alike else error
    tails = stats.chi2.ppf([0.5 + level / 2, 0.5 - level / 2], df)
    low, high = (factor * behind * sqrt(df / tail) for tail in tails)
    low, high = min(low, factor * behind), max(high, factor * behind)
    return Estimate(
        value=0.0 if alike else factor * error,
        interval=Interval(0.0 if alike else low, high, level),
        cases=int(times.size),
        method="repeatability, within-subject variance, chi-square",
    )


def _pair(a: ArrayLike, b: ArrayLike) -> tuple[FloatArray, FloatArray]:
    one, other = as_measured(a, name="a"), as_measured(b, name="b")
    check_same_length(a=one, b=other)
    return one, other


def _codes(clusters: Sequence[Any] | None, *, length: int) -> IntArray:
    return np.arange(length) if clusters is None else as_codes(clusters, name="clusters", length=length)


def _mean_error(values: FloatArray, codes: IntArray) -> float:
    count = int(codes.max()) + 1
    sums = np.bincount(codes, values - values.mean())
    return float(np.sqrt(count / (count - 1) * (sums**2).sum()) / values.size)


__all__ = ["LimitsOfAgreement", "bland_altman", "mean_absolute_error", "repeatability_coefficient"]
