"""Months of sums as the dashboards and estimates read them: few rows, whatever the number of cases."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.registry.vocabulary import DEFAULT_RULE
from monitoring.cases.fetching import fetch
from monitoring.rollups.columns import Codes, Columns, days
from monitoring.rollups.storing import columns_from
from monitoring.rollups.summing import Sums, bins_from, counts_from

HEAD = ("deployment_id", "finding", "version", "month", "cases", "excluded", "delays")
ARRAYS = ("codes", "scores", "persons")
SUMS = ("tallies", "bins", "buckets")
WHERE = """
    deployment_id = ANY(%b) AND finding = ANY(%b) AND rule = %s AND (%s = '' OR version = %s)
    AND month >= %b AND month < %b
"""
FIRST, LAST = date(1, 1, 1), date(9999, 12, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which months: deployments, findings, rule, version (empty: all), and days from `since` to before `until`."""

    deployments: Collection[str]
    findings: Collection[str]
    rule: str = DEFAULT_RULE
    version: str = ""
    since: date | None = None
    until: date | None = None

    def holds(self, first: date) -> bool:
        """Return whether all days of the month that begins then are wanted."""
        return (self.since is None or self.since <= first) and (self.until is None or next_month(first) <= self.until)


@dataclass(kw_only=True)
class Month:
    """One row of sums. What was not asked for is absent."""

    deployment: str
    finding: str
    version: str
    first: date
    cases: int
    excluded: Mapping[str, Mapping[str, int]]
    delays: Mapping[str, int]
    stored: Mapping[str, Any]

    @cached_property
    def columns(self) -> Columns:
        labels = self.stored.get("labels", {})
        slices = self.stored.get("slices", b"")
        return columns_from(
            labels,
            codes=self.stored["codes"],
            scores=self.stored["scores"],
            persons=self.stored["persons"],
            slices=slices,
        )

    @cached_property
    def sums(self) -> Sums:
        tallies, bins, buckets = (self.stored[name] for name in SUMS)
        return Sums(tallies=counts_from(tallies), bins=bins_from(bins), buckets=counts_from(buckets))

    def left_out(self, wanted: Wanted) -> dict[str, int]:
        """Return how many of the wanted days' predictions were left out, by reason."""
        found: dict[str, int] = {}
        for reason, by_day in self.excluded.items():
            number = sum(n for day, n in by_day.items() if inside(self.first + timedelta(days=int(day)), wanted))
            if number:
                found[reason] = number
        return found


def cases_in(wanted: Wanted) -> int:
    """Return how many counted cases the months hold that these days fall into."""
    statement = f"SELECT coalesce(sum(cases), 0)::bigint FROM monitoring_monthsum WHERE {WHERE}"  # noqa: S608
    return int(fetch(statement, *asked(wanted))[0][0])


def heads(wanted: Wanted) -> list[Month]:
    """Return the months without their arrays: how many cases each has."""
    return months(wanted, columns=())


def months_with_cases(wanted: Wanted, *, slices: bool = False) -> list[Month]:
    """Return the months with their cases as columns."""
    return months(wanted, columns=(*ARRAYS, "labels", "slices") if slices else ARRAYS)


def months_with_sums(wanted: Wanted) -> list[Month]:
    """Return the months with their sums."""
    return months(wanted, columns=SUMS)


def months(wanted: Wanted, *, columns: Iterable[str]) -> list[Month]:
    named = [*HEAD, *columns]
    statement = (
        f"SELECT {', '.join(named)} FROM monitoring_monthsum WHERE {WHERE} ORDER BY month, deployment_id, version"  # noqa: S608
    )
    rows = fetch(statement, *asked(wanted))
    return [
        Month(
            deployment=row[0],
            finding=row[1],
            version=row[2],
            first=row[3],
            cases=row[4],
            excluded=row[5],
            delays=row[6],
            stored=dict(zip(named[len(HEAD) :], row[len(HEAD) :], strict=True)),
        )
        for row in rows
    ]


def asked(wanted: Wanted) -> tuple[Any, ...]:
    """Return the parameters of the condition."""
    since = wanted.since.replace(day=1) if wanted.since else FIRST
    version, until = wanted.version, wanted.until or LAST
    return (list(wanted.deployments), list(wanted.findings), wanted.rule, version, version, since, until)


def stacked(months: Sequence[Month], wanted: Wanted, *, name: str, dtype: str) -> NDArray[Any]:
    """Return one column of the wanted days of months, one after the other."""
    if wanted.since is None and wanted.until is None:
        return np.frombuffer(b"".join(each.stored[name] for each in months), dtype=dtype)
    masks = [mask_of(each, wanted) for each in months]
    return chosen([np.frombuffer(each.stored[name], dtype=dtype) for each in months], masks, dtype=dtype)


def chosen(arrays: Sequence[NDArray[Any]], masks: Sequence[NDArray[np.bool_] | None], *, dtype: str) -> NDArray[Any]:
    """Return the chosen values of several arrays, one after the other."""
    kept = [each if mask is None else each[mask] for each, mask in zip(arrays, masks, strict=True)]
    return np.concatenate(kept) if kept else np.empty(0, dtype=dtype)


def mask_of(month: Month, wanted: Wanted) -> NDArray[np.bool_] | None:
    """Return which cases of a month are wanted, or None where all are."""
    if wanted.holds(month.first):
        return None
    return days_wanted(month.columns.codes, first=month.first, wanted=wanted)


def inside(day: date, wanted: Wanted) -> bool:
    return (wanted.since is None or day >= wanted.since) and (wanted.until is None or day < wanted.until)


def next_month(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def only_month(wanted: Wanted, first: date) -> Wanted:
    """Return what is wanted of one month."""
    since, until = first, next_month(first)
    return replace(
        wanted,
        since=max(since, wanted.since) if wanted.since else since,
        until=min(until, wanted.until) if wanted.until else until,
    )


def days_wanted(codes: Codes, *, first: date, wanted: Wanted) -> NDArray[np.bool_] | None:
    """Return which cases of a month are wanted, or None where all are."""
    if wanted.holds(first):
        return None
    day = days(codes) + first.toordinal()
    chosen = np.ones(day.size, dtype=np.bool_)
    if wanted.since:
        chosen &= day >= wanted.since.toordinal()
    if wanted.until:
        chosen &= day < wanted.until.toordinal()
    return chosen
