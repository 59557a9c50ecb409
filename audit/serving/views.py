"""The pages of the log: all logs, one log with its entries, one entry with its proof."""

import json
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET, require_POST

from audit.access.decisions import allowed, scope_for
from audit.log.models import Entry
from audit.serving.actions import is_small, verify_for
from audit.serving.forms import EntryFilters
from audit.serving.queries import (
    LogPaginator,
    found_entries,
    last_verification,
    organisations_for,
    proof_of,
    require_log,
    states_of,
)
from audit.serving.tasks import verify_log_task
from audit.witnesses.codes import code_svg
from audit.witnesses.queries import newest_cosignatures, newest_time_stamp

HOME = [("Overview", "/")]


@allowed("see_log")
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    states = states_of(organisations_for(request.user, "see_log"))
    rows = [{"state": state, "lag": state.lag(now)} for state in states]
    return render(request, "audit/serving/index.html", {"rows": rows, "breadcrumbs": [*HOME, ("Log", "")]})


@allowed("see_log")
@require_GET
def log(request: HttpRequest, organisation: str) -> HttpResponse:
    require_log(request.user, "see_log", organisation=organisation)
    form = EntryFilters(request.GET, label_suffix="")
    state = states_of([organisation])[0]
    entries = found_entries(organisation, filters=form.filters)
    pages = LogPaginator(entries, known=None if form.filters else state.size + state.waiting)
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "state": state,
        "lag": state.lag(timezone.now()),
        "form": form,
        "cosignatures": newest_cosignatures(organisation),
        "stamp": newest_time_stamp(organisation),
        "code": mark_safe(code_svg(state.checkpoint.note)) if state.checkpoint else "",  # noqa: S308 - drawn by us
        "now": timezone.now(),
        "page": pages.get_page(request.GET.get("page")),
        "query": f"{query.urlencode()}&" if query else "",
        "breadcrumbs": [*HOME, ("Log", reverse("log:index")), (organisation, "")],
        **verification_context(request, organisation=organisation),
    }
    return render(request, "audit/serving/log.html", context)


def verification_context(request: HttpRequest, *, organisation: str) -> dict[str, Any]:
    """Return the last verification, and whether one that was asked for here is still under way."""
    asked = request.session.get(f"verifying/{organisation}")
    since = datetime.fromisoformat(asked) if asked else None
    last = last_verification(organisation)
    is_running = since is not None and (last is None or last.received_at < since)
    may_verify = scope_for(request.user, "verify_log").covers(organisation=organisation)
    return {"organisation": organisation, "last": last, "is_running": is_running, "may_verify": may_verify}


@allowed("verify_log")
@require_POST
def verify(request: HttpRequest, organisation: str) -> HttpResponse:
    require_log(request.user, "verify_log", organisation=organisation)
    now, actor = timezone.now(), request.user.actor  # type: ignore[union-attr]
    if is_small(organisation):
        verify_for(organisation, actor=actor, now=now)
    else:
        request.session[f"verifying/{organisation}"] = now.isoformat()
        verify_log_task.delay_on_commit(organisation=organisation, actor=actor)
    return redirect("log:log", organisation)


@allowed("see_log")
@require_GET
def verification(request: HttpRequest, organisation: str) -> HttpResponse:
    """The part of the page that asks again until the verification is done."""
    require_log(request.user, "see_log", organisation=organisation)
    context = verification_context(request, organisation=organisation)
    return render(request, "audit/serving/_verification.html", context)


@allowed("see_log")
@require_GET
def entry(request: HttpRequest, organisation: str, position: int) -> HttpResponse:
    require_log(request.user, "see_log", organisation=organisation)
    found = get_object_or_404(Entry, organisation=organisation, position=position)
    may_read = scope_for(request.user, "see_log_entries").covers(organisation=organisation)
    body = bytes(found.body)
    address = reverse("log:log", args=[organisation])
    context = {
        "entry": found,
        "leaf": bytes(found.leaf_hash).hex(),
        "record": bytes(found.record_sha256).hex(),
        "body": body.decode() if may_read else "",
        "pretty": json.dumps(json.loads(body), indent=2, ensure_ascii=False) if may_read else "",
        "proved": proof_of(found),
        "breadcrumbs": [*HOME, ("Log", reverse("log:index")), (organisation, address), (f"Entry {position}", "")],
    }
    return render(request, "audit/serving/entry.html", context)
