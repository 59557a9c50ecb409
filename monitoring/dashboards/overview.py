"""Every deployment within reach and how it stands: what needs attention comes first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import OuterRef, Subquery
from django.urls import reverse

from audit.access.decisions import Scope, Visitor
from audit.access.scopes import Hidden, hide_small
from inference.registry.models import Deployment, Finding
from inference.registry.visibility import scope_of, visible_deployments
from inference.results.models import Inference
from monitoring.dashboards.cells import Cell, cell_of
from monitoring.dashboards.metrics import headlines_of
from monitoring.dashboards.sums import Wanted, Watched, figures_of, last_days, watched
from monitoring.performance.hiding import hide_small_cells
from monitoring.performance.questions import EstimateSet, Figure, Question
from monitoring.signals.presenting import shown_status
from monitoring.signals.queries import Status, statuses_of

SEE = "see_overview"
WINDOWS = (30, 90, 180, 365)
DEFAULT_WINDOW = 90
WINDOW_OF_SUMS = 365  # where small counts are hidden, a shorter one would show nothing
VOLUME_DAYS = 30
ORDER = {"act": 0, "watch": 1, "unknown": 2, "ok": 3}
SPARK_WIDTH, SPARK_HEIGHT = 120, 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the overview is narrowed to; empty values narrow nothing."""

    product: str = ""
    site: str = ""
    status: str = ""
    days: int = DEFAULT_WINDOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One deployment as the overview shows it."""

    deployment: Deployment
    status: Status
    finding: Finding | None
    other_findings: int
    cells: tuple[Cell, ...]
    coverage: Cell | None
    volume: int | Hidden
    spark: str
    last_study: date | None
    last_received: datetime | None
    href: str
    signal_href: str
    why: str
    more_signals: int


def usual_window(user: Visitor, *, now: datetime) -> int:
    """Return how many days of figures somebody is shown who does not ask for a number."""
    bounds = scope_of(user, SEE, now=now).bounds
    return (
        WINDOW_OF_SUMS
        if bounds
        and all(each.minimum_count or not each.site for each in bounds)
        and any(each.minimum_count for each in bounds)
        else DEFAULT_WINDOW
    )


def overview_rows(user: Visitor, *, filters: Filters, now: datetime) -> list[Row]:
    """Return the rows, the worst first."""
    found = visible_deployments(user, SEE, now=now).annotate(last_received=Subquery(latest_receipt()))
    narrowed = {"product": filters.product, "site": filters.site}
    deployments = list(found.filter(**{name: key for name, key in narrowed.items() if key}))
    statuses = statuses_of([each.pk for each in deployments])
    rows = rows_of(deployments, statuses=statuses, user=user, filters=filters, now=now)
    if filters.status:
        rows = [row for row in rows if row.status.state == filters.status]
    return sorted(rows, key=lambda row: (ORDER[row.status.state], -open_for(row), row.deployment.pk))


def open_for(row: Row) -> int:
    return row.status.since.toordinal() if row.status.since else 0


def latest_receipt() -> Any:
    runs = Inference.objects.filter(deployment=OuterRef("pk")).order_by("-received_at")
    return runs.values("received_at")[:1]


def rows_of(
    deployments: Sequence[Deployment],
    *,
    statuses: Mapping[str, Status],
    user: Visitor,
    filters: Filters,
    now: datetime,
) -> list[Row]:
    findings = findings_of({each.product_id for each in deployments})
    wanted = [want(each, findings[each.product_id][0]) for each in deployments if findings.get(each.product_id)]
    until = now.date() + timedelta(days=1)
    since = until - timedelta(days=max(filters.days, VOLUME_DAYS + 1))
    sums = watched(wanted, since=since, until=until)
    narrow = until - timedelta(days=filters.days)
    figures = figures_of(wanted, sums_within(wanted, sums, since=narrow, until=until), since=narrow, until=until)
    reach = reach_of(user, now=now)
    return [
        row_of(
            each,
            status=statuses[each.pk],
            findings=findings.get(each.product_id, []),
            sums=sums.get(each.pk, Watched()),
            figures=figures.get(each.pk, {}),
            reach=reach,
            until=until,
        )
        for each in deployments
    ]


def sums_within(
    wanted: list[Wanted], sums: Mapping[str, Watched], *, since: date, until: date
) -> Mapping[str, Watched]:
    """Return the sums of the window of the figures: read again only where that is shorter than the volume's."""
    return watched(wanted, since=since, until=until) if (until - since).days <= VOLUME_DAYS else sums


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What of a deployment a user may see: that it is there, and its figures, above which smallest count."""

    seen: Scope
    summed: Scope
    signalled: Scope

    def sees_figures(self, deployment: Deployment) -> bool:
        return self.summed.covers(**keys_of(deployment))

    def minimum_count(self, deployment: Deployment) -> int:
        return self.seen.minimum_count_at(**keys_of(deployment))


def reach_of(user: Visitor, *, now: datetime) -> Reach:
    return Reach(
        seen=scope_of(user, SEE, now=now),
        summed=scope_of(user, "see_aggregates", now=now),
        signalled=scope_of(user, "see_signals", now=now),
    )


def keys_of(deployment: Deployment) -> dict[str, str]:
    return {
        "organisation": deployment.site.organisation_id,
        "site": deployment.site_id,
        "product": deployment.product_id,
    }


def findings_of(products: set[str]) -> dict[str, list[Finding]]:
    """Return the findings of each product, in the order they were registered."""
    found: dict[str, list[Finding]] = {}
    for each in Finding.objects.filter(product__in=products).order_by("id"):
        found.setdefault(each.product_id, []).append(each)
    return found


def want(deployment: Deployment, finding: Finding) -> Wanted:
    metrics = (*headlines_of(finding.kind), "label_coverage")
    return Wanted(deployment=deployment.pk, finding=finding, metrics=metrics)


def row_of(
    deployment: Deployment,
    *,
    status: Status,
    findings: list[Finding],
    sums: Watched,
    figures: Mapping[str, Any],
    reach: Reach,
    until: date,
) -> Row:
    least = reach.minimum_count(deployment)
    finding = findings[0] if findings else None
    shown = fit_to_show(figures, finding=finding, minimum_count=least) if reach.sees_figures(deployment) else {}
    cells = [
        cell_of(each, unit=finding.unit if finding else "") for name, each in shown.items() if name != "label_coverage"
    ]
    coverage = shown.get("label_coverage")
    days = last_days(sums, until=until - timedelta(days=1), days=VOLUME_DAYS)  # whole days: today is not over
    return Row(
        deployment=deployment,
        status=status,
        finding=finding,
        other_findings=max(len(findings) - 1, 0),
        cells=tuple(cells),
        coverage=cell_of(coverage) if coverage else None,
        volume=hide_small(sum(days), minimum_count=least),
        spark="" if least else spark_points(days),
        last_study=max(sums.by_day, default=None),
        last_received=deployment.last_received,  # type: ignore[attr-defined]
        href=f"{reverse('dashboards:product', args=[deployment.product_id])}?{urlencode({'site': deployment.site_id})}",
        signal_href=signal_address(status, sees=reach.signalled.covers(**keys_of(deployment))),
        why=shown_status(status.reason, minimum_count=least),
        more_signals=max(status.open_signals - 1, 0),
    )


def fit_to_show(figures: Mapping[str, Figure], *, finding: Finding | None, minimum_count: int) -> dict[str, Figure]:
    """Return the figures of one deployment without what would tell a small count."""
    question = Question(finding=finding.key if finding else "")
    found = EstimateSet(question=question, excluded={}, figures=tuple(figures.values()))
    return {each.metric: each for each in hide_small_cells(found, minimum_count=minimum_count).figures}


def signal_address(status: Status, *, sees: bool) -> str:
    return reverse("signals:signal", args=[status.signal_uid]) if sees and status.signal_uid else ""


def spark_points(values: Sequence[int]) -> str:
    """Return the points of a polyline through the values, the largest at the top; nothing for no values."""
    highest = max(values, default=0)
    if not highest:
        return ""
    step = SPARK_WIDTH / max(len(values) - 1, 1)
    heights = [SPARK_HEIGHT - 2 - (SPARK_HEIGHT - 4) * value / highest for value in values]
    return " ".join(f"{place * step:.1f},{height:.1f}" for place, height in enumerate(heights))
