"""Gwet's AC1 and AC2: agreement whose chance correction does not collapse when one category is rare.

Ratings may be missing: observed agreement is over units with two or more ratings, the
frequencies of the categories over all rated units.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.disagreement_weights import (
    Weights,
    as_square_counts,
    coefficient_interval,
    disagreement,
    settled,
    weights_name,
)
from monitoring.statistics.inputs import FloatArray, check_level
from monitoring.statistics.ratings import counts_of_units
from monitoring.statistics.results import Estimate, NotEstimable


def gwet_ac(
    *,
    table: ArrayLike | None = None,
    ratings: Any = None,
    weights: Weights = None,
    categories: Sequence[Any] | None = None,
    level: float = 0.95,
) -> Estimate | NotEstimable:
    """Return AC1, or with weights AC2, of two raters' `table` or of `ratings` (units × raters, NaN missing).

    Assumes independent units. `weights` hold disagreement as in `cohen_kappa`, over the categories in sorted
    order; `categories` names them where not all were used. Interval: linearised over units, t.
    Sources: Gwet, Br J Math Stat Psychol 2008;61:29-48; Handbook of Inter-Rater Reliability, 4th ed. 2014, ch. 5.
    No unit with two ratings, fewer than two units, or one category only: NotEstimable.

    Raises:
        ValueError: both or neither of `table` and `ratings`.
    """
    check_level(level)
    if (table is None) == (ratings is None):
        raise ValueError("give either a table or ratings")
    if table is not None:
        counts, times = _units_of_table(as_square_counts(table))
    else:
        counts = counts_of_units(ratings, categories=categories)
        times = np.ones(counts.shape[0])
    rated = counts.sum(axis=1) > 0
    return _coefficient(counts[rated], times[rated], weights=weights, level=level)


def _units_of_table(table: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return one unit for each cell, with how often it was seen."""
    size = table.shape[0]
    one = np.eye(size)
    counts = (one[:, None, :] + one[None, :, :]).reshape(size * size, size)
    seen = table.ravel() > 0
    return counts[seen], table.ravel()[seen]


def _coefficient(counts: FloatArray, times: FloatArray, *, weights: Weights, level: float) -> Estimate | NotEstimable:
    units, size = float(times.sum()), counts.shape[1]
    raters = counts.sum(axis=1)
    paired = raters >= 2
    if not paired.any():
        return NotEstimable("no unit has two ratings")
    if units < 2:
        return NotEstimable("fewer than two units")
    if size < 2:
        return NotEstimable("one category only was used")
    agreeing = 1 - disagreement(weights, size=size)
    shares = (times @ (counts / raters[:, None])) / units
    spread = float(agreeing.sum()) / (size * (size - 1))
    expected = 1 - spread * float((shares * (1 - shares)).sum())
    if expected <= 0:
        return NotEstimable("the weights leave no disagreement to expect by chance")
    observed = _observed(counts, raters=raters, agreeing=agreeing)
    pairs = float(times[paired].sum())
    value = settled(1 - (1 - float(times[paired] @ observed[paired]) / pairs) / expected)
    # Each unit's part of the coefficient: its own agreement, and what it does to the frequencies.
    chance = spread * ((counts / raters[:, None]) @ (1 - shares))
    parts = np.where(paired, units / pairs * (observed - (1 - expected)) / expected, 0.0)
    parts = parts - 2 * (1 - value) * (chance - (1 - expected)) / expected
    error = float(np.sqrt(times @ (parts - value) ** 2 / (units * (units - 1))))
    return Estimate(
        value=value,
        interval=coefficient_interval(value, error=error, expected=expected, size=pairs, level=level, df=units - 1),
        cases=int(units),
        method=("Gwet's AC1" if weights is None else "Gwet's AC2") + weights_name(weights),
    )


def _observed(counts: FloatArray, *, raters: FloatArray, agreeing: FloatArray) -> FloatArray:
    pairs = np.maximum(raters * (raters - 1), 1.0)
    return np.asarray((counts * (counts @ agreeing.T - 1)).sum(axis=1) / pairs)
