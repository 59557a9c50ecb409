"""How much is enough: sizes of studies, what a plan of labels would buy, and how long a claim takes to settle.

Sizes and precision each have a module; what remains here is time: labels still needed at the rate at which they come.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from monitoring.statistics.confidence_sequences import confidence_sequence
from monitoring.statistics.plan_precision import (
    QUESTIONS,
    ExpectedPrecision,
    PlannedStratum,
    SamplingPlan,
    expected_precision,
    influence_spreads,
)
from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.statistics.sample_sizes import (
    AreaSize,
    PrecisionSize,
    ProportionSize,
    design_effect_of,
    sample_size_auc,
    sample_size_precision,
    sample_size_proportion,
)

__all__ = [
    "QUESTIONS",
    "AreaSize",
    "ExpectedPrecision",
    "MonthsToConclusion",
    "PlannedStratum",
    "PrecisionSize",
    "ProportionSize",
    "SamplingPlan",
    "design_effect_of",
    "expected_precision",
    "influence_spreads",
    "months_to_conclusion",
    "sample_size_auc",
    "sample_size_precision",
    "sample_size_proportion",
]

MOST_LABELS = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthsToConclusion:
    """How long until the evidence is in: months from now, labels in all, and which way it would settle."""

    months: float
    labels: int
    conclusion: str
    method: str


def months_to_conclusion(
    expected: float,
    *,
    bound: float,
    labels_per_month: float,
    labels_so_far: float = 0,
    successes_so_far: float | None = None,
    design_effect: float = 1.0,
    level: float = 0.95,
) -> MonthsToConclusion | NotEstimable:
    """Return when a claim against `bound` (figure − margin) would settle if the rate is `expected` from now on.

    Follows the expected path: the first size at which the Beta-mixture confidence sequence, valid at every look,
    leaves the bound; half of the true paths take longer. Labels count 1/`design_effect` each. The claim is
    "met" above the bound and "violated" below it. A rate at the bound, no labels coming, or more than 10 million
    needed: NotEstimable. Source: Robbins, Ann Math Stat 1970;41:1397-1409.

    Raises:
        ValueError: rates outside [0, 1], a negative pace.
    """
    if not (0 <= expected <= 1 and 0 < bound < 1):
        raise ValueError("expected must lie within [0, 1] and bound inside (0, 1)")
    if not (isfinite(labels_per_month) and labels_per_month >= 0 and design_effect > 0 and labels_so_far >= 0):
        raise ValueError("labels cannot come at a negative pace, nor with a design effect of 0")
    start = labels_so_far / design_effect
    seen = expected * start if successes_so_far is None else successes_so_far / design_effect
    if not 0 <= seen <= start:
        raise ValueError("more successes than labels so far")
    if expected == bound:
        return NotEstimable("the expected rate lies on the bound, so no number of labels settles it")
    needed = _labels_needed(expected, bound=bound, start=start, seen=seen, level=level)
    if needed is None:
        return NotEstimable("more than 10 million labels would be needed")
    more = max(0.0, needed - start) * design_effect
    if more and not labels_per_month:
        return NotEstimable("no labels are coming in")
    return MonthsToConclusion(
        months=more / labels_per_month if more else 0.0,
        labels=round(needed * design_effect),
        conclusion="met" if expected > bound else "violated",
        method="expected path of the Beta-mixture confidence sequence",
    )


def _labels_needed(expected: float, *, bound: float, start: float, seen: float, level: float) -> int | None:
    def is_settled(size: int) -> bool:
        hits = seen + expected * (size - start)
        found = confidence_sequence(min(max(hits, 0.0), size), size, level=level)
        if not isinstance(found, Estimate):
            return False
        return found.interval.low >= bound if expected > bound else found.interval.high < bound

    low = high = max(1, -int(-start // 1))
    while not is_settled(high):
        low, high = high, high * 2
        if high > MOST_LABELS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_settled(middle) else (middle, high)
    return high
