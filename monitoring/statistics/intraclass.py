"""The intraclass correlation: which part of the spread of ratings lies between subjects.

The six forms of Shrout & Fleiss (Psychol Bull 1979;86:420-428) with their F intervals. It depends on
how different the subjects are: two sites are compared only with their spreads beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from scipy import stats

from monitoring.statistics.inputs import FloatArray, check_level, check_option
from monitoring.statistics.ratings import as_measured_ratings
from monitoring.statistics.resolutions import hidden_spread, is_nothing, with_width
from monitoring.statistics.results import Estimate, Interval, NotEstimable

FORMS = ("ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanSquares:
    """The analysis of variance of a complete table of `n` subjects by `k` raters."""

    between: float
    within: float
    raters: float
    residual: float
    n: int
    k: int

    @property
    def error_df(self) -> int:
        return (self.n - 1) * (self.k - 1)


def icc(ratings: Any, *, form: str = "ICC(2,1)", level: float = 0.95) -> Estimate | NotEstimable:
    """Return the intraclass correlation of `ratings`, rows subjects and columns raters, NaN where missing.

    "ICC(1,·)": each subject has raters of its own; "(2,·)": the raters are a sample, their bias counts
    (absolute agreement); "(3,·)": these raters alone (consistency). "·,1" one rating, "·,k" their mean. Assumes
    normal effects; subjects with a missing rating are left out. Where raters agree to the last digit, the interval is
    of what rounding hides. Fewer than two subjects or raters, or no spread at all: NotEstimable.
    """
    check_option(form, name="form", allowed=FORMS)
    check_level(level)
    table = as_measured_ratings(ratings)
    complete = table[~np.isnan(table).any(axis=1)]
    if complete.shape[0] < 2 or complete.shape[1] < 2:
        return NotEstimable("fewer than two subjects or raters")
    found = mean_squares(complete)
    if is_nothing(float(complete.std()), complete):
        return NotEstimable("all ratings are the same")
    value = _value(found, form=form)
    if value is None:
        return NotEstimable("the ratings have no spread between subjects and none of error")
    left_out = table.shape[0] - complete.shape[0]
    behind = _with_hidden_error(found, least=hidden_spread(complete) ** 2)
    return Estimate(
        value=value,
        interval=_interval(behind, form=form, value=value, level=level),
        cases=int(complete.shape[0]),
        method=f"{form}, Shrout–Fleiss F" + (f", {left_out} subjects with missing ratings left out" * bool(left_out)),
    )


def mean_squares(table: FloatArray) -> MeanSquares:
    """Return the mean squares of a complete table."""
    n, k = table.shape
    grand, rows, columns = table.mean(), table.mean(axis=1), table.mean(axis=0)
    between = k * float(((rows - grand) ** 2).sum())
    raters = n * float(((columns - grand) ** 2).sum())
    within = float(((table - rows[:, None]) ** 2).sum())
    residual = float(((table - rows[:, None] - columns[None, :] + grand) ** 2).sum())
    return MeanSquares(
        between=between / (n - 1),
        within=within / (n * (k - 1)),
        raters=raters / (k - 1),
        residual=residual / ((n - 1) * (k - 1)),
        n=n,
        k=k,
    )


def _with_hidden_error(found: MeanSquares, *, least: float) -> MeanSquares:
    scale = max(found.between, found.raters)
    residual = max(found.residual, least) if found.residual <= 1e-12 * scale else found.residual
    within = max(found.within, least) if found.within <= 1e-12 * scale else found.within
    return MeanSquares(
        between=found.between, within=within, raters=found.raters, residual=residual, n=found.n, k=found.k
    )


def _value(found: MeanSquares, *, form: str) -> float | None:
    b, k, n = found.between, found.k, found.n
    if form[4] == "2":
        bias = (found.raters - found.residual) / n
        top = b - found.residual
        bottom = b + (k - 1) * found.residual + k * bias if form[6] == "1" else b + bias
    else:
        error = found.within if form[4] == "1" else found.residual
        top, bottom = b - error, b + (k - 1) * error if form[6] == "1" else b
    return top / bottom if bottom > 0 else None


def _interval(found: MeanSquares, *, form: str, value: float, level: float) -> Interval:
    low, high = _two_way_ends(found, level=level) if form[4] == "2" else _f_ends(found, form=form, level=level)
    k = found.k
    if form[6] == "k":
        low, high = (k * end / (1 + (k - 1) * end) if end > -1 / (k - 1) else -inf for end in (low, high))
    return with_width(min(low, value), min(1.0, max(high, value)), least=1e-12, level=level)


def _f_ends(found: MeanSquares, *, form: str, level: float) -> tuple[float, float]:
    """Return the ends of a single rating's correlation in forms 1 and 3."""
    error, df = (found.within, found.n * (found.k - 1)) if form[4] == "1" else (found.residual, found.error_df)
    ratio, tail, k = found.between / error, 0.5 + level / 2, found.k
    low = ratio / float(stats.f.ppf(tail, found.n - 1, df))
    high = ratio * float(stats.f.ppf(tail, df, found.n - 1))
    return (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)


def _two_way_ends(found: MeanSquares, *, level: float) -> tuple[float, float]:
    """Return the ends of ICC(2,1), Satterthwaite's degrees of freedom (Shrout & Fleiss 1979, p. 424)."""
    n, k, b, e, j = found.n, found.k, found.between, found.residual, found.raters
    value = (b - e) / (b + (k - 1) * e + k * (j - e) / n)
    ratio, spread = j / e, n * (1 + (k - 1) * value) - k * value
    top = found.error_df * (k * value * ratio + spread) ** 2
    bottom = (n - 1) * k**2 * value**2 * ratio**2 + spread**2
    df, tail = max(top / bottom, 1e-3) if bottom > 0 else float(found.error_df), 0.5 + level / 2
    above, below = float(stats.f.ppf(tail, n - 1, df)), float(stats.f.ppf(tail, df, n - 1))
    low = n * (b - above * e) / (above * (k * j + (k * n - k - n) * e) + n * b)
    high = n * (below * b - e) / (k * j + (k * n - k - n) * e + n * below * b)
    return low, high
