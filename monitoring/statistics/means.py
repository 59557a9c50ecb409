"""Means of figures of cases, such as Dice or minutes, with patient-clustered intervals."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite, sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.inputs import as_codes, as_vector, check_level
from monitoring.statistics.intervals import plain_interval
from monitoring.statistics.resolutions import hidden_spread, is_nothing
from monitoring.statistics.results import Estimate, Interval, NotEstimable


def mean(
    values: ArrayLike,
    *,
    clusters: Sequence[Any] | None = None,
    low: float = -inf,
    high: float = inf,
    level: float = 0.95,
) -> Estimate | NotEstimable:
    """Return a mean with a t interval on the number of patients, cut at what the figure can be.

    Assumes independent clusters (patients), nothing about the cases of one; approximate for few and skewed values.
    Where all are alike an end that has a bound is exact: as far towards it as Clopper–Pearson of none among so many
    patients leaves open; without a bound the error is what rounding hides. Below two patients: NotEstimable.
    """
    found = as_vector(values, name="values")
    codes = np.arange(found.size) if clusters is None else as_codes(clusters, name="clusters", length=found.size)
    count = int(codes.max()) + 1 if codes.size else 0
    check_level(level)
    if count < 2:
        return NotEstimable("fewer than two patients")
    value = float(found.mean())
    sums = np.bincount(codes, found - value)
    error = float(np.sqrt(count / (count - 1) * (sums**2).sum())) / found.size
    alike = is_nothing(error, found)
    if alike:
        error = hidden_spread(found) / sqrt(count)
    interval = plain_interval(value, error=error, level=level, df=count - 1, low=low, high=high)
    if alike:
        interval = _none_of(count, value=value, around=interval, low=low, high=high)
    name = "mean, t" + ("" if count == found.size else ", clustered by patient")
    return Estimate(value=value, interval=Interval(interval.low, interval.high, level), cases=found.size, method=name)


def _none_of(patients: int, *, value: float, around: Interval, low: float, high: float) -> Interval:
    """Return how far the mean may lie towards its bounds although none of the patients differed."""
    left = 1 - ((1 - around.level) / 2) ** (1 / patients)
    return Interval(
        value - left * (value - low) if isfinite(low) else around.low,
        value + left * (high - value) if isfinite(high) else around.high,
        around.level,
    )
