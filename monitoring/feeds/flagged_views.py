"""The page of flagged rows: how many by flag, what each flag means and keeps out, and the rows, as a page or CSV."""

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_GET

from audit.access.decisions import allowed, user_of
from audit.log.actions import record_act
from inference.intake.flags import MEANINGS, meaning_of
from inference.registry.visibility import scope_of
from monitoring.feeds.flagged import PERIOD_DAYS, SEE, TABLES, Asked, Reach, counts_of, flagged_rows, reach_of
from monitoring.feeds.staying_out import NOTHING, stays_out
from monitoring.performance.spreadsheets import plain_cell

ROWS_A_PAGE = 50
LONGEST_CSV = 100_000
COLUMNS = ("kind", "received_at", "site", "deployment", "version", "study", "flag", "meaning", "stays_out_of")


def known_filters(request: HttpRequest, *, reach: Reach) -> QueryDict:
    """Return the filters for the page's own links, without names that are not the visitor's to know."""
    query = request.GET.copy()
    query.pop("page", None)
    known = {"site": {each.pk for each in sites_of(reach)}, "deployment": {each.pk for each in reach.deployments}}
    for name, names in known.items():
        if query.get(name) and query[name] not in names:
            del query[name]
    return query


@allowed(SEE)
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    asked, reach = asked_of(request, now=now), reach_of(request.user, now=now)
    page = Paginator(flagged_rows(asked, reach=reach).select_related("site"), ROWS_A_PAGE).get_page(
        request.GET.get("page")
    )
    query = known_filters(request, reach=reach)
    cases = scope_of(request.user, "see_case", now=now)
    context = {
        "asked": asked,
        "flags": flag_rows(counts_of(asked, reach=reach), asked=asked, query=query),
        "page": page,
        "rows": [shown(row, kind=asked.kind, cases=cases) for row in page],
        "kinds": tuple(TABLES),
        "all_flags": [(flag, flag.replace("_", " ")) for flag in MEANINGS],
        "sites": sorted({(each.pk, each.name) for each in sites_of(reach)}),
        "deployments": [each.pk for each in reach.deployments],
        "last_day": (asked.until - timedelta(days=1)).date(),
        "query": f"{query.urlencode()}&" if query else "",
        "csv": f"{reverse('feeds:flagged_csv')}?{query.urlencode()}",
        "breadcrumbs": [("Overview", "/"), ("Feeds", reverse("feeds:page")), ("Flagged rows", "")],
    }
    return render(request, "monitoring/feeds/flagged.html", context)


@allowed(SEE)
@require_GET
def download(request: HttpRequest) -> StreamingHttpResponse:
    now, user = timezone.now(), user_of(request)
    asked = asked_of(request, now=now)
    rows = flagged_rows(asked, reach=reach_of(user, now=now))[:LONGEST_CSV]
    details = {"kind": asked.kind, "flag": asked.flag, "site": asked.site, "deployment": asked.deployment}
    record_act("flagged_exported", organisation="", subject="flagged rows", actor=user.actor, at=now, details=details)
    answer = StreamingHttpResponse(lines(csv_rows(rows, kind=asked.kind)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="flagged-rows.csv"'
    return answer


def asked_of(request: HttpRequest, *, now: datetime) -> Asked:
    """Return what the address asks for; what is not understood narrows nothing."""
    given = {name: value[:64] for name, value in request.GET.dict().items() if "\x00" not in value}
    first, last = day_of(given.get("since", "")), day_of(given.get("until", ""))
    last = last or now.date()
    return Asked(
        kind=given["kind"] if given.get("kind") in TABLES else "inference",
        since=midnight(first or last - timedelta(days=PERIOD_DAYS)),
        until=midnight(last + timedelta(days=1)),
        flag=given["flag"] if given.get("flag") in MEANINGS else "",
        site=given.get("site", ""),
        deployment=given.get("deployment", ""),
    )


def day_of(text: str) -> date | None:
    try:
        found = parse_date(text)
    except ValueError:
        return None
    return found if found and date(1900, 1, 1) < found < date(9000, 1, 1) else None


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def sites_of(reach: Reach) -> list[Any]:
    return [*reach.sites, *(each.site for each in reach.deployments)]


def flag_rows(counts: dict[str, dict[str, int]], *, asked: Asked, query: Any) -> list[dict[str, Any]]:
    """Return one row for each flag and kind that occurs, the largest first, each with its address."""
    rows = []
    for flag, by_kind in counts.items():
        for kind, count in by_kind.items():
            address = query.copy()
            address["flag"], address["kind"] = flag, kind
            found = {
                "flag": flag,
                "kind": kind,
                "rows": count,
                "meaning": meaning_of(flag),
                "href": address.urlencode(),
            }
            rows.append(
                found | {"out": stays_out(flag, kind=kind), "is_open": (flag, kind) == (asked.flag, asked.kind)}
            )
    return sorted(rows, key=lambda row: (-row["rows"], row["flag"], row["kind"]))


def shown(row: Any, *, kind: str, cases: Any) -> dict[str, Any]:
    deployment = getattr(row, "deployment_id", None)
    may_open = row.study_id and cases.touches(organisation=row.organisation, site=row.site_id)
    outs = {out.of: out for out in (stays_out(flag, kind=kind) for flag in row.flags) if out.of != NOTHING}
    return {
        "received_at": row.received_at,
        "zone": row.site.timezone,
        "site": row.site.name,
        "deployment": deployment or "",
        "version": getattr(row, "version", ""),
        "study": row.study_id if may_open else None,
        "flags": [meaning_of(flag) for flag in row.flags],
        "outs": list(outs.values()),
    }


def csv_rows(rows: QuerySet[Any], *, kind: str) -> Iterator[tuple[Any, ...]]:
    """Yield one line for each flag of each row."""
    for row in rows.iterator(chunk_size=2_000):
        deployment, version = getattr(row, "deployment_id", ""), getattr(row, "version", "")
        for flag in row.flags:
            out = stays_out(flag, kind=kind).of
            yield (
                kind, row.received_at, row.site_id, deployment, version, row.study_id, flag, meaning_of(flag), out,
            )  # fmt: skip


def lines(rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([plain_cell(str(value) if value.__class__.__name__ == "UUID" else value) for value in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()
