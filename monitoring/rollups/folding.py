"""A fold: the case after minus the case before, in every slice the case belongs to. Pure counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import NamedTuple

from monitoring.cases.actions import Change
from monitoring.cases.facts import CountedCase
from monitoring.rollups.binning import Scale

UNROLLED = frozenset({"site", "month", "version"})
EXCLUDED = "excluded"

ScaleOf = Callable[[CountedCase], Scale]


class SliceKey(NamedTuple):
    """One row of the daily sums."""

    deployment_id: str
    version: str
    finding: str
    rule: str
    day: date
    dimension: str
    value: str


Delta = dict[SliceKey, dict[str, int]]


def fold(changes: Iterable[Change], *, scale_of: ScaleOf, into: Delta) -> None:
    """Add what changed to the sums of each slice."""
    for change in changes:
        if change.before is not None:
            add(change.before, by=-1, scale_of=scale_of, into=into)
        if change.after is not None:
            add(change.after, by=1, scale_of=scale_of, into=into)


def add(case: CountedCase, *, by: int, scale_of: ScaleOf, into: Delta) -> None:
    cell = cell_of(case, scale_of=scale_of)
    base = (case.deployment_id, case.version, case.finding, case.rule, case.acquired_on)
    count(SliceKey(*base, "", ""), cell, by=by, into=into)
    if case.excluded:
        return
    for dimension, value in case.slices.items():
        if dimension not in UNROLLED:
            count(SliceKey(*base, dimension, value), cell, by=by, into=into)


def count(key: SliceKey, cell: str, *, by: int, into: Delta) -> None:
    counts = into.get(key)
    if counts is None:
        into[key] = {cell: by}
    else:
        counts[cell] = counts.get(cell, 0) + by


def cell_of(case: CountedCase, *, scale_of: ScaleOf) -> str:
    if case.excluded:
        return f"{EXCLUDED}|{case.excluded}"
    place = "" if case.score is None else scale_of(case).name_of(case.score, threshold=case.threshold)
    return f"{case.truth}|{case.decision}|{case.reader_decision}|{place}|{case.truth_standard}"


class Cell(NamedTuple):
    """What a cell's name says."""

    truth: str
    decision: str
    reader: str
    bin: str
    standard: str


def parsed(name: str) -> Cell | str:
    """Return what a cell stands for, or the reason if it counts exclusions."""
    first, _, rest = name.partition("|")
    if first == EXCLUDED:
        return rest
    return Cell(first, *rest.split("|"))


def summed(rows: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for counts in rows:
        for cell, number in counts.items():
            total[cell] = total.get(cell, 0) + number
    return total
