"""The feeds page: what came lately from each deployment, how late, and what is missing."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from audit.access.decisions import allowed, may
from inference.registry.visibility import scope_of, visible_deployments
from monitoring.feeds import completeness_views
from monitoring.feeds.presenting import feed_rows
from monitoring.feeds.queries import WINDOW_DAYS, feeds_of


@allowed("see_signals")
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    deployments = list(visible_deployments(request.user, "see_signals", now=now))
    feeds = feeds_of([each.pk for each in deployments], now=now)
    context = {
        "rows": feed_rows(deployments, feeds=feeds, scope=scope_of(request.user, "see_signals", now=now)),
        "may_see_flagged": may(request.user, "see_flagged"),
        "may_see_completeness": may(request.user, completeness_views.SEE),
        "window_days": WINDOW_DAYS,
        "breadcrumbs": [("Overview", "/"), ("Feeds", "")],
    }
    return render(request, "monitoring/feeds/page.html", context)
