"""Krippendorff's alpha: agreement of any number of raters on any scale, with ratings missing.

Source: Krippendorff, Content Analysis, 4th ed. 2018, ch. 12; Computing Krippendorff's
Alpha-Reliability, 2011. Units with fewer than two ratings say nothing and are left out.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from monitoring.statistics.disagreement_weights import coefficient_interval
from monitoring.statistics.inputs import FloatArray, check_level, check_option
from monitoring.statistics.ratings import as_ratings, categories_of, counts_of_units
from monitoring.statistics.results import Estimate, NotEstimable

METRICS = ("nominal", "ordinal", "interval", "ratio")


def krippendorff_alpha(
    ratings: Any, *, metric: Literal["nominal", "ordinal", "interval", "ratio"] = "nominal", level: float = 0.95
) -> Estimate | NotEstimable:
    """Return alpha of `ratings`, units × raters with NaN where a rating is missing.

    Assumes independent units and interchangeable raters; ordinal ranks are by value, a ratio scale has no negative
    values. Interval: jackknife over units, t. No unit with two ratings, or one value only: NotEstimable.

    Raises:
        ValueError: texts on a scale that needs numbers, or negative values on a ratio scale.
    """
    check_option(metric, name="metric", allowed=METRICS)
    check_level(level)
    table = as_ratings(ratings)
    values = categories_of(table)
    if metric != "nominal" and table.dtype == object:
        raise ValueError(f"a {metric} scale needs numbers")
    if metric == "ratio" and values and values[0] < 0:
        raise ValueError("a ratio scale has no negative values")
    counts = counts_of_units(table)
    counts = counts[counts.sum(axis=1) >= 2]
    if counts.shape[0] == 0:
        return NotEstimable("no unit has two ratings")
    return _estimate(counts, values=values, metric=metric, level=level)


def _estimate(counts: FloatArray, *, values: list[Any], metric: str, level: float) -> Estimate | NotEstimable:
    patterns, times = np.unique(counts, axis=0, return_counts=True)
    totals = counts.sum(axis=0)
    apart = _apart(totals, values=values, metric=metric)
    observed = _observed(patterns, apart=apart)
    value, expected = _alpha(float(times @ observed), totals=totals, apart=apart)
    if expected <= 0:
        return NotEstimable("all ratings are of one value")
    units = counts.shape[0]
    left_out = _left_out(patterns, times, observed=observed, totals=totals, apart=apart, values=values, metric=metric)
    known = ~np.isnan(left_out)
    error = _jackknife_error(left_out[known], times[known]) if units > 1 else 0.0
    return Estimate(
        value=value,
        interval=coefficient_interval(
            value, error=error, expected=expected / float(apart.max()), size=units, level=level, df=max(1, units - 1)
        ),
        cases=units,
        method=f"Krippendorff's alpha, {metric}, jackknife over units",
    )


def _apart(totals: FloatArray, *, values: list[Any], metric: str) -> FloatArray:
    """Return the squared distance of each pair of values; ordinal distances depend on how often values occur."""
    size = totals.size
    if metric == "nominal":
        return np.asarray(1.0 - np.eye(size))
    if metric == "ordinal":
        up_to = np.cumsum(totals) - totals / 2
        return np.asarray(np.subtract.outer(up_to, up_to) ** 2)
    numbers = np.asarray(values, dtype=np.float64)
    distance = np.subtract.outer(numbers, numbers)
    if metric == "interval":
        return np.asarray(distance**2)
    both = np.add.outer(numbers, numbers)
    return np.asarray((distance / np.where(both > 0, both, 1.0)) ** 2)


def _observed(patterns: FloatArray, *, apart: FloatArray) -> FloatArray:
    """Return the disagreement inside each unit: over its ordered pairs, divided by its ratings − 1."""
    return np.asarray(((patterns @ apart) * patterns).sum(axis=1) / (patterns.sum(axis=1) - 1))


def _alpha(observed: float, *, totals: FloatArray, apart: FloatArray) -> tuple[float, float]:
    """Return alpha and the expected disagreement of two ratings (0: there is no alpha)."""
    number = float(totals.sum())
    expected = float(totals @ apart @ totals) / (number * (number - 1)) if number > 1 else 0.0
    return (1 - observed / number / expected, expected) if expected > 0 else (float("nan"), 0.0)


def _left_out(
    patterns: FloatArray,
    times: Any,
    *,
    observed: FloatArray,
    totals: FloatArray,
    apart: FloatArray,
    values: list[Any],
    metric: str,
) -> FloatArray:
    """Return alpha without one unit, for each pattern of ratings."""
    whole = float(times @ observed)
    if metric != "ordinal":
        rest = totals - patterns
        number = rest.sum(axis=1)
        square = float(totals @ apart @ totals) - 2 * patterns @ (apart @ totals)
        square = square + ((patterns @ apart) * patterns).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = 1 - (whole - observed) / number / (square / (number * (number - 1)))
        return np.where(square > 1e-12 * max(1.0, float(apart.max())), found, np.nan)
    found = []
    for pattern in patterns:
        fresh = _apart(totals - pattern, values=values, metric=metric)
        inside = float(times @ _observed(patterns, apart=fresh)) - float(_observed(pattern[None], apart=fresh)[0])
        found.append(_alpha(inside, totals=totals - pattern, apart=fresh)[0])
    return np.array(found)


def _jackknife_error(values: FloatArray, times: Any) -> float:
    units = float(times.sum())
    if units < 2:
        return 0.0
    centre = float(times @ values) / units
    return float(np.sqrt((units - 1) / units * (times @ (values - centre) ** 2)))
