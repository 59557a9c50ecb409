"""A mean, or a ratio of weighted sums, at every look at once: bets of constant size, mixed.

Values in [0, 1], each with its sampling weight, one a patient. Which patient
has which value is decided in monitoring.claims; how a chart of it is drawn, in its figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.inputs import FloatArray, IntArray
from monitoring.statistics.results import Estimate, Interval, NotEstimable

BETS: Final[FloatArray] = np.geomspace(0.003, 0.97, 20)
GRID = 160
HALVINGS = 40
METHOD = "betting with a mixture of constant bets, valid at every look"


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceEstimate(Estimate):
    """The estimate at one look; `cases` are the patients that have entered by then."""

    look: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weighted:
    """Distinct pairs of value and weight, and how many of each have entered by each look."""

    values: FloatArray
    weights: FloatArray
    counts: FloatArray
    looks: IntArray

    @property
    def flipped(self) -> Weighted:
        return Weighted(values=1 - self.values, weights=self.weights, counts=self.counts, looks=self.looks)

    def means(self) -> FloatArray:
        """Return the weighted mean at each look."""
        size = self.counts @ self.weights
        return np.asarray((self.counts @ (self.weights * self.values)) / size, dtype=np.float64)


def weighted(
    values: ArrayLike, *, weights: ArrayLike | None = None, ceiling: float = 1.0, looks: Sequence[int] | None = None
) -> Weighted:
    """Return the values as they had entered at each look. `looks` are counts of values, ascending; default every one.

    `ceiling` is the largest weight that any value may get, known before the labels: weights are taken as shares of it.

    Raises:
        ValueError: a value outside [0, 1], a weight that is not in (0, ceiling], lengths that differ, or looks that
            do not ascend within the values.
    """
    found = np.asarray(values, dtype=np.float64)
    sizes = np.ones_like(found) if weights is None else np.asarray(weights, dtype=np.float64) / ceiling
    if found.ndim != 1 or sizes.shape != found.shape:
        raise ValueError("values and weights must be two sequences of one length")
    if not (np.all(found >= 0) and np.all(found <= 1)):
        raise ValueError("every value must be a number in [0, 1]")
    if not (np.all(sizes > 0) and np.all(sizes <= 1 + 1e-12)):
        raise ValueError("every weight must be a number above 0 and at most the ceiling")
    at = np.arange(1, found.size + 1) if looks is None else np.asarray(looks, dtype=np.int64)
    if at.size and (at[0] < 1 or at[-1] > found.size or np.any(np.diff(at) <= 0)):
        raise ValueError("looks must ascend, from 1 to the number of values")
    return _grouped(found, sizes, at=at)


def _grouped(values: FloatArray, weights: FloatArray, *, at: IntArray) -> Weighted:
    pairs, place = np.unique(np.column_stack([values, weights]), axis=0, return_inverse=True)
    look_of = np.searchsorted(at, np.arange(1, values.size + 1))
    counts = np.zeros((at.size + 1, len(pairs)))
    np.add.at(counts, (look_of, place.reshape(-1)), 1.0)
    return Weighted(values=pairs[:, 0], weights=pairs[:, 1], counts=np.cumsum(counts[: at.size], axis=0), looks=at)


def log_capital(entered: Weighted, *, mean: float) -> FloatArray:
    """Return, at each look, the log of what betting on a higher mean than `mean` has won from a capital of 1.

    For each bet b the capital is the product of 1 + b v (x / mean - 1), v the weight as a share of its ceiling; equal
    parts of the capital go on each b of a fixed grid. Where the weighted mean is `mean` or less it is a non-negative
    supermartingale, so it ever reaches 1/a with a chance of at most a (Ville; Waudby-Smith & Ramdas 2024, JRSSB
    86:1). A bet of constant size makes it free of the order in which the values come, and lower for a higher `mean`.

    Assumes that patients are alike draws, or that each mean given the past is at most `mean`.
    """
    steps = np.log1p(np.outer(entered.weights * (entered.values / mean - 1), BETS))
    won = entered.counts @ steps
    highest = won.max(axis=1, initial=0.0)
    total = np.exp(won - highest[:, None]).mean(axis=1)
    return np.asarray(highest + np.log(total), dtype=np.float64)


def bounds_at_looks(entered: Weighted, *, level: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Return the lower and the upper bound at every look, each with an error of (1 - level) / 2 over all looks."""
    grid = np.linspace(0, 1, GRID + 2)[1:-1]
    limit = log(2 / (1 - level))
    lower = _lower_bounds(entered, grid=grid, limit=limit)
    return lower, 1 - _lower_bounds(entered.flipped, grid=grid, limit=limit)


def _lower_bounds(entered: Weighted, *, grid: FloatArray, limit: float) -> FloatArray:
    """Return the largest mean refused at each look, between two points of the grid by a straight line."""
    capital = np.column_stack([log_capital(entered, mean=float(mean)) for mean in grid])
    above = np.maximum(np.sum(capital >= limit, axis=1) - 1, 0)  # the capital falls along the grid
    below = np.minimum(above + 1, grid.size - 1)
    rows = np.arange(capital.shape[0])
    fall = np.maximum(capital[rows, above] - capital[rows, below], 1e-12)
    share = np.clip((capital[rows, above] - limit) / fall, 0, 1)
    crossing = grid[above] + share * (grid[below] - grid[above])
    return np.asarray(np.where(capital[:, 0] >= limit, crossing, 0.0), dtype=np.float64)


def latest(entered: Weighted, *, level: float = 0.95) -> SequenceEstimate | NotEstimable:
    """Return the estimate at the last look, its bounds to the last digit."""
    if not entered.looks.size:
        return NotEstimable("no patient has a label that counts")
    last = Weighted(
        values=entered.values, weights=entered.weights, counts=entered.counts[-1:], looks=entered.looks[-1:]
    )
    limit = log(2 / (1 - level))
    low, high = _refused_below(last, limit=limit), 1 - _refused_below(last.flipped, limit=limit)
    return SequenceEstimate(
        value=float(last.means()[0]),
        interval=Interval(low, high, level),
        cases=int(last.looks[0]),
        method=METHOD,
        look=int(last.looks[0]),
    )


def _refused_below(last: Weighted, *, limit: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if log_capital(last, mean=middle)[0] >= limit:
            low = middle
        else:
            high = middle
    return low
