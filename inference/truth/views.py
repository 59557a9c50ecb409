"""The queue of studies that wait for their truth, and the page that settles or amends one."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from audit.access.decisions import allowed, user_of
from inference.registry.visibility import visible_products, visible_sites
from inference.studies.models import Study
from inference.studies.visibility import get_study_for
from inference.truth.actions import TruthRefusedError, settle_truth
from inference.truth.forms import TruthForm, initial_of
from inference.truth.models import Truth
from inference.truth.queries import (
    QUEUES,
    Wanted,
    concepts_for,
    regions_for,
    studies_awaiting_truth,
    truth_to_amend,
    truths_of,
    with_truths,
)

PAGE = 25
REFUSED = 422


@require_GET
@allowed("settle_truth")
def queue(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    wanted = wanted_of(request)
    found = studies_awaiting_truth(request.user, wanted, now=now)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "breadcrumbs": [("Truth", "")],
        "page": page,
        "rows": with_truths(page.object_list),
        "wanted": wanted,
        "queues": QUEUES.items(),
        "query": f"{query.urlencode()}&" if query else "",
        "sites": visible_sites(request.user, "settle_truth", now=now),
        "products": visible_products(request.user, "settle_truth", now=now),
    }
    return render(request, "inference/truth/queue.html", context)


def wanted_of(request: HttpRequest) -> Wanted:
    asked, days = request.GET, request.GET.get("days", "")
    return Wanted(
        queue=asked["queue"] if asked.get("queue") in QUEUES else "waiting",
        site=asked.get("site", ""),
        product=asked.get("product", ""),
        ai=asked["ai"] if asked.get("ai") in ("positive", "negative") else "",
        days=int(days) if days.isdecimal() and 0 < int(days) < 10_000 else None,
    )


@require_http_methods(["GET", "POST"])
@allowed("settle_truth")
def settle(request: HttpRequest, study_id: UUID) -> HttpResponse:
    now = timezone.now()
    study = get_study_for(request.user, "settle_truth", study_id, now=now)
    amends = truth_to_amend(study, request.GET["amend"]) if "amend" in request.GET else None
    with timezone.override(study.site.timezone):
        form = TruthForm(
            request.POST or None,
            concepts=concepts_for(study),
            regions=regions_for(study),
            now=now,
            initial=initial_of(amends) if amends else {"determined_at": now},
        )
        if request.method == "POST" and form.is_valid() and stored(request, study, form, amends=amends):
            return redirect(request.path)
        return shown(request, study, form, amends=amends)


def stored(request: HttpRequest, study: Study, form: TruthForm, *, amends: Truth | None) -> bool:
    try:
        settle_truth(study=study, values=form.cleaned_data, by=user_of(request), now=timezone.now(), amends=amends)
    except TruthRefusedError as problem:
        form.add_error(None, str(problem))
        return False
    messages.success(request, "The truth is amended; the old value stays below." if amends else "The truth is stored.")
    return True


def shown(request: HttpRequest, study: Study, form: TruthForm, *, amends: Truth | None) -> HttpResponse:
    context = {
        "study": study,
        "zone": study.site.timezone,
        "form": form,
        "amends": amends,
        "truths": truths_of(study),
        "breadcrumbs": [("Truth", reverse("truth:queue")), (f"Study {study}", "")],
    }
    return render(request, "inference/truth/settle.html", context, status=REFUSED if form.errors else 200)
