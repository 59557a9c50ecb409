"""Quantiles of times and sizes with distribution-free intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from monitoring.statistics import proportions
from monitoring.statistics.inputs import FloatArray, as_codes, as_vector, check_level
from monitoring.statistics.resolutions import resolution, with_width
from monitoring.statistics.results import Estimate, NotEstimable


def median(values: ArrayLike, *, clusters: Sequence[Any] | None = None, level: float = 0.95) -> Estimate | NotEstimable:
    """Return the median with the distribution-free interval between order statistics; see `quantile`."""
    return quantile(values, share=0.5, clusters=clusters, level=level)


def quantile(
    values: ArrayLike, *, share: float, clusters: Sequence[Any] | None = None, level: float = 0.95
) -> Estimate | NotEstimable:
    """Return the value below which `share` of the values lie, with an interval between order statistics.

    Assumes independent values; the interval covers at least `level` (Conover, Practical Nonparametric Statistics,
    3rd ed., section 3.2). With clusters, independent patients: the share below the quantile has its clustered
    interval, and the values at its ends are the quantile's (Woodruff, JASA 1952;47:635-646). Too few values for two
    such ends: NotEstimable, for the whole range would cover less.
    """
    if not 0 < share < 1:
        raise ValueError(f"share must lie between 0 and 1, not {share}")
    found = as_vector(values, name="values")
    check_level(level)
    order = np.argsort(found, kind="stable")
    ordered, word = found[order], "median" if share == 0.5 else f"{share:.0%} quantile"
    codes = None if clusters is None else as_codes(clusters, name="clusters", length=found.size)[order]
    if codes is not None and codes.size and np.bincount(codes).max() > 1:
        ranks, name = _clustered_ranks(ordered, codes, share=share, level=level), "Woodruff, clustered by patient"
    else:
        ranks, name = _ranks(ordered.size, share=share, tail=(1 - level) / 2), "order statistics"
    if ranks is None or ranks[0] < 1 or ranks[1] > ordered.size:
        return NotEstimable(f"{ordered.size} values are too few for a {word} with an interval")
    low, high = float(ordered[ranks[0] - 1]), float(ordered[ranks[1] - 1])
    interval = with_width(low, high, least=resolution(ordered) / 2, level=level)
    value = float(np.quantile(ordered, share))
    return Estimate(value=value, interval=interval, cases=int(ordered.size), method=f"{word}, {name}")


def _clustered_ranks(ordered: FloatArray, codes: Any, *, share: float, level: float) -> tuple[int, int] | None:
    below = ordered <= np.quantile(ordered, share)
    trials = np.bincount(codes)
    found = proportions.clustered(np.bincount(codes[below], minlength=trials.size), trials, level=level)
    if isinstance(found, NotEstimable):
        return None
    # The interval of the share, moved to where the share is the one asked for.
    size, gap = ordered.size, share - found.value
    return int(np.floor(size * (found.interval.low + gap))), int(np.ceil(size * (found.interval.high + gap))) + 1


def _ranks(size: int, *, share: float, tail: float) -> tuple[int, int]:
    """Return the ranks r and s of the ends: P(X < r) and P(X ≥ s) are at most `tail`, X binomial."""
    if size == 0:
        return 0, 1
    first = int(stats.binom.ppf(tail, size, share))
    if stats.binom.cdf(first - 1, size, share) > tail:
        first -= 1
    last = int(stats.binom.ppf(1 - tail, size, share)) + 1
    return first, last
