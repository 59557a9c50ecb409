"""What is still to come, from how counts of earlier periods grew: chain ladder with Mack's prediction error.

A triangle of counts in (one row a period, one column a delay), expected final counts out. Which periods and
delays are compared, and what is counted, is decided by the caller.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Any

import numpy as np
from scipy import special

from monitoring.statistics.inputs import LARGEST, FloatArray, check_level
from monitoring.statistics.intervals import two_sided_quantile
from monitoring.statistics.results import Estimate, Interval, NotEstimable

METHOD = "chain ladder, Mack's prediction error, log-normal interval"
COMPLETE = "chain ladder; nothing further is expected, upper end by Poisson"


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedCount(Estimate):
    """A count that is not complete yet; the interval is one of prediction."""

    standard_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodNowcast:
    """One period: what was reported so far, what will have been in the end, and the share that is there."""

    reported: float
    expected_final: PredictedCount | NotEstimable
    outstanding: PredictedCount | NotEstimable
    maturity: Estimate | NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Nowcast:
    """All periods and their sum. `factors` are the growths from one delay to the next, `variances` Mack's sigma²."""

    periods: tuple[PeriodNowcast, ...]
    expected_final: PredictedCount
    outstanding: PredictedCount
    maturity: Estimate
    factors: FloatArray
    variances: FloatArray
    is_cumulative: bool


def nowcast(
    counts_triangle: Iterable[Iterable[Any]], *, cumulative: bool | None = None, level: float = 0.95
) -> Nowcast | NotEstimable:
    """Return the counts expected in the end, from a triangle of what was reported so far.

    Rows are periods, oldest first; columns are delays, shortest first; a delay not yet reached is left out, None or
    NaN. Entries are reports of each delay, or the sums so far with `cumulative=True`; by default rows that never fall
    are taken for sums, and the result says which. Assumes that every period grows by the same factors, that periods
    are independent, and that nothing comes after the longest delay (the oldest period is complete). Variance: Mack,
    ASTIN Bulletin 1993;23:213-225, the last sigma² by his rule, and none below that of a Poisson count (so that
    a history without scatter is not taken for certainty). Intervals are log-normal in what is outstanding (Mack 1994);
    where nothing is, the upper end is that of a Poisson count of 0. Entries that fall, or a delay at which no earlier
    period has a report: NotEstimable.

    Raises:
        ValueError: negative or infinite entries, a gap inside a row, rows that grow longer.
    """
    check_level(level)
    cells = _triangle(counts_triangle)
    is_cumulative = _never_falls(cells) if cumulative is None else cumulative
    sums = cells if is_cumulative else np.cumsum(cells, axis=1)
    if is_cumulative and not _never_falls(cells):
        return NotEstimable("the sums of a period fall: reports were taken back")
    columns = sums.shape[1]
    for j in range(columns - 1):
        if not sums[~np.isnan(sums[:, j + 1]), j].sum() > 0:
            return NotEstimable(f"no earlier period has a report by delay {j + 1}")
    factors, variances = _development(sums)
    return _answer(sums, factors, variances, is_cumulative=is_cumulative, level=level)


def _triangle(rows: Iterable[Iterable[Any]]) -> FloatArray:
    """Return the triangle with NaN for delays not yet reached."""
    try:
        read = [[_cell(each) for each in row] for row in rows]
    except TypeError as error:
        raise ValueError("counts_triangle must hold a row of counts for each period") from error
    if not read or not max(map(len, read)):
        raise ValueError("counts_triangle must hold at least one period")
    columns = max(map(len, read))
    cells = np.array([row + [np.nan] * (columns - len(row)) for row in read], dtype=np.float64)
    reached = ~np.isnan(cells)
    if (reached[:, 1:] & ~reached[:, :-1]).any():
        raise ValueError("counts_triangle has a gap inside a row")
    if (reached[1:] & ~reached[:-1]).any():
        raise ValueError("counts_triangle has a period that is followed longer than an earlier one")
    if not reached[:, 0].all():
        raise ValueError("counts_triangle has a period without any count")
    if not reached[0, -1]:
        cells = cells[:, reached[0]]
    return cells


def _cell(value: Any) -> float:
    if value is None:
        return float("nan")
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise ValueError("counts_triangle must hold numbers, None or NaN") from error
    if number < 0 or number > LARGEST:
        raise ValueError("counts_triangle must hold finite counts, none negative")
    return number


def _never_falls(cells: FloatArray) -> bool:
    return not bool((np.diff(cells, axis=1) < 0).any())


