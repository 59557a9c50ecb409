"""Where AI and readers part ways, and who was right: the page and its file."""

import csv

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from audit.access.decisions import allowed, may
from audit.access.scopes import Hidden, hide_small
from monitoring.disagreement.cells import HEADER, as_rows
from monitoring.disagreement.forms import QuestionForm
from monitoring.disagreement.presenting import page_context
from monitoring.disagreement.queries import ACTION, answer, choices, findings_of


@allowed(ACTION)
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    question = QuestionForm(request.GET).question()
    deployments = choices(request.user, now=now)
    site_names = {each.site_id: each.site.name for each in deployments}
    found = answer(request.user, question=question, now=now)
    context = page_context(
        found,
        question=question,
        site_names=site_names,
        may_see_rows=may(request.user, "see_rows") and found.readers_shown,
    )
    context |= {
        "question": question,
        "site_names": site_names,
        "products": {each.product_id: each.product.name for each in deployments},
        "findings": findings_of(deployments),
        "query": request.GET.urlencode(),
        "breadcrumbs": [("Overview", "/"), ("Disagreement", "")],
    }
    return render(request, "monitoring/disagreement/page.html", context)


@allowed(ACTION)
@require_GET
def download(request: HttpRequest) -> HttpResponse:
    """Return the counts behind the page; small ones are left out by name."""
    found = answer(request.user, question=QuestionForm(request.GET).question(), now=timezone.now())
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="disagreement.csv"'
    writer = csv.writer(response)
    writer.writerow(HEADER)
    for *keys, cases in as_rows(found.cells):
        shown = hide_small(cases, minimum_count=found.minimum_count)
        writer.writerow([*keys, shown.reason if isinstance(shown, Hidden) else shown])
    return response
