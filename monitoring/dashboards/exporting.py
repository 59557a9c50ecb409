"""Figures and cases as CSV, with the same words and the same hidden cells as the pages."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import chain
from typing import Any

from django.http import StreamingHttpResponse

from monitoring.performance.hiding import hide_small_cells
from monitoring.performance.missing import Missing
from monitoring.performance.questions import EstimateSet, Figure, Question
from monitoring.performance.references import key_of
from monitoring.performance.spreadsheets import plain_cell
from monitoring.statistics.results import Estimate, NotEstimable

FIGURE_COLUMNS = (
    "product", "finding", "from", "before", "as_of", "basis", "truth_rule", "dimension", "slice", "metric", "value",
    "low", "high", "level", "cases", "positives", "method", "kind", "corrected", "corrected_low", "corrected_high",
    "maturity", "not_shown_because",
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
    """Yield one line for each figure, hidden ones with the reason why, then what is missing behind all of them."""
    shown = hide_small_cells(found, minimum_count=minimum_count)
    head = head_of(shown.question)
    for each in shown.figures:
        slice_of = next(iter(each.slice.items()), ("", ""))
        yield (*head, *slice_of, key_of(each), *outcome_cells(each.outcome, each), reason_of(each.outcome))
    if shown.missing is not None and not found.question.by:
        for name, outcome in missing_figures(shown.missing):
            yield (*head, "missing", "", name, *outcome_cells(outcome), reason_of(outcome))


def head_of(asked: Question) -> tuple[Any, ...]:
    return (asked.product, asked.finding, asked.since, asked.until, asked.as_of, asked.basis, asked.truth_rule)


def outcome_cells(outcome: Estimate | NotEstimable | int, figure: Figure | None = None) -> tuple[Any, ...]:
    """Return the cells from the value to the maturity."""
    if isinstance(outcome, int):
        return (outcome, "", "", "", "", "", "count", "", "", "", "", "")
    if isinstance(outcome, NotEstimable):
        return ("",) * 12
    ends, positives = outcome.interval, figure.positives if figure else ""
    head = (outcome.value, ends.low, ends.high, ends.level, outcome.cases, positives, outcome.method)
    if figure is None:
        return (*head, "", "", "", "", "")
    return (*head, figure.kind, *ends_of(figure.corrected), ends_of(figure.maturity)[0])


def reason_of(outcome: Estimate | NotEstimable | int) -> str:
    return outcome.reason if isinstance(outcome, NotEstimable) else ""


def ends_of(outcome: Estimate | NotEstimable | None) -> tuple[Any, Any, Any]:
    if not isinstance(outcome, Estimate):
        return ("", "", "")
    return (outcome.value, outcome.interval.low, outcome.interval.high)


def missing_figures(missing: Missing) -> Iterator[tuple[str, Estimate | NotEstimable | int]]:
    """Yield what is missing by name; counts are whole numbers."""
    if missing.hidden:
        yield "logged", NotEstimable(missing.hidden)
    else:
        yield from (("logged", missing.logged), ("counted", missing.counted), ("labelled", missing.labelled))
        yield "unlabelled_share", missing.unlabelled_share
        for decision, each in missing.verified.items():
            yield f"verified_share_{decision}", each.share
        yield "expected_labels", missing.maturity.expected_labels
    yield "label_delay_days", missing.maturity.delay_days
    yield "maturity", missing.maturity.share
    yield from ((f"left_out_{reason}", number) for reason, number in sorted(missing.excluded.items()))
