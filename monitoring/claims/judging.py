"""Met, violated or not yet shown: a claim against its evidence at every look. Pure.

The sequence since launch describes the average since launch; declared periods
and a detector that restarts describe the present.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from math import log

from monitoring.claims.evidence import Evidence, PatientValue
from monitoring.claims.terms import Measure
from monitoring.statistics.ratio_sequences import Weighted, bounds_at_looks, latest, log_capital, weighted
from monitoring.statistics.results import Estimate, Interval, NotEstimable


class Status(StrEnum):
    MET = "met"
    VIOLATED = "violated"
    NOT_YET = "not yet shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was known at the end of one day on which labels arrived."""

    on: date
    patients: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a claim stands at the last look. `since` is when the present status was first reached without a break."""

    status: Status
    estimate: Estimate | NotEstimable
    line: float
    since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One declared period by day of acquisition, and how the claim stood by the labels of its studies."""

    starts_on: date
    ends_on: date
    standing: Standing
    is_current: bool


def entered(evidence: Evidence) -> Weighted:
    """Return the values as they had arrived at the end of each day with labels."""
    values = evidence.values
    ends = [len(list(group)) for _, group in groupby(values, key=lambda each: each.known_at.date())]
    looks, seen = [], 0
    for size in ends:
        seen += size
        looks.append(seen)
    return weighted(
        [each.value for each in values],
        weights=[each.weight for each in values],
        ceiling=evidence.ceiling,
        looks=looks,
    )


def statuses_at_looks(found: Weighted, *, measure: Measure, level: float) -> list[Status]:
    """Return the status at each look: which side of the line the capital has proven, each with half of the error."""
    limit, line = log(2 / (1 - level)), measure.scaled_line
    above = log_capital(found, mean=line) >= limit
    below = log_capital(found.flipped, mean=1 - line) >= limit
    good, bad = (above, below) if measure.is_upward else (below, above)
    return [
        Status.MET if met else Status.VIOLATED if violated else Status.NOT_YET
        for met, violated in zip(good, bad, strict=True)
    ]


def standing_of(evidence: Evidence, *, measure: Measure, level: float) -> Standing:
    """Return how a claim stands, on the metric's own scale."""
    if not evidence.values:
        reason = NotEstimable("no patient has a label that counts")
        return Standing(status=Status.NOT_YET, estimate=reason, line=measure.line)
    found = entered(evidence)
    statuses = statuses_at_looks(found, measure=measure, level=level)
    days = look_days(evidence)
    stay = next((place for place in range(len(statuses), 0, -1) if statuses[place - 1] is not statuses[-1]), 0)
    return Standing(
        status=statuses[-1],
        estimate=_in_units(latest(found, level=level), measure=measure),
        line=measure.line,
        since=days[stay],
    )


def look_days(evidence: Evidence) -> list[date]:
    return list(dict.fromkeys(each.known_at.date() for each in evidence.values))


def _in_units(found: Estimate | NotEstimable, *, measure: Measure) -> Estimate | NotEstimable:
    if isinstance(found, NotEstimable):
        return found
    interval = Interval(measure.raw(found.interval.low), measure.raw(found.interval.high), found.interval.level)
    return replace(found, value=measure.raw(found.value), interval=interval)


def looks_of(evidence: Evidence, *, measure: Measure, level: float) -> list[Look]:
    """Return the sequence at every day on which labels arrived, on the metric's own scale."""
    if not evidence.values:
        return []
    found = entered(evidence)
    low, high = bounds_at_looks(found, level=level)
    return [
        Look(on=on, patients=int(size), value=measure.raw(v), low=measure.raw(a), high=measure.raw(b))
        for on, size, v, a, b in zip(look_days(evidence), found.looks, found.means(), low, high, strict=True)
    ]


def periods_of(
    evidence: Evidence, *, measure: Measure, level: float, starts_on: date, days: int, today: date
) -> list[Period]:
    """Return the declared periods up to today, each with a sequence of its own over the studies acquired in it."""
    found = []
    for place in range(max((today - starts_on).days // days + 1, 1)):
        first = starts_on + timedelta(days=place * days)
        last = first + timedelta(days=days - 1)
        inside = tuple(each for each in evidence.values if first <= each.day <= last)
        standing = standing_of(replace(evidence, values=inside), measure=measure, level=level)
        found.append(Period(starts_on=first, ends_on=last, standing=standing, is_current=first <= today <= last))
    return found


def detector_values(values: Sequence[PatientValue], *, measure: Measure, ceiling: float) -> list[float]:
    """Return what the detector is fed: values in [0, 1] whose mean is the line or more while the claim is true.

    A value with less than the full weight is drawn towards the line by as much, so a sampled patient counts as the
    patients they stand for.
    """
    line = measure.scaled_line if measure.is_upward else 1 - measure.scaled_line
    own = [each.value if measure.is_upward else 1 - each.value for each in values]
    return [line + each.weight / ceiling * (value - line) for each, value in zip(values, own, strict=True)]


def detector_line(measure: Measure) -> float:
    return measure.scaled_line if measure.is_upward else 1 - measure.scaled_line


def arrived_by(evidence: Evidence, *, moment: datetime) -> Evidence:
    """Return the evidence as it stood at a moment."""
    return replace(evidence, values=tuple(each for each in evidence.values if each.known_at <= moment))
