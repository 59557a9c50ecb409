"""Pages of emergency access: taking it, ending it, and reviewing what others took."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audit.access.decisions import NotVisibleError, allowed, scope_for, user_of
from audit.access.emergencies import (
    LASTS,
    acknowledge,
    break_glass,
    emergencies_within,
    end_emergency,
    is_open,
    seen_under,
)
from audit.access.models import Emergency, User
from audit.errors import AccessError
from inference.registry.break_glass import sites_to_take
from inference.registry.break_glass_forms import BreakGlassForm, ReviewForm

REVIEW = "review_break_glass"
ROWS_A_PAGE = 50


@never_cache
@allowed("break_glass")
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    sites = sites_to_take(user)
    form = BreakGlassForm(request.POST if request.method == "POST" else None, sites=sites)
    if request.method == "POST" and form.is_valid():
        try:
            return taken(request, form=form)
        except AccessError as error:
            form.add_error(None, str(error))
    own = Emergency.objects.filter(grant__user=user).select_related("grant").order_by("-grant__created_at")
    context = {
        "form": form,
        "sites": sites,
        "own": own[:ROWS_A_PAGE],
        "now": timezone.now(),
        "minutes": int(LASTS.total_seconds() // 60),
        "breadcrumbs": [("Worklist", reverse("reads:worklist")), ("Emergency access", "")],
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "inference/registry/break_glass.html", context, status=status)


def taken(request: HttpRequest, *, form: BreakGlassForm) -> HttpResponse:
    site = form.cleaned_data["site"]
    break_glass(
        user=user_of(request),
        organisation=site.organisation_id,
        site=site.pk,
        reason=form.cleaned_data["reason"],
        now=timezone.now(),
    )
    messages.warning(request, f"You see {site} now. The quality officers and administrators have been told.")
    response = redirect("reads:worklist")
    response["Location"] += f"?site={site.pk}"
    return response


@allowed("break_glass")
@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """End one's own emergency access before its hour is over."""
    user, now = user_of(request), timezone.now()
    for found in Emergency.objects.filter(grant__user=user, grant__ended_at=None).select_related("grant__user"):
        if is_open(found, now=now):
            end_emergency(found, by=user, now=now)
    return redirect("break_glass:page")


@allowed(REVIEW)
@require_GET
def reviews(request: HttpRequest) -> HttpResponse:
    found = emergencies_within(scope_for(request.user, REVIEW))
    state = request.GET.get("state", "")
    if state in ("waiting", "reviewed"):
        found = found.filter(acknowledged_at__isnull=state == "waiting")
    context = {
        "page": Paginator(found, ROWS_A_PAGE).get_page(request.GET.get("page")),
        "state": state,
        "query": f"state={state}&" if state in ("waiting", "reviewed") else "",
        "now": timezone.now(),
        "breadcrumbs": [("Overview", "/"), ("Emergency access", "")],
    }
    return render(request, "inference/registry/break_glass_reviews.html", context)


@allowed(REVIEW)
@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, emergency: int) -> HttpResponse:
    found = emergencies_within(scope_for(request.user, REVIEW)).filter(pk=emergency).first()
    if found is None:
        raise NotVisibleError
    form = ReviewForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            acknowledge(found, **form.cleaned_data, by=user_of(request), now=timezone.now())
            return redirect("break_glass:review", found.pk)
        except AccessError as error:
            form.add_error(None, str(error))
    context = review_context(found, form=form, user=user_of(request))
    status = 422 if request.method == "POST" else 200
    return render(request, "inference/registry/break_glass_review.html", context, status=status)


def review_context(found: Emergency, *, form: ReviewForm, user: User) -> dict[str, Any]:
    return {
        "taken": found,
        "is_open": is_open(found, now=timezone.now()),
        "is_own": found.grant.user_id == user.pk,
        "seen": seen_under(found),
        "form": form,
        "breadcrumbs": [
            ("Overview", "/"),
            ("Emergency access", reverse("break_glass:reviews")),
            (f"{found.grant.user.username} at {found.grant.site}", ""),
        ],
    }


@allowed(REVIEW)
@require_GET
def bell(request: HttpRequest) -> HttpResponse:
    """The part of the frame that rings while somebody's emergency access waits for its review."""
    waiting = emergencies_within(scope_for(request.user, REVIEW)).filter(acknowledged_at=None)
    number = waiting.exclude(grant__user=user_of(request)).count()
    return render(request, "inference/registry/_break_glass_bell.html", {"waiting": number})
