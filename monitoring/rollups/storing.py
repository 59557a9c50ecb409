"""Adds a delta to the sums: months are read, merged as columns, and written again; no row is looked at by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from django.db import connection
from psycopg import Cursor

from monitoring.cases.fetching import fetch
from monitoring.rollups.binning import Scale
from monitoring.rollups.columns import Columns, columns_of, merged
from monitoring.rollups.folding import UNROLLED, Delta, MonthDelta, MonthKey
from monitoring.rollups.models import MonthSum
from monitoring.rollups.summing import sums_of

MONTHS_AT_ONCE = 100
SLICED = np.dtype("<u2")

ScaleOf = Callable[[str, str], Scale]

KEPT = """
    SELECT m.deployment_id, m.finding, m.rule, m.version, m.month, m.excluded, m.delays, m.labels, m.codes, m.scores,
           m.persons, m.slices
    FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::date[])
             AS wanted (deployment_id, finding, rule, version, month)
    JOIN monitoring_monthsum m USING (deployment_id, finding, rule, version, month)
"""
PUT = """
    INSERT INTO monitoring_monthsum (deployment_id, finding, rule, version, month, cases, excluded, delays, labels,
                                     codes, scores, persons, slices, tallies, bins, buckets)
    VALUES (%b, %b, %b, %b, %b, %b::int, %s::jsonb, %s::jsonb, %s::jsonb, %b, %b, %b, %b, %b, %b, %b)
    ON CONFLICT (deployment_id, finding, rule, version, month) DO UPDATE SET
        cases = excluded.cases, excluded = excluded.excluded, delays = excluded.delays, labels = excluded.labels,
        codes = excluded.codes, scores = excluded.scores, persons = excluded.persons, slices = excluded.slices,
        tallies = excluded.tallies, bins = excluded.bins, buckets = excluded.buckets
"""
DROP_EMPTY = "DELETE FROM monitoring_monthsum WHERE cases = 0 AND excluded = '{}'"


def add_to_sums(delta: Delta, *, scale_of: ScaleOf) -> None:
    """Add counts to the sums in a fixed order; a month that comes to nothing goes."""
    keys, falls = sorted(delta.months), False
    for start in range(0, len(keys), MONTHS_AT_ONCE):
        some = keys[start : start + MONTHS_AT_ONCE]
        rows = list(summed(some, delta.months, scale_of=scale_of))
        falls = falls or any(not row[5] for row in rows)
        with Cursor(connection.connection) as cursor:
            cursor.executemany(PUT, rows)
    if falls:
        with connection.cursor() as cursor:
            cursor.execute(DROP_EMPTY)


def summed(
    keys: Sequence[MonthKey], months: Mapping[MonthKey, MonthDelta], *, scale_of: ScaleOf
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of months as they are with their delta."""
    kept = kept_months(keys)
    for key in keys:
        excluded, delays, columns = kept.get(key, ({}, {}, None))
        change = months[key]
        if change.entries:
            columns = merged(columns, *columns_of([sliced(each) for each in change.entries]))
        counts = left_out(excluded, change), labelled(delays, change)
        yield row_of(key, counts=counts, columns=columns, scale_of=scale_of)


def sliced(entry: Any) -> Any:
    """Return an entry without the slices that its month's key, or its deployment, says already."""
    return entry._replace(slices={name: value for name, value in entry.slices.items() if name not in UNROLLED})


def kept_months(keys: Sequence[MonthKey]) -> dict[MonthKey, tuple[dict[str, dict[str, int]], dict[str, int], Columns]]:
    wanted = [list(column) for column in zip(*(key[:4] for key in keys), strict=True)]
    firsts = [date(key.year, key.month, 1) for key in keys]
    found = {}
    for deployment, finding, rule, version, month, excluded, delays, labels, *arrays in fetch(KEPT, *wanted, firsts):
        codes, scores, persons, slices = arrays
        columns = columns_from(labels, codes=codes, scores=scores, persons=persons, slices=slices)
        found[MonthKey(deployment, finding, rule, version, month.year, month.month)] = (excluded, delays, columns)
    return found


def columns_from(
    labels: Mapping[str, Sequence[str]], *, codes: bytes, scores: bytes, persons: bytes, slices: bytes
) -> Columns:
    """Return stored columns."""
    numbers = np.frombuffer(codes, dtype="<u4")
    return Columns(
        codes=numbers,
        scores=np.frombuffer(scores, dtype="<f8"),
        persons=np.frombuffer(persons, dtype="<u8"),
        slices=np.frombuffer(slices, dtype=SLICED).reshape(numbers.size, len(labels)),
        labels={name: labels[name] for name in sorted(labels)},
    )


def left_out(kept: Mapping[str, Mapping[str, int]], change: MonthDelta) -> dict[str, dict[str, int]]:
    """Return the numbers left out, by reason and day of the month; what comes to nothing goes."""
    found = {reason: dict(by_day) for reason, by_day in kept.items()}
    for (reason, day), number in change.excluded.items():
        by_day = found.setdefault(reason, {})
        by_day[str(day)] = by_day.get(str(day), 0) + number
    left = {reason: {day: n for day, n in sorted(by_day.items()) if n} for reason, by_day in sorted(found.items())}
    return {reason: by_day for reason, by_day in left.items() if by_day}


def labelled(kept: Mapping[str, int], change: MonthDelta) -> dict[str, int]:
    """Return how many labels came with each delay; what comes to nothing goes."""
    places = sorted({*map(int, kept), *change.delays})
    found = {place: kept.get(str(place), 0) + change.delays.get(place, 0) for place in places}
    return {str(place): number for place, number in found.items() if number}


def row_of(
    key: MonthKey, *, counts: tuple[Mapping[str, Any], ...], columns: Columns | None, scale_of: ScaleOf
) -> tuple[Any, ...]:
    head = (*key[:4], date(key.year, key.month, 1), columns.size if columns else 0, *map(json.dumps, counts))
    if columns is None or not columns.size:
        return (*head, "{}", *[b""] * 7)
    sums = sums_of(columns, scale=scale_of(key.deployment_id, key.finding))
    arrays = (
        columns.codes,
        columns.scores,
        columns.persons,
        columns.slices,
        sums.tallies,
        sums.bins,
        sums.buckets,
    )
    return (*head, json.dumps(columns.labels), *(each.tobytes() for each in arrays))


def forget_sums() -> None:
    """Empty the sums before they are made again."""
    MonthSum.objects.all().delete()
