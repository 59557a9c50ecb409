"""The rates of a question's cases at a threshold of today, whatever it was when they were scored.

From the cases they are exact. From sums, months of another threshold leave the cases of one bin open: the figure then
carries as `bounds` what these could give, and its interval holds for either end.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import numpy as np

from monitoring.performance.case_part import CasePart
from monitoring.performance.parts import figures_of
from monitoring.performance.questions import Figure
from monitoring.performance.rolled import CaseSource, SumSource
from monitoring.performance.scopes import Scope
from monitoring.performance.sum_part import SumPart
from monitoring.statistics.proportions import wilson
from monitoring.statistics.results import Estimate, Interval, NotEstimable

RATES = ("sensitivity", "specificity")


def changed_thresholds(scope: Scope, *, now: datetime) -> list[float]:
    """Return the thresholds in force now, where a deployment has had another one before; nothing otherwise."""
    key, today, ever = scope.finding.key, set(), set()
    for each in scope.settings.values():
        current = each.in_force(now)
        if current is not None and key in current.thresholds:
            today.add(float(current.thresholds[key]))
        ever |= {float(one.thresholds[key]) for one in each.configurations if key in one.thresholds}
    return sorted(today) if len(ever) > 1 else []


def rates_at(source: CaseSource | SumSource, threshold: float, *, kind: str) -> list[Figure]:
    """Return sensitivity and specificity of the scored cases as if this had been the threshold."""
    if isinstance(source, CaseSource):
        return figures_of(called_at(source.whole, threshold), RATES, slice={}, kind=kind)
    part = source.parts("").get("")
    return [] if part is None else list(bounded(part, threshold))


def called_at(part: CasePart, threshold: float) -> CasePart:
    """Return the scored cases with the decision that this threshold makes."""
    scored = part.at(np.flatnonzero(part.scored))
    scored.decision = (scored.score >= threshold).astype(np.int8)
    return scored


def bounded(part: SumPart, threshold: float) -> Iterable[Figure]:
    bins = part.bins
    above, below = bins["low"] >= threshold, bins["high"] < threshold
    for metric, truth, sure in (("sensitivity", "positive", above), ("specificity", "negative", below)):
        cases = int(bins[truth].sum())
        least = int(bins[truth][sure].sum())
        most = least + int(bins[truth][~above & ~below].sum())
        yield Figure(
            metric=metric,
            slice={},
            outcome=between(least, most, cases=cases),
            positives=cases if truth == "positive" else 0,
            reference=part.reference_of(metric),
            bounds=(least / cases, most / cases) if cases and least < most else None,
        )


def between(least: int, most: int, *, cases: int) -> Estimate | NotEstimable:
    """Return the middle of what the rate may be, with an interval that holds for both ends."""
    low, high = wilson(least, cases), wilson(most, cases)
    if isinstance(low, NotEstimable) or isinstance(high, NotEstimable):
        return NotEstimable("no scored case with this truth")
    return Estimate(
        value=(low.value + high.value) / 2,
        interval=Interval(low.interval.low, high.interval.high, low.interval.level),
        cases=cases,
        method="Wilson from bins" if least == most else "Wilson from bins, over what one bin leaves open",
    )
