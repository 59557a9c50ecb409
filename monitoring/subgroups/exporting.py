"""Subgroups as CSV, with the same groups hidden as on the page."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import chain
from typing import Any

from django.http import StreamingHttpResponse

from monitoring.performance.spreadsheets import plain_cell
from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.subgroups.asking import Asked
from monitoring.subgroups.comparing import Difference
from monitoring.subgroups.gathering import Found
from monitoring.subgroups.groups import GroupRow
from monitoring.subgroups.presenting import parts_of

COLUMNS = (
    "product", "finding", "metric", "version", "from", "before", "dimension", "value", "second_dimension",
    "second_value", "cases", "positives", "as_measured", "low", "high", "method", "held_against", "drawn_to_mean",
    "drawn_low", "drawn_high", "difference_to_rest", "difference_low", "difference_high", "p_value_holm", "verdict",
    "not_shown_because",
)  # fmt: skip


def rows_of(asked: Asked, found: Found) -> Iterator[tuple[Any, ...]]:
    """Yield one line for each group of the dimension, then one for each pair."""
    question = asked.question
    head = (asked.product.pk, asked.finding.key, asked.metric, question.version, question.since, question.until)
    for row in found.compared.rows:
        yield (*head, asked.by, row.group.value, "", "", *figures_of(row))
    for row in found.pairs_compared.rows if found.pairs_compared else ():
        first, second = parts_of(row.group)
        yield (*head, asked.by, first, asked.second, second, *figures_of(row))


def figures_of(row: GroupRow) -> tuple[Any, ...]:
    outcome = row.group.outcome
    if isinstance(outcome, NotEstimable):
        return (*[""] * 14, row.verdict.value, outcome.reason)
    ends = outcome.interval
    drawn = (
        (row.shrunken.value, row.shrunken.interval.low, row.shrunken.interval.high)
        if isinstance(row.shrunken, Estimate)
        else ("", "", "")
    )
    gap = row.difference
    told = (gap.value, gap.interval.low, gap.interval.high, gap.adjusted) if isinstance(gap, Difference) else [""] * 4
    measured = (outcome.cases, row.group.positives, outcome.value, ends.low, ends.high, outcome.method, row.group.kind)
    return (*measured, *drawn, *told, row.verdict.value, gap.reason if isinstance(gap, NotEstimable) else "")


def csv_response(columns: Iterable[str], rows: Iterable[Iterable[Any]], *, name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines(columns, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def lines(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for row in chain([columns], rows):
        writer.writerow([plain_cell(value) for value in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
