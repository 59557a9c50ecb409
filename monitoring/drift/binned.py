"""Scores as counted bins, and how far two such sets lie apart. Bins are finer than any distance shown.

Pure: values (a bin's middle) with counts in, distances with their null out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from monitoring.statistics.distances import population_stability_index, stability_null
from monitoring.statistics.inputs import FloatArray
from monitoring.statistics.results import NotEstimable

STABILITY_BINS = 10
LEAST_CASES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Binned:
    """Sorted values with their counts."""

    values: FloatArray
    counts: FloatArray

    @property
    def cases(self) -> int:
        return int(self.counts.sum())

    @property
    def mean(self) -> float:
        return float((self.values * self.counts).sum() / self.counts.sum())

    def quantiles(self, shares: Iterable[float]) -> list[float]:
        """Return the values below which these shares of cases lie."""
        upto = np.cumsum(self.counts) / self.counts.sum()
        places = np.minimum(np.searchsorted(upto, list(shares)), self.values.size - 1)
        return self.values[places].tolist()


def binned(counts: Mapping[float, int]) -> Binned:
    """Return counts by value as sorted arrays."""
    values = sorted(value for value, count in counts.items() if count > 0)
    return Binned(
        values=np.array(values, dtype=np.float64),
        counts=np.array([counts[value] for value in values], dtype=np.float64),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Distances:
    """How far two sets of scores lie apart, each beside what an unchanged distribution gives."""

    kolmogorov_smirnov: float
    kolmogorov_smirnov_limit: float
    stability: float
    stability_limit: float
    wasserstein: float

    @property
    def is_notable(self) -> bool:
        """Beyond what an unchanged distribution gives in 99 of 100 months."""
        return self.stability > self.stability_limit or self.kolmogorov_smirnov > self.kolmogorov_smirnov_limit


def distances(reference: Binned, current: Binned, *, level: float = 0.99) -> Distances | NotEstimable:
    """Return the distances of two sets; fewer than 20 cases on a side say nothing."""
    if min(reference.cases, current.cases) < LEAST_CASES:
        return NotEstimable(f"fewer than {LEAST_CASES} scores")
    every = np.union1d(reference.values, current.values)
    below = [_distribution(side, at=every) for side in (reference, current)]
    size = 1 / (1 / reference.cases + 1 / current.cases)
    counts = [_in_bins(side, edges=stability_edges(reference)) for side in (reference, current)]
    index = population_stability_index(*counts)
    assert not isinstance(index, NotEstimable)
    null = stability_null(
        bins=max(len(counts[0]), 2), reference_cases=reference.cases, current_cases=current.cases, level=level
    )
    return Distances(
        kolmogorov_smirnov=float(np.abs(below[0] - below[1]).max()),
        kolmogorov_smirnov_limit=float(stats.kstwobign.ppf(level) / np.sqrt(size)),
        stability=index,
        stability_limit=null.limit,
        wasserstein=float(
            stats.wasserstein_distance(reference.values, current.values, reference.counts, current.counts)
        ),
    )


def stability_edges(reference: Binned) -> FloatArray:
    """Return the frozen inner edges: equal shares of the reference."""
    return np.unique(reference.quantiles(np.linspace(0, 1, STABILITY_BINS + 1)[1:-1]))


def _distribution(side: Binned, *, at: FloatArray) -> FloatArray:
    upto = np.concatenate([[0.0], np.cumsum(side.counts)]) / side.counts.sum()
    return np.asarray(upto[np.searchsorted(side.values, at, side="right")])


def _in_bins(side: Binned, *, edges: FloatArray) -> FloatArray:
    places = np.searchsorted(edges, side.values, side="right")
    return np.asarray(np.bincount(places, weights=side.counts, minlength=len(edges) + 1), dtype=np.float64)
