"""Pages of a product's claims: all of them with the figures that hospitals quote, one over time, and its switch."""

import csv
from io import StringIO
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from audit.access.decisions import NotVisibleError, allowed, may, user_of
from monitoring.claims.actions import switch_off, switch_on
from monitoring.claims.browsing import SEE, SWITCH, claim_for, organisation_for, reach_of, require_switch
from monitoring.claims.detail import DAY_COLUMNS, Asked, ask, claim_context, day_rows
from monitoring.claims.forms import SwitchOffForm, SwitchOnForm
from monitoring.claims.presenting import claim_href, claim_rows
from monitoring.claims.quoted import quoted_figures
from monitoring.errors import ClaimSwitchError
from monitoring.performance.spreadsheets import plain_cell


@allowed(SEE)
@require_GET
def listed(request: HttpRequest, key: str) -> HttpResponse:
    reach = reach_of(request.user, key, now=timezone.now())
    finding = reach.product.findings.order_by("id").values_list("key", flat=True).first() or ""
    context = {
        "product": reach.product,
        "rows": claim_rows(reach),
        "has_organisations": len(reach.deployments) > 1,
        "quoted": [(each, each.registry_line(finding)) for each in quoted_figures()],
        "breadcrumbs": [
            ("Overview", reverse("dashboards:overview")),
            (reach.product.name, reverse("dashboards:product", args=[key])),
            ("Claims", ""),
        ],
    }
    return render(request, "monitoring/claims/product.html", context)


def asked_for(request: HttpRequest, key: str, pk: int) -> Asked:
    """Return the claim asked for, or raise NotVisibleError."""
    reach = reach_of(request.user, key, now=timezone.now())
    organisation = organisation_for(reach, request.GET.get("organisation", ""))
    return ask(reach, claim_for(reach, pk), organisation=organisation, version=request.GET.get("version", ""))


@allowed(SEE)
@require_GET
def claim(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    return page(request, asked_for(request, key, pk))


def page(request: HttpRequest, asked: Asked, *, status: int = 200, **forms: Any) -> HttpResponse:
    context = {"turning_on": SwitchOnForm(), "turning_off": SwitchOffForm()} | claim_context(asked) | forms
    context["sees_signals"] = may(request.user, "see_signals")
    return render(request, "monitoring/claims/claim.html", context, status=status)


@allowed(SEE)
@require_GET
def days(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """The sequence day by day as CSV; where sums are shared, a day would tell a patient."""
    asked = asked_for(request, key, pk)
    if not asked.is_open:
        raise NotVisibleError
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(DAY_COLUMNS)
    writer.writerows([plain_cell(value) for value in row] for row in day_rows(asked))
    response = HttpResponse(buffer.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{key}-claim-{pk}.csv"'
    return response


@allowed(SWITCH)
@require_POST
def turn_on(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    asked = asked_for(request, key, pk)
    require_switch(asked.reach, asked.organisation)
    form = SwitchOnForm(request.POST)
    if not form.is_valid():
        return page(request, asked, status=422, turning_on=form)
    said = {name: value for name, value in form.cleaned_data.items() if name != "is_read"}
    try:
        switch_on(
            claim=asked.claim,
            organisation=asked.organisation,
            by=user_of(request).actor,
            now=timezone.now(),
            **said,
        )
    except ClaimSwitchError as error:
        form.add_error(None, str(error))
        return page(request, asked, status=422, turning_on=form)
    return redirect(claim_href(asked.claim, organisation=asked.organisation))


@allowed(SWITCH)
@require_POST
def turn_off(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    asked = asked_for(request, key, pk)
    require_switch(asked.reach, asked.organisation)
    form = SwitchOffForm(request.POST)
    if not form.is_valid():
        return page(request, asked, status=422, turning_off=form)
    try:
        switch_off(
            claim=asked.claim,
            organisation=asked.organisation,
            by=user_of(request).actor,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        )
    except ClaimSwitchError as error:
        form.add_error(None, str(error))
        return page(request, asked, status=422, turning_off=form)
    return redirect(claim_href(asked.claim, organisation=asked.organisation))
