"""Where a product does better or worse: its subgroups, its sites, and the people it was not developed on."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from audit.access.decisions import NotVisibleError, allowed
from inference.registry.models import Finding, Product
from inference.registry.visibility import get_product_for, visible_deployments
from monitoring.subgroups.asking import (
    SEE,
    USUAL_DIMENSION,
    Asked,
    ask,
    dimensions_of,
    headline_of,
    least_of,
    metrics_for,
    scope_of,
)
from monitoring.subgroups.exporting import COLUMNS, csv_response, rows_of
from monitoring.subgroups.forms import SubgroupForm
from monitoring.subgroups.gathering import gather
from monitoring.subgroups.presenting import page_context
from monitoring.subgroups.wording import label_of


@allowed(SEE)
@require_GET
def page(request: HttpRequest, key: str) -> HttpResponse:
    asked, form = asked_for(request, key)
    context = page_context(asked, gather(asked)) | {"form": form, "query": request.GET.urlencode()}
    query = request.GET.copy()
    for name in ("finding", "metric"):
        query.pop(name, None)
    context["filter_query"] = query.urlencode()
    return render(request, "monitoring/subgroups/page.html", context, status=200 if form.is_valid() else 422)


@allowed(SEE)
@require_GET
def download(request: HttpRequest, key: str) -> HttpResponseBase:
    """Every group of the page as CSV: as measured, drawn towards the mean, against the rest."""
    asked, form = asked_for(request, key)
    if not form.is_valid():
        raise NotVisibleError
    return csv_response(COLUMNS, rows_of(asked, gather(asked)), name=f"{key}-{asked.finding.key}-subgroups")


def asked_for(request: HttpRequest, key: str) -> tuple[Asked, SubgroupForm]:
    """Return what is asked, and the form that asked it; a field that is not understood asks nothing."""
    now = timezone.now()
    product = get_product_for(request.user, SEE, key, now=now)
    findings = list(Finding.objects.filter(product=product).select_related("concept").order_by("id"))
    if not findings:
        raise NotVisibleError
    wanted = request.GET.get("finding", "")
    finding = next((each for each in findings if each.key == wanted), findings[0])
    form = form_of(request, product=product, findings=findings, finding=finding)
    form.full_clean()
    filters: dict[str, Any] = form.cleaned_data
    return ask(request.user, product=product, finding=finding, filters=filters, now=now), form


def form_of(request: HttpRequest, *, product: Product, findings: list[Finding], finding: Finding) -> SubgroupForm:
    now = timezone.now()
    deployments = list(visible_deployments(request.user, SEE, now=now).filter(product=product))
    scope = scope_of(request.user, SEE, now=now)
    is_shared = any(least_of(scope, each) for each in deployments)
    said = request.GET.copy()
    for name, usual in (("metric", headline_of(finding)), ("by", USUAL_DIMENSION)):
        if not said.get(name):
            said[name] = usual
    return SubgroupForm(
        said,
        findings=[(each.key, each.key.replace("_", " ")) for each in findings],
        metrics=[(name, label_of(name)) for name in metrics_for(finding)],
        versions=[(each.version, each.version) for each in product.versions.order_by("id")],
        dimensions=dimensions_of(product, deployments=deployments, is_shared=is_shared).offered,
    )
