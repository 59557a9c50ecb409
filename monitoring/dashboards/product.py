"""Everything the page of one product shows: figures with their counts, months, sites, claims, and what is left out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from audit.access.decisions import Scope, Visitor
from audit.access.scopes import Hidden, hide_small
from inference.registry.models import Claim, Deployment, Finding, Product
from inference.registry.visibility import scope_of, visible_deployments
from monitoring.cases.reasons import sentence
from monitoring.dashboards.cells import Cell, cell_of
from monitoring.dashboards.claims import Verdict, verdict
from monitoring.dashboards.metrics import CASES_BEHIND, label_of
from monitoring.performance.hiding import hide_small_cells
from monitoring.performance.metrics import BINARY, metrics_of
from monitoring.performance.queries import estimates
from monitoring.performance.questions import EstimateSet, Figure, Question
from monitoring.signals.models import Signal
from monitoring.signals.queries import founded, visible_signals
from monitoring.statistics.results import Estimate

SEE = "see_aggregates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request for a product's figures, as far as this user may see it."""

    user: Visitor
    product: Product
    finding: Finding
    deployments: tuple[Deployment, ...]
    question: Question
    scope: Scope
    now: datetime
    may_see_rows: bool

    def minimum_count(self, sites: Iterable[str] = ()) -> int:
        """Return the smallest count that may be shown of these sites together: the strictest agreement decides."""
        only = set(sites)
        among = [each for each in self.deployments if not only or each.site_id in only]
        return max((least_of(self.scope, each) for each in among), default=0)

    def cases_href(self, **filters: str) -> str:
        """Return the address of the cases behind a figure; empty for those who may not see rows."""
        if not self.may_see_rows or self.question.as_of:
            return ""
        question = self.question
        query = {
            "product": self.product.pk,
            "finding": question.finding,
            "since": question.since.isoformat() if question.since else "",
            "until": question.until.isoformat() if question.until else "",
            "version": question.version,
            "rule": "" if question.truth_rule == "default" else question.truth_rule,
        }
        if question.deployments is not None and len({each.site_id for each in self.deployments}) == 1:
            query["site"] = self.deployments[0].site_id
        query |= filters
        return f"{reverse('dashboards:cases')}?{urlencode({name: value for name, value in query.items() if value})}"


def least_of(scope: Scope, deployment: Deployment) -> int:
    return scope.minimum_count_at(
        organisation=deployment.site.organisation_id, site=deployment.site_id, product=deployment.product_id
    )


def ask(user: Visitor, *, product: Product, finding: Finding, filters: Mapping[str, Any], now: datetime) -> Asked:
    """Return the question that the filters put, narrowed to the deployments within reach."""
    found = visible_deployments(user, SEE, now=now).filter(product=product)
    if filters.get("site"):
        found = found.filter(site=filters["site"])
    deployments = tuple(found)
    question = Question(
        product=product.pk,
        finding=finding.key,
        since=filters.get("since"),
        until=filters.get("until"),
        as_of=filters.get("as_of"),
        basis=filters.get("basis") or "received",
        truth_rule=filters.get("truth_rule") or "default",
        version=filters.get("version") or "",
        deployments=tuple(each.pk for each in deployments),
    )
    return Asked(
        user=user,
        product=product,
        finding=finding,
        deployments=deployments,
        question=question,
        scope=scope_of(user, SEE, now=now),
        now=now,
        may_see_rows=visible_deployments(user, "see_rows", now=now).filter(product=product).exists(),
    )


