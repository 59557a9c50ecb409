"""A fold: the case after minus the case before, gathered by month. Pure counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from monitoring.cases.actions import Change
from monitoring.cases.facts import CountedCase
from monitoring.rollups.columns import Entry, code_of
from monitoring.rollups.delays import delay_place

UNROLLED = frozenset({"site", "month", "version"})
PERSON_BITS = (1 << 64) - 1


class MonthKey(NamedTuple):
    """One row of the sums; `month` is the day of its first."""

    deployment_id: str
    finding: str
    rule: str
    version: str
    year: int
    month: int


@dataclass(slots=True)
class MonthDelta:
    """What one month gains and loses: counted cases, numbers left out by reason and day, labels by delay."""

    entries: list[Entry] = field(default_factory=list)
    excluded: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    delays: dict[int, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(slots=True)
class Delta:
    """What a fold changes, by month; `size` is how many cases wait in it."""

    months: dict[MonthKey, MonthDelta] = field(default_factory=lambda: defaultdict(MonthDelta))
    size: int = 0

    def clear(self) -> None:
        self.months.clear()
        self.size = 0


def fold(changes: Iterable[Change], *, into: Delta) -> None:
    """Add what changed to the months."""
    for change in changes:
        if change.before is not None:
            add(change.before, sign=-1, into=into)
        if change.after is not None:
            add(change.after, sign=1, into=into)


def add(case: CountedCase, *, sign: int, into: Delta) -> None:
    day = case.acquired_on
    key = MonthKey(case.deployment_id, case.finding, case.rule, case.version, day.year, day.month)
    month = into.months[key]
    into.size += 1
    if case.excluded:
        month.excluded[case.excluded, day.day - 1] += sign
        return
    place = delay_place(case)
    if place is not None:
        month.delays[place] += sign
    code = code_of(
        day=day.day - 1,
        truth=case.truth,
        decision=case.decision,
        read=case.reader_decision,
        standard=case.truth_reference,
        scored=case.score is not None,
    )
    month.entries.append(Entry(sign, code, case.score, case.person_id.int & PERSON_BITS, case.slices))
