"""The pages of the portal: what was shared, one product, its entries, and the check in the reader's own browser."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from audit.access.decisions import allowed, may, user_of
from audit.packages.bundling import verifier_digest
from monitoring.portal.actions import note_opened
from monitoring.portal.comments import own_threads, providers_of
from monitoring.portal.forms import CommentForm, PeriodForm
from monitoring.portal.presenting import log_rows, product_view, term_proof
from monitoring.portal.printing import product_paper
from monitoring.portal.proving import entry_of, proof_document
from monitoring.portal.queries import SEE, portal_reach, product_for, terms_of


@allowed(SEE)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    reach = portal_reach(user, now=timezone.now())
    note_opened(by=user, organisations=reach.organisations, subject="portal", now=reach.now)
    products = [(each, reach.of(each.pk)) for each in reach.products]
    context = {
        "products": products,
        "terms": [(term, term_proof(term)) for term in terms_of(reach)],
        "threads": own_threads(user, organisations=reach.organisations, products=[each.pk for each, _ in products]),
        "logs": log_rows(reach.organisations),
        "breadcrumbs": [("Overview", "/"), ("Portal", "")],
    }
    return render(request, "monitoring/portal/index.html", context)


@allowed(SEE)
@require_GET
def product(request: HttpRequest, key: str) -> HttpResponse:
    user = user_of(request)
    reach = portal_reach(user, now=timezone.now())
    found = product_for(reach, key)
    form = PeriodForm(request.GET)
    note_opened(by=user, organisations=providers_of(reach.of(key)), subject=f"portal/product/{found.pk}", now=reach.now)
    context: dict[str, Any] = product_view(reach, found, period=form.period)
    context |= {"form": form, "comment": CommentForm(), "query": request.GET.urlencode()}
    return render(request, "monitoring/portal/product.html", context, status=422 if form.errors else 200)


@allowed(SEE)
@require_GET
def report(request: HttpRequest, key: str) -> HttpResponse:
    """The same on paper."""
    user = user_of(request)
    reach = portal_reach(user, now=timezone.now())
    found = product_for(reach, key)
    note_opened(by=user, organisations=providers_of(reach.of(key)), subject=f"portal/report/{found.pk}", now=reach.now)
    view = product_view(reach, found, period=PeriodForm(request.GET).period)
    response = HttpResponse(product_paper(view, reader=user.printed_name), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="radvigil-portal-{found.pk}-{reach.now:%Y-%m-%d}.pdf"'
    return response


@allowed(SEE)
@require_GET
def entry(request: HttpRequest, token: str) -> HttpResponse:
    """Answer what a browser needs to prove one entry by itself; looking at it is an act too."""
    user = user_of(request)
    reach = portal_reach(user, now=timezone.now())
    found, has_words = entry_of(reach, token)
    subject = f"entry/{found.organisation}/{found.kind}/{found.uid}"
    note_opened(by=user, organisations=[found.organisation], subject=subject, now=reach.now)
    return JsonResponse(proof_document(found, has_words=has_words))


@require_GET
def verify(request: HttpRequest) -> HttpResponse:
    """The page on which a package is checked. It needs no log-in: nothing of ours is shown, nothing of theirs sent."""
    pins = []
    if request.user.is_authenticated and may(request.user, SEE):
        pins = log_rows(portal_reach(request.user, now=timezone.now()).organisations)
    context = {
        "verifier": verifier_digest(),
        "logs": pins,
        "breadcrumbs": [("Overview", "/"), ("Verify a package", "")],
    }
    return render(request, "monitoring/portal/verify.html", context)
