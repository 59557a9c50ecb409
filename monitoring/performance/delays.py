"""When the labels of a question's cases came, by month of acquisition: from sums, or counted in the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from audit.log.models import Entry
from monitoring.cases.fetching import fetch
from monitoring.performance.gathering import needs_facts
from monitoring.performance.maturity import Maturity, maturity_of, month_range, unknown
from monitoring.performance.questions import Question
from monitoring.performance.scopes import Scope
from monitoring.rollups.delays import EDGES
from monitoring.rollups.queries import Wanted, heads

COUNTS = """
    SELECT date_trunc('month', acquired_on)::date,
        CASE WHEN truth_known_at <= %b THEN
            width_bucket(greatest(0, extract(epoch FROM truth_known_at - acquired_at)::float8 / 86400), %b::float8[])
        END,
        count(*)
    FROM monitoring_case
    WHERE deployment_id = ANY(%b) AND finding = %b AND rule = %b AND excluded = '' AND acquired_at <= %b
    GROUP BY 1, 2
"""
READS = "the delay of labels is not followed for the reads of a site"

Labels = dict[date, list[int]]


def maturity(question: Question, scope: Scope) -> Maturity:
    """Return how mature the labels of a question's months are, by how those of its deployments came in.

    The delay runs from the acquisition until the label that counts today was known. Every version and every month
    tells of it, whatever the question asks for. Today is the question's `as_of`, else the last day of the log.
    """
    if scope.site:
        return unknown(READS)
    on = question.as_of.date() if question.as_of else last_day_of_log()
    labels = labels_then(question, scope) if needs_facts(question, scope) else labels_of_sums(question, scope)
    if on is None or not labels:
        return unknown("no case counts")
    return maturity_of(labels, on=on, months=months_of(question, labels, on=on))


def last_day_of_log() -> date | None:
    last = Entry.objects.order_by("-id").values_list("at", flat=True).first()
    return last.date() if last else None


def labels_of_sums(question: Question, scope: Scope) -> Labels:
    wanted = Wanted(deployments=list(scope.settings), findings=[scope.finding.key], rule=question.truth_rule)
    return gathered(
        (month.first, int(place), number)
        for month in heads(wanted)
        if month.cases
        for place, number in (month.delays or {"0": 0}).items()
    )


def labels_then(question: Question, scope: Scope) -> Labels:
    """Return the labels known at a moment of the past, of the cases as they count today."""
    edges = [float(edge) for edge in EDGES]
    rows = fetch(
        COUNTS,
        question.as_of,
        edges,
        list(scope.settings),
        scope.finding.key,
        question.truth_rule,
        question.as_of,
    )
    return gathered((month, place or 0, number if place is not None else 0) for month, place, number in rows)


def gathered(rows: Iterable[tuple[date, int, int]]) -> Labels:
    labels: Labels = defaultdict(lambda: [0] * (len(EDGES) + 1))
    for month, place, number in rows:
        labels[month][place] += number
    return labels


def months_of(question: Question, labels: Labels, *, on: date) -> list[date]:
    """Return the months that the question asks about, of those with cases."""
    since = question.since.replace(day=1) if question.since else date.min
    until = question.until or date.max
    return [month for month in month_range(labels, on=on) if since <= month < until]
