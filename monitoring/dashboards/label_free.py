"""Label-free estimates in words: estimated beside observed, month by month, or the refusal. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from monitoring.dashboards.cells import Cell, cell_of
from monitoring.dashboards.metrics import label_of
from monitoring.performance.label_free import Promise
from monitoring.performance.questions import Figure
from monitoring.statistics.results import NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseRow:
    """One metric of one month; `verdict` compares the two where labels have come."""

    month: str
    label: str
    estimated: Cell
    observed: Cell
    verdict: str
    is_mature: bool


def refused_alike(found: Iterable[Promise]) -> str:
    """Return the reason why no month at all can be estimated, where one holds for all; else nothing."""
    reasons = {each.estimated.reason if isinstance(each.estimated, NotEstimable) else "" for each in found}
    return reasons.pop() if len(reasons) == 1 else ""


def promise_rows(found: Iterable[Promise]) -> list[PromiseRow]:
    """Return the table; a month whose estimate is refused says so once, before the figures observed so far."""
    refused: set[tuple[date, str]] = set()
    rows = []
    for each in found:
        row = row_of(each)
        if row.estimated.reason and (each.month, row.estimated.reason) in refused:
            row = replace(row, estimated=replace(row.estimated, reason="refused, as above"))
        refused.add((each.month, row.estimated.reason))
        rows.append(row)
    return rows


def row_of(each: Promise) -> PromiseRow:
    return PromiseRow(
        month=f"{each.month:%B %Y}",
        label=label_of(each.metric),
        estimated=cell_of(Figure(metric=each.metric, slice={}, outcome=each.estimated)),
        observed=cell_of(Figure(metric=each.metric, slice={}, outcome=each.observed)),
        verdict=verdict(each),
        is_mature=each.is_mature,
    )


def verdict(each: Promise) -> str:
    if not each.is_mature:
        return "labels still to come"
    if each.agrees is None:
        return "nothing to compare"
    return "came true" if each.agrees else "did not come true"


def track_record(found: Iterable[Promise]) -> tuple[int, int]:
    """Return how many of the compared estimates came true, and how many were compared."""
    compared = [each.agrees for each in found if each.agrees is not None]
    return sum(compared), len(compared)
