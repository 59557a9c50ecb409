"""Two groups of one metric: their difference with its interval, and a test of it. Pure.

Groups are taken as independent; a patient in two of them (two scanners, two age bands) makes the interval
slightly too wide when what happens to that patient is alike, never too narrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, sqrt

from scipy import special, stats

from monitoring.statistics import multiplicity
from monitoring.statistics.results import Estimate, Interval
from monitoring.subgroups.scales import Scale, Share, effect_of, share_of

LEAST_EXPECTED = 5.0  # Cochran's rule: families of comparisons look far into the tails, where Campbell's 1 is too few


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """First minus second, as the metric is shown. `adjusted` is the p-value after the family was allowed for."""

    value: float
    interval: Interval
    p_value: float
    method: str
    adjusted: float = 1.0


def difference_of(one: Estimate, other: Estimate, *, scale: Scale, level: float = 0.95) -> Difference:
    """Return the difference of two figures of independent groups."""
    if scale is Scale.SHARE:
        return share_difference(share_of(one), share_of(other), level=level)
    first, second = effect_of(one, scale=scale), effect_of(other, scale=scale)
    z = (first.value - second.value) / sqrt(first.variance + second.variance)
    gap = one.value - other.value
    # MOVER (Zou & Donner, Stat Med 2008;27:1693-1702): the figures' own intervals, at the level asked for.
    stretch = special.ndtri(0.5 + level / 2) / special.ndtri(0.5 + one.interval.level / 2)
    low = gap - stretch * hypot(one.value - one.interval.low, other.interval.high - other.value)
    high = gap + stretch * hypot(one.interval.high - one.value, other.value - other.interval.low)
    return Difference(
        value=gap,
        interval=Interval(low, high, level),
        p_value=float(2 * special.ndtr(-abs(z))),
        method="square-and-add of two intervals, z test" + (" of logits" if scale is Scale.AREA else ""),
    )


def share_difference(one: Share, other: Share, *, level: float = 0.95) -> Difference:
    """Return the difference of two shares: Newcombe's interval and a test, both with effective sizes."""
    first, second = one.interval(level), other.interval(level)
    gap = one.value - other.value
    low = gap - hypot(one.value - first.low, second.high - other.value)
    high = gap + hypot(first.high - one.value, other.value - second.low)
    p_value, test = share_test(one, other)
    return Difference(
        value=gap,
        interval=Interval(max(-1.0, low), min(1.0, high), level),
        p_value=p_value,
        method=f"Newcombe hybrid score, {test}",
    )


def share_test(one: Share, other: Share) -> tuple[float, str]:
    """Return the two-sided p-value of equal shares: N−1 chi-square, or Fisher–Irwin where a cell expects too little."""
    total = one.size + other.size
    pooled = (one.value * one.size + other.value * other.size) / total
    if min(one.size, other.size) * min(pooled, 1 - pooled) < LEAST_EXPECTED:
        table = [counts(one), counts(other)]
        return float(stats.fisher_exact(table)[1]), "Fisher–Irwin test"
    variance = pooled * (1 - pooled) * (1 / one.size + 1 / other.size) * total / (total - 1)
    return float(2 * special.ndtr(-abs(one.value - other.value) / sqrt(variance))), "N−1 chi-square"


def counts(share: Share) -> tuple[int, int]:
    """Return whole effective counts, rounded so that the group never weighs more than it does."""
    size = int(share.size)
    hits = round(share.value * size)
    return hits, size - hits


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for the whole family by Holm: groups against the rest depend on each other."""
    return [float(each) for each in multiplicity.holm(list(p_values)).adjusted]
