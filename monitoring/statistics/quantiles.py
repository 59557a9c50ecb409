"""Quantiles of times and sizes with distribution-free intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from monitoring.statistics.inputs import as_vector, check_level
from monitoring.statistics.resolutions import resolution, with_width
from monitoring.statistics.results import Estimate, NotEstimable


def median(values: ArrayLike, *, level: float = 0.95) -> Estimate | NotEstimable:
    """Return the median with the distribution-free interval between order statistics; see `quantile`."""
    return quantile(values, share=0.5, level=level)


def quantile(values: ArrayLike, *, share: float, level: float = 0.95) -> Estimate | NotEstimable:
    """Return the value below which `share` of the values lie, with an interval between order statistics.

    Assumes independent values; the interval covers at least `level` (Conover, Practical Nonparametric Statistics,
    3rd ed., section 3.2). Too few values for two such ends: NotEstimable, for the whole range would cover less.
    """
    if not 0 < share < 1:
        raise ValueError(f"share must lie between 0 and 1, not {share}")
    ordered = np.sort(as_vector(values, name="values"))
    tail, size = (1 - check_level(level)) / 2, int(ordered.size)
    word = "median" if share == 0.5 else f"{share:.0%} quantile"
    first, last = _ranks(size, share=share, tail=tail)
    if first < 1 or last > size:
        return NotEstimable(f"{size} values are too few for a {word} with an interval")
    interval = with_width(
        float(ordered[first - 1]), float(ordered[last - 1]), least=resolution(ordered) / 2, level=level
    )
    return Estimate(
        value=float(np.quantile(ordered, share)), interval=interval, cases=size, method=f"{word}, order statistics"
    )


def _ranks(size: int, *, share: float, tail: float) -> tuple[int, int]:
    """Return the ranks r and s of the ends: P(X < r) and P(X ≥ s) are at most `tail`, X binomial."""
    if size == 0:
        return 0, 1
    first = int(stats.binom.ppf(tail, size, share))
    if stats.binom.cdf(first - 1, size, share) > tail:
        first -= 1
    last = int(stats.binom.ppf(1 - tail, size, share)) + 1
    return first, last
