"""Pages of the registry: everything registered within reach, each line with its history in the log."""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from audit.access.decisions import NotVisibleError, allowed, user_of
from inference.errors import HistoryError, RegistryFileError
from inference.registry.browsing import (
    LISTINGS,
    LONGEST_LIST,
    SEE,
    Reach,
    claims_of,
    get_item,
    history_of_item,
    in_order,
    markets_of,
    reach_of,
)
from inference.registry.forms import RegisterForm
from inference.registry.registering import may_register, may_register_all, register_for

LABELS = {
    "product": "Products",
    "deployment": "Deployments",
    "version": "Versions",
    "finding": "Findings",
    "organisation": "Organisations",
    "site": "Sites",
    "scanner": "Scanners",
    "sharing": "Sharing",
    "concept": "Concepts",
    "truth_rule": "Truth rules",
}
HISTORY_PAGE = 25


@allowed(SEE)
@require_GET
def index(request: HttpRequest, kind: str = "product") -> HttpResponse:
    """List one section; the others are tabs, each with how many lines it has."""
    if kind not in LABELS:
        raise NotVisibleError
    reach = reach_of(request.user, now=timezone.now())
    lines = list(LISTINGS[kind](reach)[: LONGEST_LIST + 1])
    context = {
        "kind": kind,
        "label": LABELS[kind],
        "tabs": tabs(current=kind),
        "lines": lines[:LONGEST_LIST],
        "cut_at": LONGEST_LIST if len(lines) > LONGEST_LIST else None,
        "now": reach.now,
        "rows_template": f"inference/registry/_{kind}_rows.html",
        "may_register": may_register(request.user),
        "breadcrumbs": [("Overview", "/"), ("Registry", "")],
    }
    return render(request, "inference/registry/index.html", context)


def tabs(*, current: str) -> list[tuple[str, str, bool]]:
    return [(label, section_address(kind), kind == current) for kind, label in LABELS.items()]


def section_address(kind: str) -> str:
    return reverse("registry:index") if kind == "product" else reverse("registry:section", args=[kind])


@allowed(SEE)
@require_GET
def item(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """Show one line: what it says now, what belongs to it, and how it came to say so."""
    reach = reach_of(request.user, now=timezone.now())
    found = get_item(reach, kind=kind, key=key)
    history = Paginator(history_of_item(reach, kind=kind, key=key), HISTORY_PAGE)
    context = {
        "kind": kind,
        "key": key,
        "item": found,
        "now": reach.now,
        "facts_template": f"inference/registry/_{kind}_item.html",
        "history": history.get_page(request.GET.get("page")),
        "own_logs": reach.own_logs(),
        "breadcrumbs": [
            ("Overview", "/"),
            ("Registry", reverse("registry:index")),
            (LABELS[kind], section_address(kind)),
            (key, ""),
        ],
    }
    return render(request, "inference/registry/item.html", context | SECTIONS.get(kind, nothing_more)(reach, found))


def nothing_more(reach: Reach, found: Any) -> dict[str, Any]:
    return {}


def of_product(reach: Reach, found: Any) -> dict[str, Any]:
    return {
        "markets": markets_of(found),
        "claims": claims_of(found),
        "versions": found.versions.order_by("-registered_at", "-id"),
        "findings": found.findings.select_related("concept").order_by("key"),
        "deployments": reach.deployments().filter(product=found).prefetch_related(in_order()),
        "sharing": reach.sharing().filter(product=found),
    }


def of_site(reach: Reach, found: Any) -> dict[str, Any]:
    return {
        "deployments": reach.deployments().filter(site=found).prefetch_related(in_order()),
        "scanners": reach.scanners().filter(site=found),
        "sharing": reach.sharing().filter(site=found),
        "is_own": found.pk in reach.own_sites(),
    }


def of_organisation(reach: Reach, found: Any) -> dict[str, Any]:
    return {
        "sites": reach.sites().filter(organisation=found),
        "products": reach.products().filter(manufacturer=found),
        "sharing": reach.sharing().filter(to=found),
    }


def of_deployment(reach: Reach, found: Any) -> dict[str, Any]:
    return {"configurations": found.configurations.select_related("version").order_by("-starts_at")}


def of_concept(reach: Reach, found: Any) -> dict[str, Any]:
    near = found.findings.filter(product__in=reach.products())
    return {"findings": near.select_related("product", "concept").order_by("product", "key")}


SECTIONS: Mapping[str, Callable[[Reach, Any], dict[str, Any]]] = {
    "product": of_product,
    "site": of_site,
    "organisation": of_organisation,
    "deployment": of_deployment,
    "concept": of_concept,
}


@allowed("register_version")
@require_http_methods(["GET", "POST"])
def register_file(request: HttpRequest) -> HttpResponse:
    if not may_register(request.user):
        raise NotVisibleError
    form = RegisterForm(
        request.POST if request.method == "POST" else None, request.FILES if request.method == "POST" else None
    )
    report = None
    if request.method == "POST" and form.is_valid():
        try:
            report = register_for(user_of(request), text=form.cleaned_data["file"], now=timezone.now())
        except (RegistryFileError, HistoryError) as error:
            form.add_error("file", f"Nothing was registered. {error}")
    context = {
        "form": form,
        "report": report,
        "versions_only": not may_register_all(request.user),
        "breadcrumbs": [("Overview", "/"), ("Registry", reverse("registry:index")), ("Register a file", "")],
    }
    status = 422 if request.method == "POST" and report is None else 200
    return render(request, "inference/registry/register.html", context, status=status)
