"""How many cases to draw from each stratum so that a budget of labels tells most.

Sizes and spreads in, whole numbers out. Which strata there are and what is asked of them is decided by the planner.
"""

from __future__ import annotations

from math import inf

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.inputs import FloatArray, as_count, as_counts, as_probabilities, as_vector, check_same_length

__all__ = ["neyman_allocation", "optimal_allocation"]


def neyman_allocation(
    sizes: ArrayLike, proportions: ArrayLike, *, budget: float, minimum: float = 0
) -> tuple[int, ...]:
    """Return how many to draw from each stratum, in their order, so that a weighted proportion varies least.

    Assumes simple random draws inside strata whose `proportions` are about right; a stratum with proportion 0 or 1
    gets no more than `minimum` while others can use the budget, so guesses of 0 need a minimum. No stratum gets more
    than it has, or less than `minimum` (or all it has). The counts sum to `budget`, or to all cases if there are fewer.
    Sources: Neyman, J R Stat Soc 1934;97:558-625; exact in whole numbers as Wright, Am Stat 2012;66:217-224.

    Raises:
        ValueError: sizes or budget that are no counts, proportions outside [0, 1], a budget below the minimums.
    """
    shares = as_probabilities(proportions, name="proportions")
    return optimal_allocation(sizes, np.sqrt(shares * (1 - shares)), budget=budget, minimum=minimum)


def optimal_allocation(sizes: ArrayLike, spreads: ArrayLike, *, budget: float, minimum: float = 0) -> tuple[int, ...]:
    """Return the draws that minimise Σ N²S²/n for strata of these sizes N and standard deviations S.

    As `neyman_allocation`, for any spread, such as that of an estimate's influence function.
    """
    room, spread = as_counts(sizes, name="sizes"), as_vector(spreads, name="spreads")
    check_same_length(sizes=room, spreads=spread)
    if (spread < 0).any():
        raise ValueError("spreads must not be negative")
    total, least = as_count(budget, name="budget"), np.minimum(as_count(minimum, name="minimum"), room)
    if least.sum() > total:
        raise ValueError(f"the minimum in each stratum takes {least.sum():.0f} of a budget of {total}")
    total = min(total, int(room.sum()))
    drawn = _by_priority(room * spread, room=room, least=least, total=total)
    left = total - int(drawn.sum())
    if left:  # every stratum that can use more is taken whole: the rest by size
        drawn += _by_priority(room - drawn, room=room - drawn, least=np.zeros_like(drawn), total=left)
    return tuple(int(count) for count in drawn)


def _by_priority(weights: FloatArray, *, room: FloatArray, least: FloatArray, total: int) -> FloatArray:
    """Take the draws with the highest priority N·S/√(n(n+1)) first (Wright's algorithm III with bounds)."""
    able = np.where(weights > 0, room, least)
    low, high = 0.0, float(weights.max(initial=0.0)) * 2 + 1
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if _counts_at(middle, weights, least, able).sum() > total else (low, middle)
    drawn = _counts_at(high, weights, least, able)
    while drawn.sum() > total:  # fewer draws than strata that need one: the largest come first
        drawn[np.where(drawn > least, weights, inf).argmin()] -= 1
    while drawn.sum() < min(total, able.sum()):
        step = np.where(drawn < able, weights / np.sqrt(np.maximum(drawn * (drawn + 1), 1e-12)), -1.0)
        drawn[step.argmax()] += 1
    return drawn


def _counts_at(price: float, weights: FloatArray, least: FloatArray, able: FloatArray) -> FloatArray:
    """Return the draws whose priority is at least `price`: the largest n with n(n−1) ≤ (N·S/price)²."""
    if price <= 0:
        return able.copy()
    wanted = np.where(weights > 0, np.floor((1 + np.sqrt(1 + 4 * (weights / price) ** 2)) / 2), 0)
    return np.clip(wanted, least, able)
