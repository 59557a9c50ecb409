"""How far two histograms over the same bins lie apart, with what any values inside the bins could give.

Counts per bin are mergeable over days and sites; where the edges lie is decided in monitoring.rollups. Distances
of the values themselves are in `distances`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.inputs import BoolArray, FloatArray, as_counts, as_labels, as_vector, check_same_length
from monitoring.statistics.results import NotEstimable

NO_CASES = "no cases on one side"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramDistance:
    """A distance from bins; the exact one of the values lies within `lower_bound` and `upper_bound`, ends included."""

    value: float
    lower_bound: float
    upper_bound: float
    method: str


def kolmogorov_smirnov_from_histograms(
    reference_counts: ArrayLike, current_counts: ArrayLike, *, ties: ArrayLike | None = None
) -> HistogramDistance | NotEstimable:
    """Return the largest difference of the distribution functions at the edges, which is the least it can be.

    The most it can be: all of one side comes first inside a bin. `ties` marks bins that hold one single value, which
    are exact. No cases on one side: NotEstimable.

    Raises:
        ValueError: counts that are negative or not whole, lengths that differ.
    """
    shares = _shares(reference_counts, current_counts)
    if isinstance(shares, NotEstimable):
        return shares
    first, second = shares
    single: BoolArray = np.zeros(first.size, dtype=np.bool_) if ties is None else as_labels(ties, name="ties")
    check_same_length(reference_counts=first, ties=single)
    after = np.cumsum(first) - np.cumsum(second)
    before = after - (first - second)
    inside = np.maximum(before + first, second - before)[~single]
    at_edges = float(np.abs(after).max())
    return HistogramDistance(
        value=at_edges,
        lower_bound=at_edges,
        upper_bound=min(1.0, max(at_edges, float(inside.max(initial=0.0)))),
        method="Kolmogorov–Smirnov at the edges of bins",
    )


def wasserstein_from_histograms(
    reference_counts: ArrayLike, current_counts: ArrayLike, *, edges: ArrayLike
) -> HistogramDistance | NotEstimable:
    """Return the first Wasserstein distance of values spread evenly inside their bins, in the unit of the edges.

    It is the area between the distribution functions; inside a bin each may rise anywhere from its value at one edge
    to that at the next, which gives the bounds. `edges` are one more than the bins. No cases on one side: NotEstimable.

    Raises:
        ValueError: counts as in the other function, edges that do not rise or are not one more than the bins.
    """
    shares = _shares(reference_counts, current_counts)
    widths = _widths(edges, bins=np.asarray(reference_counts).size)
    if isinstance(shares, NotEstimable):
        return shares
    start, end, least, most = _gaps(*shares)
    same_side = start * end >= 0
    size = np.abs(start) + np.abs(end)
    crossed = np.divide(start**2 + end**2, size, out=np.zeros_like(size), where=size > 0)
    even = np.where(same_side, size, crossed) / 2
    value, low, high = (float((widths * each).sum()) for each in (even, least, most))
    return HistogramDistance(value=value, lower_bound=low, upper_bound=high, method="Wasserstein from bins")


def energy_distance_from_histograms(
    reference_counts: ArrayLike, current_counts: ArrayLike, *, edges: ArrayLike
) -> HistogramDistance | NotEstimable:
    """Return the energy distance, √(2 ∫(F − G)²) as SciPy's, of values spread evenly inside their bins, with bounds.

    Edges, bounds and errors as `wasserstein_from_histograms`.
    """
    shares = _shares(reference_counts, current_counts)
    widths = _widths(edges, bins=np.asarray(reference_counts).size)
    if isinstance(shares, NotEstimable):
        return shares
    start, end, least, most = _gaps(*shares)
    even = (start**2 + start * end + end**2) / 3
    value, low, high = (sqrt(2 * float((widths * each).sum())) for each in (even, least**2, most**2))
    return HistogramDistance(value=value, lower_bound=low, upper_bound=high, method="energy distance from bins")


def _shares(reference_counts: ArrayLike, current_counts: ArrayLike) -> tuple[FloatArray, FloatArray] | NotEstimable:
    reference = as_counts(reference_counts, name="reference_counts")
    current = as_counts(current_counts, name="current_counts")
    check_same_length(reference_counts=reference, current_counts=current)
    if not reference.sum() or not current.sum():
        return NotEstimable(NO_CASES)
    return reference / reference.sum(), current / current.sum()


def _widths(edges: ArrayLike, *, bins: int) -> FloatArray:
    borders = as_vector(edges, name="edges")
    widths = np.diff(borders)
    if borders.size != bins + 1 or (widths <= 0).any():
        raise ValueError("edges must rise and be one more than the bins")
    return np.asarray(widths)


def _gaps(first: FloatArray, second: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return, for each bin, F − G at its start and end, and the least and most |F − G| inside it."""
    end = np.cumsum(first) - np.cumsum(second)
    start = end - (first - second)
    most = np.maximum(start + first, second - start)
    least = np.maximum(0.0, np.maximum(start - second, -start - first))
    return start, end, least, most
