"""The page of facts that found no study, or one of several."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from audit.access.decisions import allowed
from inference.corrections.queries import ACTION, GROUPS, groups_within, lines_of, sites_of


@require_GET
@allowed(ACTION)
def matching(request: HttpRequest) -> HttpResponse:
    shown, site = request.GET.get("show", "covers"), request.GET.get("site", "")
    if shown not in GROUPS:
        raise Http404
    everywhere = sites_of(request.user, site="", now=timezone.now())
    sites = [each for each in everywhere if not site or each.pk == site]
    context = {
        "groups": groups_within(sites),
        "lines": lines_of(shown, sites=sites),
        "shown": shown,
        "site": site,
        "sites": everywhere,
        "breadcrumbs": [("Intake", "/intake/"), ("Matching", "")],
    }
    return render(request, "inference/corrections/matching.html", context)
