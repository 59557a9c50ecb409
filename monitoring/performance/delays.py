"""When the labels of a question's cases came, by month of acquisition: counted in the database, not row by row."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from monitoring.cases.fetching import fetch
from monitoring.performance.maturity import EDGES, Maturity, maturity_of, month_range, unknown
from monitoring.performance.questions import Question
from monitoring.performance.scopes import Scope

COUNTS = """
    SELECT date_trunc('month', acquired_on)::date,
        CASE WHEN truth_known_at <= %b THEN
            width_bucket(greatest(0, extract(epoch FROM truth_known_at - acquired_at)::float8 / 86400), %b::float8[])
        END,
        count(*), max(acquired_on), max(truth_known_at)
    FROM monitoring_case
    WHERE deployment_id = ANY(%b) AND finding = %b AND rule = %b AND excluded = '' AND acquired_at <= %b
    GROUP BY 1, 2
"""
READS = "the delay of labels is not followed for the reads of a site"
ALWAYS = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Came:
    """Labels by month and delay, the months with cases, and the last day that anything is known of."""

    labels: dict[date, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * (len(EDGES) + 1)))
    last: date = date.min


def maturity(question: Question, scope: Scope) -> Maturity:
    """Return how mature the labels of a question's months are, by how those of its deployments came in.

    The delay runs from the acquisition until the label that counts today was known; a question about the past sees
    the labels known by then. Every version and every month tells of it, whatever the question asks for.
    """
    if scope.site:
        return unknown(READS)
    came = labels_of(question, scope)
    if not came.labels:
        return unknown("no case counts")
    on = question.as_of.date() if question.as_of else came.last
    return maturity_of(came.labels, on=on, months=months_of(question, came, on=on))


def labels_of(question: Question, scope: Scope) -> Came:
    moment, came = question.as_of or ALWAYS, Came()
    rows = fetch(
        COUNTS,
        moment,
        [float(edge) for edge in EDGES],
        list(scope.settings),
        scope.finding.key,
        question.truth_rule,
        moment,
    )
    for month, place, number, acquired_on, known_at in rows:
        counts = came.labels[month]
        came.last = max(came.last, acquired_on)
        if place is not None:
            counts[place] += number
            came.last = max(came.last, known_at.date())
    return came


def months_of(question: Question, came: Came, *, on: date) -> list[date]:
    """Return the months that the question asks about, of those with cases."""
    since = question.since.replace(day=1) if question.since else date.min
    until = question.until or date.max
    return [month for month in month_range(came.labels, on=on) if since <= month < until]
