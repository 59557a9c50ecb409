"""Pages of the intake: how to send rows, what was received, and the rows that wait for a person."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from audit.access.decisions import allowed, may, member_required, user_of
from inference.connectors.actions import open_row, replay_row
from inference.connectors.forms import DiscardForm, FilterForm, ReplayForm, pretty
from inference.connectors.looking import has_looked, last_look
from inference.connectors.openapi import document
from inference.connectors.presenting import kinds_in_words
from inference.connectors.queries import feeds_of, flags_of_week, get_set_aside_for, set_aside_within
from inference.connectors.set_aside_groups import groups_of, searched
from inference.errors import SetAsideStateError
from inference.intake.flags import meaning_of
from inference.intake.models import SetAside
from inference.registry.visibility import visible_sites

ROWS_A_PAGE = 50


@require_GET
def openapi(request: HttpRequest) -> HttpResponse:
    """The API's description holds no data, so anybody may read it."""
    return JsonResponse(document())


@member_required
@require_GET
def documentation(request: HttpRequest) -> HttpResponse:
    context = {"kinds": kinds_in_words(), "address": request.build_absolute_uri("/api/v1/")}
    return render(request, "inference/connectors/documentation.html", context)


@allowed("see_intake")
@require_GET
def intake(request: HttpRequest) -> HttpResponse:
    """Show what arrived, by deployment and by site."""
    now, site = timezone.now(), request.GET.get("site", "")
    feeds = feeds_of(request.user, site=site, now=now)
    flagged = flags_of_week(request.user, site=site, now=now)
    context = {
        "inferences": [feed for feed in feeds if feed.plural == "inferences"],
        "others": [feed for feed in feeds if feed.plural != "inferences"],
        "flagged": [(deployment, flag, meaning_of(flag), count) for deployment, flag, count in flagged],
        "sites": list(visible_sites(request.user, "see_intake", now=now)),
        "site": site,
        "may_open": may(request.user, "see_quarantine"),
    }
    return render(request, "inference/connectors/intake.html", context)


@allowed("see_quarantine")
@require_GET
def quarantine(request: HttpRequest) -> HttpResponse:
    """Show what waits, by its cause or row by row. Opening the page is the look that the bell counts from."""
    now, user = timezone.now(), user_of(request)
    form = FilterForm(request.GET)
    chosen = form.chosen()
    rows = searched(set_aside_within(user, "see_quarantine", now=now).filter(**chosen), form.words)
    seen, by_row = last_look(user), form.shows_rows
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "groups": [] if by_row else groups_of(rows, seen_up_to=seen),
        "page": Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page")) if by_row else None,
        "by_row": by_row,
        "seen": seen,
        "query": f"{query.urlencode()}&" if query else "",
        "tabs": tabs_of(query, by_row=by_row),
        "form": form,
        "sites": visible_sites(user, "see_quarantine", now=now),
        "chosen": chosen,
        "breadcrumbs": [("Intake", reverse("connectors:intake")), ("Quarantine", "")],
    }
    has_looked(user, now=now)
    return render(request, "inference/connectors/quarantine.html", context)


def tabs_of(query: QueryDict, *, by_row: bool) -> list[tuple[str, str, bool]]:
    """Return label, address and whether it is the one open, with the other filters kept."""
    tabs = []
    for label, show in (("By cause", ""), ("Row by row", "rows")):
        other = query.copy()
        other["show"] = show
        tabs.append((label, f"?{other.urlencode()}", by_row == bool(show)))
    return tabs


@allowed("see_quarantine")
@require_GET
def set_aside(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one row with its content; opening it is an act in the log."""
    now = timezone.now()
    row = get_set_aside_for(request.user, "see_quarantine", pk, now=now)
    content = open_row(row, by=request.user, now=now)  # type: ignore[arg-type]
    return show_row(request, row, form=ReplayForm(initial={"row": pretty(content)}))


@allowed("replay_quarantine")
@require_http_methods(["POST"])
def replay(request: HttpRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    row = get_set_aside_for(request.user, "replay_quarantine", pk, now=now)
    form = ReplayForm(request.POST)
    if not form.is_valid():
        return show_row(request, row, form=form, status=422)
    try:
        receipt = replay_row(row, text=form.cleaned_data["row"], by=request.user, now=now)  # type: ignore[arg-type]
    except SetAsideStateError as error:
        messages.error(request, str(error))
        return redirect("connectors:quarantine")
    if not receipt.is_in:
        form.add_error("row", f"It did not go in: {receipt.reason}.")
        return show_row(request, row, form=form, status=422)
    messages.success(request, f"Row {row.row} went in: {receipt.status.replace('_', ' and ')}.")
    return redirect("connectors:quarantine")


def show_row(request: HttpRequest, row: SetAside, *, form: ReplayForm, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "row": row,
        "form": form,
        "discard_form": DiscardForm(),
        "is_waiting": row.state == SetAside.State.WAITING,
        "breadcrumbs": [
            ("Intake", reverse("connectors:intake")),
            ("Quarantine", reverse("connectors:quarantine")),
            (f"Row {row.row}", ""),
        ],
    }
    return render(request, "inference/connectors/set_aside.html", context, status=status)
