"""Figures and cases as CSV, with the same words and the same hidden cells as the pages."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import chain
from typing import Any

from django.http import StreamingHttpResponse

from monitoring.performance.hiding import hide_small_cells
from monitoring.performance.questions import EstimateSet
from monitoring.performance.spreadsheets import plain_cell
from monitoring.statistics.results import Estimate

FIGURE_COLUMNS = (
    "product", "finding", "from", "before", "as_of", "basis", "truth_rule", "dimension", "slice", "metric", "value",
    "low", "high", "level", "cases", "positives", "method", "not_shown_because",
)  # fmt: skip


def lines(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for row in chain([columns], rows):
        writer.writerow([plain_cell(value) for value in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def csv_response(columns: Iterable[str], rows: Iterable[Iterable[Any]], *, name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines(columns, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def figure_rows(found: EstimateSet, *, minimum_count: int) -> Iterator[tuple[Any, ...]]:
    """Yield one line for each figure, hidden ones with the reason why."""
    asked = found.question
    head = (asked.product, asked.finding, asked.since, asked.until, asked.as_of, asked.basis, asked.truth_rule)
    for each in hide_small_cells(found, minimum_count=minimum_count).figures:
        outcome = each.outcome
        dimension, value = next(iter(each.slice.items()), ("", ""))
        if not isinstance(outcome, Estimate):
            yield (*head, dimension, value, each.metric, "", "", "", "", "", "", "", outcome.reason)
            continue
        ends = outcome.interval
        yield (
            *head, dimension, value, each.metric, outcome.value, ends.low, ends.high, ends.level, outcome.cases,
            each.positives, outcome.method, "",
        )  # fmt: skip
