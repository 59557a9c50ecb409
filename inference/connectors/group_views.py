"""Pages of whole groups of set-aside rows: one change for all, its progress, a discard to be signed, and the bell."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from audit.access.decisions import allowed, may, user_of
from inference.connectors.discards import MOST_ROWS, prepare_discard
from inference.connectors.forms import ChangeForm, DiscardForm, GroupForm
from inference.connectors.looking import MOST_COUNTED, new_rows
from inference.connectors.queries import get_repair_for, get_set_aside_for, set_aside_within
from inference.connectors.repairs import fields_of, start_repair
from inference.connectors.set_aside_groups import GroupKey
from inference.connectors.tasks import call_worker

ROWS_A_PAGE = 25
REFUSED = 422
FIRST_WAIT, LONGEST_WAIT = 30, 480  # seconds between two looks of the bell


@allowed("see_quarantine")
@require_GET
def group(request: HttpRequest) -> HttpResponse:
    return show_group(request, key=GroupForm(request.GET).key())


@allowed("replay_quarantine")
@require_POST
def repair_group(request: HttpRequest) -> HttpResponse:
    now, key, form = timezone.now(), GroupForm(request.POST).key(), ChangeForm(request.POST)
    if key is None or not form.is_valid():
        return show_group(request, key=key, change_form=form, status=REFUSED)
    rows = set_aside_within(request.user, "replay_quarantine", now=now)
    repair = start_repair(rows, key=key, change=form.change(), by=user_of(request), now=now)
    if repair is None:
        return show_group(request, key=key, change_form=form, status=REFUSED)
    if not call_worker(repair_id=repair.pk):
        messages.info(request, "No worker could be told; the repair starts with the next sweep.")
    return redirect("connectors:repair", pk=repair.pk)


@allowed("replay_quarantine")
@require_POST
def discard_group(request: HttpRequest) -> HttpResponse:
    """Prepare the record of a discard; what closes the rows is its signature."""
    now, key, form = timezone.now(), GroupForm(request.POST).key(), DiscardForm(request.POST)
    if key is None or not form.is_valid():
        return show_group(request, key=key, status=REFUSED)
    rows = key.of(set_aside_within(request.user, "replay_quarantine", now=now))
    return to_sign(request, rows, form=form)


@allowed("replay_quarantine")
@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    row = get_set_aside_for(request.user, "replay_quarantine", pk, now=now)
    form = DiscardForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose why the row is discarded.")
        return redirect("connectors:set_aside", pk=pk)
    rows = set_aside_within(request.user, "replay_quarantine", now=now).filter(pk=row.pk)
    return to_sign(request, rows, form=form)


def to_sign(request: HttpRequest, rows: Any, *, form: DiscardForm) -> HttpResponse:
    reason = form.cleaned_data["reason"]
    prepared = prepare_discard(rows, reason=reason, by=user_of(request), now=timezone.now())
    if prepared is None:
        messages.error(request, "Nothing of this is waiting any more; reload to see who closed it.")
        return redirect("connectors:quarantine")
    return redirect("log:sign", kind="quarantine-discard", key=prepared.uid)


@allowed("see_quarantine")
@require_GET
def repair(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_repair_for(request.user, pk, now=timezone.now())
    key = GroupKey(site=found.site_id, kind=found.kind, outcome=found.outcome, field=found.field, pattern=found.pattern)
    context = {"repair": found, "key": key, "breadcrumbs": way_to(f"Repair {found.pk}")}
    return render(request, "inference/connectors/repair.html", context)


@allowed("see_quarantine")
@require_GET
def repair_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress alone; once it is over, the browser is told to load the whole page."""
    found = get_repair_for(request.user, pk, now=timezone.now())
    answer = render(request, "inference/connectors/_repair_progress.html", {"repair": found})
    if found.finished_at:
        answer["HX-Refresh"] = "true"
    return answer


@allowed("see_quarantine")
@require_GET
def bell(request: HttpRequest) -> HttpResponse:
    """The bell alone, which asks again after a while: the longer nothing is new, the later."""
    count = new_rows(user_of(request), now=timezone.now())
    said, waited = request.GET.get("said", ""), request.GET.get("wait", "")
    before = int(waited) if waited.isascii() and waited.isdigit() and len(waited) < 6 else FIRST_WAIT
    wait = min(max(before * 2, FIRST_WAIT), LONGEST_WAIT) if said == str(count) else FIRST_WAIT
    context = {"count": count, "most": MOST_COUNTED, "is_more": count > MOST_COUNTED, "wait": wait}
    return render(request, "inference/connectors/_bell.html", context)


def show_group(
    request: HttpRequest, *, key: GroupKey | None, change_form: ChangeForm | None = None, status: int = 200
) -> HttpResponse:
    rows = set_aside_within(request.user, "see_quarantine", now=timezone.now())
    found = key.of(rows).order_by("-pk") if key else rows.none()
    page = Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "key": key,
        "page": page,
        "query": f"{key.query}&" if key else "",
        "group_form": GroupForm(initial=vars_of(key)),
        "change_form": change_form or ChangeForm(initial={"path": key.path if key else ""}),
        "discard_form": DiscardForm(),
        "paths": fields_of(key.kind) if key else [],
        "most": MOST_ROWS,
        "may_repair": may(request.user, "replay_quarantine"),
        "breadcrumbs": way_to("Group"),
    }
    return render(request, "inference/connectors/group.html", context, status=status)


def vars_of(key: GroupKey | None) -> dict[str, str]:
    return {name: getattr(key, name) for name in ("site", "kind", "outcome", "field", "pattern")} if key else {}


def way_to(last: str) -> list[tuple[str, str]]:
    return [("Intake", reverse("connectors:intake")), ("Quarantine", reverse("connectors:quarantine")), (last, "")]
