"""Where AI and readers part ways, and who was right: the page and its file."""

import csv

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from audit.access.decisions import allowed, may, user_of
from monitoring.disagreement.cells import HEADER, as_rows
from monitoring.disagreement.forms import QuestionForm
from monitoring.disagreement.hiding import hidden_rows, kept_back_below
from monitoring.disagreement.presenting import page_context
from monitoring.disagreement.queries import ACTION, answer, choices, findings_of
from monitoring.performance.reader_views import note_readers_seen
from monitoring.performance.spreadsheets import plain_cell


@allowed(ACTION)
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    question = QuestionForm(request.GET).question()
    deployments = choices(request.user, now=now)
    site_names = {each.site_id: each.site.name for each in deployments}
    found = answer(request.user, question=question, now=now)
    if found.readers_shown:
        note_readers_seen(by=user_of(request), subject="disagreement", now=now)
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
    now = timezone.now()
    found = answer(request.user, question=QuestionForm(request.GET).question(), now=now)
    if found.readers_shown:
        note_readers_seen(by=user_of(request), subject="disagreement", now=now)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="disagreement.csv"'
    writer = csv.writer(response)
    writer.writerow(HEADER)
    hidden = hidden_rows(found.cells, minimum_count=found.minimum_count)
    for place, (*keys, cases) in enumerate(as_rows(found.cells)):
        shown = kept_back_below(found.minimum_count) if place in hidden else cases
        writer.writerow([*map(plain_cell, keys), shown])
    return response
