"""The reader's worklist, and the page of one case."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from audit.access.decisions import allowed, may, user_of
from audit.access.emergencies import note_seen
from audit.access.models import User
from inference.reads.actions import ReadRefusedError, reader_key, record_opinions
from inference.reads.forms import ReadForm
from inference.reads.page import CasePage, load_case
from inference.reads.worklist import QUEUES, Wanted, next_in, with_runs, worklist
from inference.registry.visibility import visible_products, visible_sites
from inference.studies.actions import note_opening
from inference.studies.models import Study
from inference.studies.visibility import get_study_for

PAGE = 25
REFUSED = 422


@require_GET
@allowed("see_worklist")
def worklist_page(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    wanted = wanted_of(request)
    found = worklist(request.user, wanted, reader=reader_key(user_of(request)), now=now)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    note_lists_seen(user_of(request), now=now)
    context = {
        "breadcrumbs": [("Worklist", "")],
        "page": page,
        "rows": with_runs(page.object_list),
        "wanted": wanted,
        "queues": QUEUES.items(),
        "query": query_of(request),
        "sites": visible_sites(request.user, "see_worklist", now=now),
        "products": visible_products(request.user, "see_worklist", now=now),
    }
    return render(request, "inference/reads/worklist.html", context)


def note_lists_seen(user: User, *, now: datetime) -> None:
    """Log which sites' worklists an emergency let somebody see."""
    for grant in user.live_grants:
        if grant.is_emergency:
            place = {"organisation": grant.organisation, "site": grant.site}
            note_seen(user, "see_worklist", **place, subject=f"worklist/{grant.site}", now=now)


def wanted_of(request: HttpRequest) -> Wanted:
    """Return the filters of the address; what is not known there means the default."""
    asked = request.GET
    default = "disagreement" if may(request.user, "arbitrate") else "waiting"
    days = asked.get("days", "")
    return Wanted(
        queue=asked["queue"] if asked.get("queue") in QUEUES else default,
        site=asked.get("site", ""),
        product=asked.get("product", ""),
        ai=asked["ai"] if asked.get("ai") in ("positive", "negative") else "",
        days=int(days) if days.isdecimal() and 0 < int(days) < 10_000 else None,
        order="newest" if asked.get("order") == "newest" else "urgent",
    )


def query_of(request: HttpRequest) -> str:
    query = request.GET.copy()
    query.pop("page", None)
    return f"{query.urlencode()}&" if query else ""


@require_http_methods(["GET", "POST"])
@allowed("see_case")
def case(request: HttpRequest, study_id: UUID) -> HttpResponse:
    now = timezone.now()
    study = get_study_for(request.user, "see_case", study_id, now=now)
    page = load_case(study, user=user_of(request), now=now)
    if request.method == "POST" and page.may_read:
        return answer(request, page)
    if request.method == "POST":
        get_study_for(request.user, "record_read", study_id, now=now)
    note_opening(study=study, what="case", by=user_of(request), now=now)
    return shown(request, page, form=form_of(page), status=200)


def form_of(page: CasePage, data: Any = None) -> ReadForm | None:
    if not (page.may_read and page.targets):
        return None
    return ReadForm(data, targets=page.targets, stages=page.stages)


def answer(request: HttpRequest, page: CasePage) -> HttpResponse:
    """Take the reader's answer and go to the next case of the queue."""
    form = form_of(page, request.POST)
    if form is None or not form.is_valid():
        return shown(request, page, form=form, status=REFUSED)
    given = form.cleaned_data
    try:
        record_opinions(
            study=page.study,
            opinions=given["opinions"],
            stage=given["stage"],
            reason=given["reason"],
            by=user_of(request),
            now=timezone.now(),
        )
    except ReadRefusedError as problem:
        form.add_error(None, str(problem))
        return shown(request, page, form=form, status=REFUSED)
    messages.success(request, "Your read is stored.")
    return go_on(request, page.study)


def go_on(request: HttpRequest, study: Study) -> HttpResponse:
    """Go to the next case of the queue that the reader came from, else stay with this one."""
    query = request.GET.urlencode()
    if "queue" not in request.GET:
        return redirect("reads:case", study_id=study.pk)
    found = worklist(request.user, wanted_of(request), reader=reader_key(user_of(request)), now=timezone.now())
    following = next_in(found, after=study.pk)
    if following is None:
        messages.info(request, "That was the last case of this queue.")
        return redirect("reads:worklist")
    response = redirect("reads:case", study_id=following)
    response["Location"] += f"?{query}"
    return response


def shown(request: HttpRequest, page: CasePage, *, form: ReadForm | None, status: int) -> HttpResponse:
    context = {"page": page, "study": page.study, "form": form, "breadcrumbs": page.breadcrumbs}
    return render(request, "inference/reads/case.html", context, status=status)
