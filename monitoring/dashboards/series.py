"""Figures over time, and the signals that began meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from monitoring.dashboards.asking import Asked
from monitoring.dashboards.cells import cell_of
from monitoring.performance.hiding import hide_small_cells
from monitoring.performance.metrics import BINARY
from monitoring.performance.queries import estimates
from monitoring.performance.questions import OBSERVED, EstimateSet, Figure, Question
from monitoring.signals.models import Signal
from monitoring.signals.queries import founded, visible_signals
from monitoring.statistics.results import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One month of one metric; `value` is None where nothing can be said, and `reason` why.

    `kind` is what it was held against; an immature one has fewer labels than its floor asks for.
    """

    month: date
    value: float | None
    low: float | None = None
    high: float | None = None
    cases: int = 0
    reason: str = ""
    kind: str = OBSERVED
    is_immature: bool = False


def points_of(months: EstimateSet, metric: str) -> list[Point]:
    """Return a metric month by month."""
    return [
        point_of(value, figures[metric])
        for value, figures in sorted(months.by_slice().items())
        if metric in figures and len(value) == len("2026-03")
    ]


def quarters(points: Sequence[Point]) -> list[tuple[date, date]]:
    """Return the quarters that months fall into, each with the day after its end."""
    firsts = {date(point.month.year, 3 * ((point.month.month - 1) // 3) + 1, 1) for point in points}
    return [
        (first, date(first.year + (first.month + 3) // 13, (first.month + 2) % 12 + 1, 1)) for first in sorted(firsts)
    ]


def points_of_quarters(
    question: Question, months: Sequence[Point], *, metrics: Sequence[str], minimum_count: int
) -> list[tuple[str, list[Point]]]:
    """Return metrics quarter by quarter: where small counts are hidden, months would show nothing."""
    found = []
    for first, after in quarters(months):
        since = max(first, question.since) if question.since else first
        until = min(after, question.until) if question.until else after
        rates = estimates(replace(question, since=since, until=until, metrics=tuple(BINARY)))
        found.append((first, hide_small_cells(rates, minimum_count=minimum_count).by_slice().get("", {})))
    return [(metric, [point_of(f"{first:%Y-%m}", fit[metric]) for first, fit in found]) for metric in metrics]


def point_of(month: str, figure: Figure) -> Point:
    first = date.fromisoformat(f"{month}-01")
    cell = cell_of(figure)
    if cell.reason or not isinstance(figure.outcome, Estimate):
        return Point(month=first, value=None, reason=cell.reason, kind=figure.kind)
    found = figure.outcome
    return Point(
        month=first,
        value=found.value,
        low=found.interval.low,
        high=found.interval.high,
        cases=found.cases,
        kind=figure.kind,
        is_immature=figure.is_immature,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A signal as a line in a chart over time."""

    day: date
    words: str
    is_act: bool


def signal_marks(asked: Asked) -> list[Mark]:
    """Return the founded signals of the finding at these deployments, for those who may see signals."""
    keys = [each.pk for each in asked.deployments]
    found = visible_signals(asked.user, now=asked.now).filter(monitor__deployment_id__in=keys)
    near = founded(found.filter(monitor__finding__in=["", asked.finding.key]))
    names = {each.pk: each.site.name for each in asked.deployments}
    return [
        Mark(
            day=each.began_on,
            words=f"{names[each.monitor.deployment_id]}: {each.monitor.get_kind_display()}",
            is_act=each.status == Signal.Status.ACT,
        )
        for each in near.order_by("began_on")
    ]
