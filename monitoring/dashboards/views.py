"""The overview, the page of one product and the list of cases."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from audit.access.decisions import NotVisibleError, allowed, may, user_of
from inference.registry.models import Deployment, Finding, TruthRule
from inference.registry.registering import may_register
from inference.registry.visibility import get_product_for, scope_of, visible_deployments
from monitoring.cases.reasons import sentence
from monitoring.dashboards import asking, case_list, exporting, overview
from monitoring.dashboards.actions import record_export
from monitoring.dashboards.attention import attention
from monitoring.dashboards.beside import beside_rows
from monitoring.dashboards.case_list import CSV_COLUMNS, LONGEST_CSV, PAGE_ROWS
from monitoring.dashboards.forms import ProductForm
from monitoring.dashboards.label_free import promise_rows, refused_alike, track_record
from monitoring.dashboards.presenting import product_context
from monitoring.dashboards.progress import making
from monitoring.dashboards.recounting import answers
from monitoring.dashboards.verification import shares_verified, verification_of
from monitoring.performance.beside import ai_and_reader
from monitoring.performance.label_free import promises
from monitoring.performance.scopes import DIMENSIONS
from monitoring.statistics.results import NotEstimable

HIDDEN = NotEstimable("not shown: hidden by the sharing agreement")
STATES = (("act", "act"), ("watch", "watch"), ("ok", "OK"), ("unknown", "not known"))


def home(request: HttpRequest) -> HttpResponseBase:
    """Show the overview, or the first page that somebody without it may open."""
    if request.user.is_authenticated and not may(request.user, overview.SEE) and may(request.user, "resolve_identity"):
        return redirect("studies:resolve")
    return overview_page(request)


@allowed(overview.SEE)
@require_GET
def overview_page(request: HttpRequest) -> HttpResponse:
    now, filters = timezone.now(), overview_filters(request)
    deployments = list(visible_deployments(request.user, overview.SEE, now=now))
    rows = overview.overview_rows(request.user, filters=filters, now=now)
    cards, signals_open = (
        attention(request.user, filters=filters, now=now) if may(request.user, "see_signals") else ([], 0)
    )
    counted = Counter(row.status.state for row in rows)
    context = {
        "rows": rows,
        "cards": cards,
        "signals_open": signals_open,
        "counted": {state: counted[state] for state, _ in STATES},
        "filters": filters,
        "is_filtered": bool(filters.product or filters.site or filters.status),
        "windows": overview.WINDOWS,
        "states": STATES,
        "products": sorted({(each.product_id, each.product.name) for each in deployments}),
        "sites": sorted({(each.site_id, each.site.name) for each in deployments}),
        "making": making(settings.RADVIGIL_HOME) if settings.RADVIGIL_DEMO else None,
        "register_href": reverse("registry:register") if may_register(request.user) else "",
    }
    return render(request, "monitoring/dashboards/overview.html", context)


def overview_filters(request: HttpRequest) -> overview.Filters:
    days = request.GET.get("days", "")
    return overview.Filters(
        product=request.GET.get("product", ""),
        site=request.GET.get("site", ""),
        status=request.GET.get("status", ""),
        days=int(days)
        if days in {str(each) for each in overview.WINDOWS}
        else overview.usual_window(request.user, now=timezone.now()),
    )


@allowed(overview.SEE)
@require_GET
def making_page(request: HttpRequest) -> HttpResponse:
    """Answer the poll of the overview: how far the making is; once it is done, the page loads anew."""
    found = making(settings.RADVIGIL_HOME) if settings.RADVIGIL_DEMO else None
    response = render(request, "monitoring/dashboards/_making.html", {"making": found})
    if found is None:
        response["HX-Refresh"] = "true"
    return response


@allowed(asking.SEE)
@require_GET
def product_page(request: HttpRequest, key: str) -> HttpResponse:
    asked, form = product_question(request, key)
    context = product_context(asked, by=form.cleaned_data.get("by", "") if form.is_valid() else "")
    query = request.GET.copy()
    query.pop("finding", None)
    context |= {"form": form, "filter_query": query.urlencode(), "query": request.GET.urlencode()}
    context["may_export"] = may(request.user, "export_package")
    return render(request, "monitoring/dashboards/product.html", context, status=200 if form.is_valid() else 422)


@allowed(asking.SEE)
@require_GET
def product_csv(request: HttpRequest, key: str) -> HttpResponseBase:
    """Every figure of the page: overall, by month, by site and by the dimension asked for."""
    asked, form = product_question(request, key)
    if not form.is_valid():
        raise NotVisibleError
    rows: list[Any] = []
    for found in answers(asked.question, by=("month", "site", form.cleaned_data["by"])).cuts.values():
        rows += exporting.figure_rows(found, minimum_count=asked.minimum_count())
    return exporting.csv_response(exporting.FIGURE_COLUMNS, rows, name=f"{key}-{asked.finding.key}")


@allowed(asking.SEE)
@require_GET
def product_verification(request: HttpRequest, key: str) -> HttpResponse:
    """The part of the product page that needs every case, so that the page does not wait for it."""
    asked, form = product_question(request, key)
    if not form.is_valid():
        raise NotVisibleError
    context: dict[str, Any] = {"labels_href": ""}
    if asked.minimum_count() > 1:
        context["refusal"] = "Not shown: hidden by the sharing agreement."
    else:
        found = answers(asked.question, by=())
        verification = verification_of(asked, plain=found.overall)
        context |= {"verification": verification, "shares": shares_verified(found.counts)}
        if may(request.user, "see_label_plans"):
            context["labels_href"] = f"{reverse('labelling:page', args=[key])}?finding={asked.finding.key}"
    return render(request, "monitoring/dashboards/_verification.html", context)


@allowed(asking.SEE)
@require_GET
def product_label_free(request: HttpRequest, key: str) -> HttpResponse:
    """The part of the page that estimates months whose labels are still missing; where small counts hide, nothing."""
    asked, form = product_question(request, key)
    if not form.is_valid():
        raise NotVisibleError
    found = HIDDEN if asked.minimum_count() > 1 else promises(asked.question)
    if isinstance(found, NotEstimable):
        context: dict[str, Any] = {"refusal": found.reason}
    else:
        came_true, compared = track_record(found)
        context = {"rows": promise_rows(found), "came_true": came_true, "compared": compared}
        if reason := refused_alike(found):
            context = {"refusal": f"No month can be estimated: {reason}"}
    return render(request, "monitoring/dashboards/_label_free.html", context)


@allowed(asking.SEE)
@require_GET
def product_beside(request: HttpRequest, key: str) -> HttpResponse:
    """The part of the page that sets the reader in the loop beside the AI alone; where small counts hide, nothing."""
    asked, _ = product_question(request, key)
    if asked.minimum_count() > 1:
        context: dict[str, Any] = {"refusal": "Not shown: hidden by the sharing agreement."}
    else:
        rows = beside_rows(ai_and_reader(asked.question), unit=asked.finding.unit)
        context = {"rows": rows, "has_test": any(row.method for row in rows)}
    return render(request, "monitoring/dashboards/_beside.html", context)


def product_question(request: HttpRequest, key: str) -> tuple[asking.Asked, ProductForm]:
    """Return what is asked of a product, and the form that asked it; a field that is not understood asks nothing."""
    now = timezone.now()
    found = get_product_for(request.user, asking.SEE, key, now=now)
    findings = list(Finding.objects.filter(product=found).select_related("concept").order_by("id"))
    if not findings:
        raise NotVisibleError
    deployments = visible_deployments(request.user, asking.SEE, now=now).filter(product=found)
    elsewhere = not_offered(request, deployments)
    named = [*DIMENSIONS, *sorted(set(found.dimensions) - set(DIMENSIONS))]
    form = ProductForm(
        request.GET,
        findings=[(each.key, each.key.replace("_", " ")) for each in findings],
        sites=sorted({(each.site_id, each.site.name) for each in deployments}),
        dimensions=[(name, name.replace("_", " ")) for name in named if name not in elsewhere],
        versions=[(each.version, each.version) for each in found.versions.order_by("id")],
        rules=[(rule, rule) for rule in TruthRule.objects.order_by("key").values_list("key", flat=True)],
    )
    form.full_clean()
    filters = form.cleaned_data
    finding = next((each for each in findings if each.key == filters.get("finding")), findings[0])
    return asking.ask(request.user, product=found, finding=finding, filters=filters, now=now), form


def not_offered(request: HttpRequest, deployments: Iterable[Deployment]) -> tuple[str, ...]:
    """Return the dimensions that stand elsewhere, and readers and operators where sums alone are shared: people."""
    scope = scope_of(request.user, asking.SEE, now=timezone.now())
    is_shared = any(asking.least_of(scope, each) for each in deployments)
    return ("site", "month", "reader", "operator") if is_shared else ("site", "month")


@allowed(case_list.SEE)
@require_GET
def cases(request: HttpRequest) -> HttpResponseBase:
    now, filters = timezone.now(), case_list.filters_from(request.GET.dict())
    found = case_list.listed_cases(request.user, filters=filters, now=now)
    if request.GET.get("format") == "csv":
        record_export(by=user_of(request), filters=filters.narrowing, rows=min(found.count(), LONGEST_CSV), now=now)
        rows = found.values_list(*CSV_COLUMNS)[:LONGEST_CSV].iterator(chunk_size=2_000)
        return exporting.csv_response(CSV_COLUMNS, rows, name="cases")
    deployments = {each.pk: each for each in visible_deployments(request.user, case_list.SEE, now=now)}
    products = {each.product_id: each.product.name for each in deployments.values()}
    findings = list(Finding.objects.filter(product__in=products).order_by("product", "id"))
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    units = {(each.product_id, each.key): each.unit for each in findings}
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "page": page,
        "rows": case_list.rows_of(page.object_list, deployments=deployments, units=units),
        "filters": filters,
        "narrowing": filters.narrowing,
        "excluded_words": sentence(filters.excluded) if filters.excluded not in ("", "any", "no", "counted") else "",
        "products": sorted(products.items()),
        "sites": sorted({(each.site_id, each.site.name) for each in deployments.values()}),
        "findings": list(dict.fromkeys(each.key for each in findings)),
        "sorts": tuple(case_list.SORTS),
        "query": f"{query.urlencode()}&" if query else "",
        "breadcrumbs": [("Overview", reverse("dashboards:overview")), ("Cases", "")],
    }
    return render(request, "monitoring/dashboards/cases.html", context)
