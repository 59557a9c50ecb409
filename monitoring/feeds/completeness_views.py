"""The completeness page: where each study of the archive stands, who was missed, as a page or CSV."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from audit.access.decisions import allowed, user_of
from audit.log.actions import record_act
from inference.registry.models import Deployment
from inference.registry.visibility import scope_of, visible_deployments
from monitoring.feeds.completeness import MISSED, PLACES, ArchivedLine, Completeness, archives_of, completeness_of
from monitoring.feeds.flagged_views import day_of
from monitoring.performance.spreadsheets import plain_cell
from monitoring.statistics.results import Estimate

SEE = "see_completeness"
ROWS_A_PAGE = 50
PERIOD_DAYS, LONGEST_DAYS = 28, 366
COLUMNS = ("deployment", "study", "study_date", "modality", "body_part", "scanner", "place", "gone_from_archive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the address asks for."""

    deployment: Deployment | None
    since: date
    until: date
    place: str
    modality: str


@allowed(SEE)
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    deployments = deployments_of(request)
    asked = asked_of(request, deployments=deployments, now=timezone.now())
    query = request.GET.copy()
    query.pop("page", None)
    context: dict[str, Any] = {
        "asked": asked,
        "deployments": deployments,
        "places": PLACES,
        "query": f"{query.urlencode()}&" if query else "",
        "csv": f"{reverse('feeds:completeness_csv')}?{query.urlencode()}",
        "breadcrumbs": [("Overview", "/"), ("Feeds", reverse("feeds:page")), ("Completeness", "")],
    }
    if asked.deployment is not None:
        found = completeness_of(asked.deployment, since=asked.since, until=asked.until)
        context |= shown(found, asked=asked, query=query)
        context["page"] = Paginator(lines_of(found, asked=asked), ROWS_A_PAGE).get_page(request.GET.get("page"))
        context["archives"] = archives_of(asked.deployment.site_id)
    return render(request, "monitoring/feeds/completeness.html", context)


def shown(found: Completeness, *, asked: Asked, query: Any) -> dict[str, Any]:
    rows = []
    for place, words in PLACES.items():
        address = query.copy()
        address["place"] = place
        rows.append({"words": words, "studies": found.counts[place], "href": address.urlencode(), "key": place})
    coverage = found.coverage
    words = (
        f"{100 * coverage.value:.1f} % ({100 * coverage.interval.low:.1f} to {100 * coverage.interval.high:.1f} %) "
        f"of {coverage.cases} studies that the product was meant to see were logged"
        if isinstance(coverage, Estimate)
        else "The archive lists no study of this period that the product was meant to see"
    )
    assert asked.deployment is not None
    rule = [(name.replace("_", " "), ", ".join(values)) for name, values in asked.deployment.eligible.items()]
    modalities = sorted({line.modality for line in found.lines if line.modality})
    return {
        "rows": rows, "total": found.total, "only_logged": found.only_logged, "coverage": words, "rule": rule,
        "modalities": modalities,
    }  # fmt: skip


@allowed(SEE)
@require_GET
def download(request: HttpRequest) -> StreamingHttpResponse:
    now, user = timezone.now(), user_of(request)
    asked = asked_of(request, deployments=deployments_of(request), now=now)
    found = (
        completeness_of(asked.deployment, since=asked.since, until=asked.until)
        if asked.deployment is not None
        else None
    )
    details = {"since": asked.since.isoformat(), "until": asked.until.isoformat(), "place": asked.place}
    if asked.deployment is not None:
        record_act(
            "completeness_exported",
            organisation=asked.deployment.site.organisation_id,
            subject=f"deployment/{asked.deployment.pk}",
            actor=user.actor,
            at=now,
            details=details,
        )
    rows = lines_of(found, asked=asked) if found is not None else []
    answer = StreamingHttpResponse(csv_lines(rows, asked=asked), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="completeness.csv"'
    return answer


def deployments_of(request: HttpRequest) -> list[Deployment]:
    """Return the deployments at sites wholly within reach: an archive holds more than one product's patients."""
    now = timezone.now()
    scope = scope_of(request.user, SEE, now=now)
    found = visible_deployments(request.user, SEE, now=now).select_related("site").order_by("pk")
    return [each for each in found if scope.covers(organisation=each.site.organisation_id, site=each.site_id)]


def asked_of(request: HttpRequest, *, deployments: list[Deployment], now: datetime) -> Asked:
    """Return what the address asks for; what is not understood, or not within reach, is the first deployment."""
    given = {name: value[:64] for name, value in request.GET.dict().items() if "\x00" not in value}
    by_key = {each.pk: each for each in deployments}
    deployment = by_key.get(given.get("deployment", ""), deployments[0] if deployments else None)
    today = now.astimezone(ZoneInfo(deployment.site.timezone)).date() if deployment else now.date()
    until = day_of(given.get("until", "")) or today
    since = day_of(given.get("since", "")) or until - timedelta(days=PERIOD_DAYS - 1)
    place = given.get("place", MISSED)
    return Asked(
        deployment=deployment,
        since=max(min(since, until), until - timedelta(days=LONGEST_DAYS - 1)),
        until=until,
        place=place if place in PLACES or place == "" else MISSED,
        modality=given.get("modality", ""),
    )


def lines_of(found: Completeness, *, asked: Asked) -> list[ArchivedLine]:
    return [line for line in found.lines if asked.place in ("", line.place) and asked.modality in ("", line.modality)]


def csv_lines(rows: list[ArchivedLine], *, asked: Asked) -> Iterator[str]:
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        key = asked.deployment.pk if asked.deployment else ""
        cells = (key, str(row.study), row.day, row.modality, row.body_part, row.scanner, PLACES[row.place], row.is_gone)
        writer.writerow([plain_cell(cell) for cell in cells])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()
