"""Distances of histograms are held to those of the values behind them, which their bounds must enclose."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from monitoring.statistics.distances import (
    energy_distance_from_histograms,
    kolmogorov_smirnov_from_histograms,
    wasserstein_from_histograms,
)
from monitoring.statistics.results import NotEstimable

EDGES = np.array([0.0, 0.05, 0.1, 0.3, 0.6, 0.9, 1.0])

values = st.lists(st.floats(0, 0.999), min_size=1, max_size=40)


def counts_of(sample: list[float]) -> np.ndarray:
    return np.histogram(sample, bins=EDGES)[0]


@given(values, values)
def test_the_exact_distance_lies_within_the_bounds(x, y):
    counts = counts_of(x), counts_of(y)
    for found, exact in (
        (kolmogorov_smirnov_from_histograms(*counts), stats.ks_2samp(x, y).statistic),
        (wasserstein_from_histograms(*counts, edges=EDGES), stats.wasserstein_distance(x, y)),
        (energy_distance_from_histograms(*counts, edges=EDGES), stats.energy_distance(x, y)),
    ):
        assert found.lower_bound - 1e-9 <= exact <= found.upper_bound + 1e-9
        assert found.lower_bound - 1e-9 <= found.value <= found.upper_bound + 1e-9


@given(values, values, st.integers(1, 4))
def test_distances_do_not_change_when_every_count_is_multiplied(x, y, times):
    one, many = (counts_of(x), counts_of(y)), (times * counts_of(x), counts_of(y))
    assert kolmogorov_smirnov_from_histograms(*one).upper_bound == pytest.approx(
        kolmogorov_smirnov_from_histograms(*many).upper_bound
    )
    assert wasserstein_from_histograms(*one, edges=EDGES).value == pytest.approx(
        wasserstein_from_histograms(*many, edges=EDGES).value
    )


def test_the_bounds_are_reached_by_the_worst_order_inside_a_bin():
    """One bin: all of one side at its start and all of the other at its end, or both together."""
    found = wasserstein_from_histograms([3], [5], edges=[0.0, 2.0])
    assert (found.lower_bound, found.upper_bound) == (0, 2)
    assert kolmogorov_smirnov_from_histograms([3], [5]).upper_bound == 1


def test_bins_of_one_single_value_are_exact():
    found = kolmogorov_smirnov_from_histograms([5, 5, 10], [10, 5, 5], ties=[True, True, True])
    assert found.lower_bound == found.upper_bound == pytest.approx(0.25)


def test_many_bins_come_near_the_exact_distance():
    generator = np.random.default_rng(71)
    x, y, edges = generator.beta(2, 5, 20_000), generator.beta(2, 4, 20_000), np.linspace(0, 1, 1_001)
    found = wasserstein_from_histograms(np.histogram(x, edges)[0], np.histogram(y, edges)[0], edges=edges)
    assert found.value == pytest.approx(stats.wasserstein_distance(x, y), rel=1e-3)
    assert found.upper_bound - found.lower_bound <= 2 * 0.001


def test_identical_histograms_are_at_no_distance():
    assert wasserstein_from_histograms([2, 4], [4, 8], edges=[0, 1, 2]).value == 0
    assert energy_distance_from_histograms([2, 4], [4, 8], edges=[0, 1, 2]).lower_bound == 0


def test_an_empty_side_has_no_distance():
    assert isinstance(kolmogorov_smirnov_from_histograms([0, 0], [1, 2]), NotEstimable)
    assert isinstance(wasserstein_from_histograms([0], [1], edges=[0, 1]), NotEstimable)
    assert isinstance(energy_distance_from_histograms([1], [0], edges=[0, 1]), NotEstimable)


@pytest.mark.parametrize("edges", [[0, 1], [0, 1, 1], [0, 2, 1], [0, 1, 2, 3]])
def test_edges_that_do_not_fit_are_refused(edges):
    with pytest.raises(ValueError, match="edges"):
        wasserstein_from_histograms([1, 2], [2, 1], edges=edges)
