"""Pages of sharing agreements: all within reach, one with its history, and the same as CSV."""

from collections.abc import Iterable, Iterator

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from audit.access.actions import home_of
from audit.access.decisions import allowed, user_of
from audit.log.actions import record_act
from audit.proofs.tables import csv_line
from inference.registry.agreements import (
    COLUMNS,
    ENDED,
    IN_FORCE,
    REPLACED,
    TO_COME,
    Agreement,
    agreements_of,
    get_line_for,
    lines_within,
    parties,
    side_of,
)
from inference.registry.browsing import SEE, reach_of

STATES = (IN_FORCE, TO_COME, REPLACED, ENDED)


@allowed(SEE)
@require_GET
def page(request: HttpRequest) -> HttpResponseBase:
    now = timezone.now()
    asked = {name: request.GET.get(name, "") for name in ("state", "q")}
    every = agreements_of(lines_within(reach_of(request.user, now=now)), now=now)
    found = [each for each in every if matches(each, **asked)]
    if request.GET.get("format") == "csv":
        return download(request, found)
    query = request.GET.copy()
    query.pop("format", None)
    context = {
        "agreements": found,
        "states": STATES,
        "asked": asked,
        "query": f"{query.urlencode()}&" if query else "",
        "breadcrumbs": [("Overview", "/"), ("Registry", reverse("registry:index")), ("Sharing agreements", "")],
    }
    return render(request, "inference/registry/sharing.html", context)


def matches(agreement: Agreement, *, state: str, q: str) -> bool:
    words = " ".join((*parties(agreement.line), agreement.provider, agreement.line.legal_basis)).lower()
    return (state not in STATES or agreement.state == state) and q.lower() in words


def download(request: HttpRequest, found: Iterable[Agreement]) -> HttpResponseBase:
    user = user_of(request)
    lines = list(found)
    record_act(
        "sharing_exported",
        organisation=home_of(user),
        subject="sharing agreements",
        actor=user.actor,
        at=timezone.now(),
        details={"rows": len(lines)},
    )
    response = StreamingHttpResponse(written(lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="sharing-agreements.csv"'
    return response


def written(found: Iterable[Agreement]) -> Iterator[str]:
    yield csv_line(COLUMNS)
    for agreement in found:
        yield csv_line(agreement.row())


@allowed(SEE)
@require_GET
def agreement(request: HttpRequest, line: int) -> HttpResponse:
    """Show one agreement: what it says, what it said before, where it stands in both logs, and who signed."""
    now = timezone.now()
    reach = reach_of(request.user, now=now)
    shown = get_line_for(request.user, str(line), now=now)
    history = agreements_of([each for each in lines_within(reach) if parties(each) == parties(shown)], now=now)
    context = {
        "shown": next(each for each in history if each.line.pk == shown.pk),
        "history": history,
        "own_logs": reach.own_logs(),
        "side": side_of(request.user, shown),
        "breadcrumbs": [
            ("Overview", "/"),
            ("Sharing agreements", reverse("sharing:page")),
            (f"{shown.product_id} at {shown.site_id} with {shown.to_id}", ""),
        ],
    }
    return render(request, "inference/registry/agreement.html", context)
