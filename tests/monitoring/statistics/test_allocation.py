"""Sharing a budget of labels among strata: known variances, whole numbers, and the best of all small cases."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.statistics.allocation import neyman_allocation, optimal_allocation

SIZES = np.array([12_000, 5_000, 2_000, 1_000])


def variance(sizes, shares, counts):
    sizes, shares, counts = np.array(sizes, float), np.array(shares), np.array(counts, float)
    return ((sizes / sizes.sum()) ** 2 * shares * (1 - shares) / counts).sum()


def test_neyman_beats_drawing_in_proportion():
    """The example of the planner: proportional 1.17e-4 or so against 8e-5 for 400 of 20,000."""
    shares = [0.004, 0.03, 0.2, 0.6]
    counts = neyman_allocation(SIZES, shares, budget=400)
    assert sum(counts) == 400
    assert variance(SIZES, shares, counts) < 0.75 * variance(SIZES, shares, SIZES * 0.02)
    exact = SIZES * np.sqrt(np.array(shares) * (1 - np.array(shares)))
    assert np.abs(np.array(counts) - 400 * exact / exact.sum()).max() <= 1


@given(
    st.lists(st.tuples(st.integers(1, 6), st.floats(0.02, 0.98)), min_size=2, max_size=3),
    st.integers(3, 9),
)
@settings(max_examples=50, deadline=None)
def test_no_whole_numbers_do_better(strata, budget):
    sizes, shares = zip(*strata, strict=True)
    budget = min(budget, sum(sizes))
    if budget < len(sizes):
        return
    counts = neyman_allocation(sizes, shares, budget=budget, minimum=1)
    best = min(
        variance(sizes, shares, each)
        for each in product(*(range(1, size + 1) for size in sizes))
        if sum(each) == budget
    )
    assert sum(counts) == budget
    assert variance(sizes, shares, counts) == pytest.approx(best, rel=1e-9)


@given(
    st.lists(st.tuples(st.integers(0, 500), st.floats(0, 1)), min_size=1, max_size=6),
    st.integers(0, 1_500),
    st.integers(0, 20),
)
@settings(max_examples=100, deadline=None)
def test_counts_keep_to_sizes_floors_and_budget(strata, budget, minimum):
    sizes, shares = zip(*strata, strict=True)
    if sum(min(minimum, size) for size in sizes) > budget:
        with pytest.raises(ValueError, match="minimum"):
            neyman_allocation(sizes, shares, budget=budget, minimum=minimum)
        return
    counts = neyman_allocation(sizes, shares, budget=budget, minimum=minimum)
    assert sum(counts) == min(budget, sum(sizes))
    assert all(min(minimum, size) <= count <= size for size, count in zip(sizes, counts, strict=True))


def test_a_stratum_that_says_nothing_gets_the_floor_and_a_full_one_passes_on():
    assert neyman_allocation([100, 100], [0.0, 0.5], budget=50, minimum=5) == (5, 45)
    assert neyman_allocation([100, 10], [0.0, 0.5], budget=50) == (40, 10)


def test_nonsense_is_refused():
    for sizes, spreads in (([1.5], [1.0]), ([3], [-1.0]), ([3, 4], [1.0])):
        with pytest.raises(ValueError, match=r"sizes|spreads|lengths"):
            optimal_allocation(sizes, spreads, budget=1)