def _development(sums: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the growth from each delay to the next, and Mack's variance of it."""
    steps = sums.shape[1] - 1
    factors, variances, scattered = np.ones(steps), np.zeros(steps), np.zeros(steps, dtype=np.bool_)
    for j in range(steps):
        rows = ~np.isnan(sums[:, j + 1])
        before, after = sums[rows, j], sums[rows, j + 1]
        factors[j] = after.sum() / before.sum()
        some = before > 0
        if rows.sum() > 1:
            ratios = after[some] / before[some] - factors[j]
            variances[j] = (before[some] * ratios**2).sum() / (rows.sum() - 1)
            scattered[j] = True
    for j in np.flatnonzero(~scattered).tolist():
        variances[j] = _last_variance(variances[:j])
    return factors, np.maximum(variances, factors - 1)


def _last_variance(before: FloatArray) -> float:
    """Return Mack's rule for a step seen in one period only."""
    if before.size < 2:
        return float(before[-1]) if before.size else 0.0
    older, newer = float(before[-2]), float(before[-1])
    return min(newer**2 / older if older > 0 else newer, older, newer)


def _answer(
    sums: FloatArray, factors: FloatArray, variances: FloatArray, *, is_cumulative: bool, level: float
) -> Nowcast | NotEstimable:
    full = sums.copy()
    for j in range(factors.size):
        unknown = np.isnan(full[:, j + 1])
        full[unknown, j + 1] = full[unknown, j] * factors[j]
    reached = (~np.isnan(sums)).sum(axis=1) - 1
    latest, final = sums[np.arange(reached.size), reached], full[:, -1]
    if not final.sum() > 0:
        return NotEstimable("no report in any period")
    weights = np.array([sums[~np.isnan(sums[:, j + 1]), j].sum() for j in range(factors.size)])
    shares = variances / factors**2
    errors = [_row_error(full[i], shares, weights, start=int(reached[i])) for i in range(reached.size)]
    total = sum(errors)
    for i in range(reached.size):
        start = int(reached[i])
        total += float(final[i] * final[i + 1 :].sum() * (2 * shares[start:] / weights[start:]).sum())
    periods = tuple(
        _period(float(latest[i]), float(final[i]), sqrt(errors[i]), level=level) for i in range(reached.size)
    )
    whole = _counts(float(latest.sum()), float(final.sum()), sqrt(total), level=level)
    return Nowcast(
        periods=periods,
        expected_final=whole[0],
        outstanding=whole[1],
        maturity=_maturity(float(latest.sum()), whole[0]),
        factors=factors,
        variances=variances,
        is_cumulative=is_cumulative,
    )


def _row_error(row: FloatArray, shares: FloatArray, weights: FloatArray, *, start: int) -> float:
    """Return Mack's mean squared error of one period's final count."""
    if not row[start] > 0:
        return 0.0
    steps = np.arange(start, shares.size)
    return float(row[-1] ** 2 * (shares[steps] * (1 / row[steps] + 1 / weights[steps])).sum())


def _period(reported: float, final: float, error: float, *, level: float) -> PeriodNowcast:
    if not reported > 0:
        none = NotEstimable("no report in this period yet")
        return PeriodNowcast(reported=reported, expected_final=none, outstanding=none, maturity=none)
    expected, outstanding = _counts(reported, final, error, level=level)
    return PeriodNowcast(
        reported=reported,
        expected_final=expected,
        outstanding=outstanding,
        maturity=_maturity(reported, expected),
    )


def _counts(reported: float, final: float, error: float, *, level: float) -> tuple[PredictedCount, PredictedCount]:
    """Return the final count and what is outstanding; the first is the second plus what is known."""
    rest = final - reported
    if rest <= 1e-9 * max(reported, 1.0) or error == 0:
        interval = Interval(0.0, _poisson_upper(level), level)
        low, high, method = interval.low, interval.high, COMPLETE
    else:
        spread = sqrt(log(1 + (error / rest) ** 2))
        half = two_sided_quantile(level) * spread
        centre = log(rest) - spread**2 / 2
        low, high, method = exp(centre - half), exp(centre + half), METHOD
    outstanding = PredictedCount(
        value=max(rest, 0.0), interval=Interval(low, high, level), cases=round(reported), method=method,
        standard_error=error,
    )  # fmt: skip
    expected = PredictedCount(
        value=reported + max(rest, 0.0), interval=Interval(reported + low, reported + high, level),
        cases=round(reported), method=method, standard_error=error,
    )  # fmt: skip
    return expected, outstanding


def _poisson_upper(level: float) -> float:
    return float(special.chdtri(2, (1 - level) / 2)) / 2


def _maturity(reported: float, expected: PredictedCount) -> Estimate:
    """Return the share of the final count that is there."""
    ends = expected.interval
    interval = Interval(reported / ends.high, reported / ends.low if ends.low > 0 else 1.0, ends.level)
    return Estimate(value=reported / expected.value, interval=interval, cases=round(reported), method=expected.method)