def tiles(asked: Asked, overall: EstimateSet) -> list[Cell]:
    """Return every metric of the finding, each with the way to its counts and cases."""
    return [
        cell_of(
            each,
            unit=asked.finding.unit,
            href=asked.cases_href(**CASES_BEHIND[each.metric]) if each.metric in CASES_BEHIND else "",
            counts_href="#counts" if each.metric in BINARY else "",
        )
        for each in overall.figures
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceRow:
    """One value of a dimension with its figures, in the order of the columns."""

    value: str
    label: str
    cells: tuple[Cell, ...]


def slice_rows(
    asked: Asked, found: EstimateSet, *, metrics: Sequence[str], names: Mapping[str, str] | None = None
) -> list[SliceRow]:
    """Return the table of one dimension."""
    return [
        SliceRow(
            value=value,
            label=(names or {}).get(value, value.replace("_", " ")),
            cells=tuple(cell_of(figures[name], unit=asked.finding.unit) for name in metrics if name in figures),
        )
        for value, figures in found.by_slice().items()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRow:
    """One labelled claim beside its estimate."""

    claim: Claim
    label: str
    verdict: Verdict
    cell: Cell
    limit: Cell | None = None


def claim_rows(asked: Asked, overall: EstimateSet) -> list[ClaimRow]:
    """Return every claim of the finding against the estimate by its own truth rule."""
    claims = list(
        asked.product.claims.filter(finding=asked.finding.key).select_related("truth_rule").order_by("metric", "market")
    )
    least = asked.minimum_count()
    answers = {asked.question.truth_rule: overall}
    for rule in {each.truth_rule_id for each in claims} - set(answers):
        found = estimates(replace(asked.question, truth_rule=rule))
        answers[rule] = hide_small_cells(found, minimum_count=least)
    return [claim_row(each, answers[each.truth_rule_id].get(each.metric), unit=asked.finding.unit) for each in claims]


def claim_row(claim: Claim, figure: Figure | None, *, unit: str) -> ClaimRow:
    cell = (
        cell_of(figure, unit=unit)
        if figure
        else Cell(metric=claim.metric, label=label_of(claim.metric), reason="this metric is not computed here")
    )
    seen = figure if not cell.reason else None
    found = verdict(seen, metric=claim.metric, claimed=claim.value, margin=claim.margin)
    return ClaimRow(claim=claim, label=label_of(claim.metric), verdict=found, cell=cell)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """One reason, how many it keeps out of every estimate, and the way to them."""

    reason: str
    words: str
    number: int | Hidden
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What was logged, what of it counts and what is left out, for which reasons: the three add up."""

    logged: int | Hidden | None
    counted: int | Hidden | None
    left_out: int | Hidden
    rows: tuple[LeftOut, ...]


WOULD_TELL = Hidden(reason="not shown: it would tell a hidden count")


def adding_up(asked: Asked, overall: EstimateSet) -> Sum:
    """Return the sum. Where a reason is too small to show, the total is not said: the difference would tell it."""
    least = asked.minimum_count()
    left_out = sum(overall.excluded.values())
    logged = overall.logged
    rows = [
        LeftOut(
            reason=reason,
            words=sentence(reason),
            number=hide_small(number, minimum_count=least),
            href=asked.cases_href(excluded=reason),
        )
        for reason, number in sorted(overall.excluded.items(), key=lambda each: -each[1])
    ]
    small = WOULD_TELL if any(isinstance(row.number, Hidden) for row in rows) else None
    return Sum(
        logged=small or (hide_small(logged, minimum_count=least) if logged is not None else None),
        counted=hide_small(logged - left_out, minimum_count=least) if logged is not None else None,
        left_out=small or hide_small(left_out, minimum_count=least),
        rows=tuple(rows),
    )


TRUTHS = (("positive", "with the finding"), ("negative", "without"), ("", "not known"))
DECISIONS = (("positive", "flagged"), ("negative", "not flagged"), ("", "no decision"))


@dataclass(frozen=True, slots=True, kw_only=True)
class CountCell:
    number: int | Hidden
    href: str


def counts_table(asked: Asked, counts: Mapping[tuple[str, str], int]) -> list[tuple[str, list[CountCell]]] | None:
    """Return the counted cases by decision and truth; None for a finding without decisions.

    One small cell hides them all: the others and the figures would tell it.
    """
    if not set(BINARY) <= set(metrics_of(asked.finding.kind)):
        return None
    least = asked.minimum_count()
    hidden = next(
        (each for number in counts.values() if is_hidden(each := hide_small(number, minimum_count=least))), None
    )
    rows = []
    for decision, words in DECISIONS:
        cells = [
            CountCell(
                number=hidden if hidden is not None else counts.get((decision, truth), 0),
                href=asked.cases_href(decision=decision or "other", truth=truth or "unknown"),
            )
            for truth, _ in TRUTHS
        ]
        if decision or any(counts.get((decision, truth)) for truth, _ in TRUTHS):
            rows.append((words, cells))
    return rows


def is_hidden(value: int | Hidden) -> bool:
    return isinstance(value, Hidden)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One month of one metric; `value` is None where nothing can be said, and `reason` why."""

    month: date
    value: float | None
    low: float | None = None
    high: float | None = None
    cases: int = 0
    reason: str = ""


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
        return Point(month=first, value=None, reason=cell.reason)
    found = figure.outcome
    return Point(month=first, value=found.value, low=found.interval.low, high=found.interval.high, cases=found.cases)


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
