"""The drift page of a deployment, and the sample drift report of a window for those who may see rows."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from audit.access.decisions import allowed
from audit.log.queries import latest_checkpoint
from inference.registry.models import Deployment, Finding
from inference.registry.visibility import get_deployment_for, scope_of, visible_deployments
from monitoring.drift.closing import with_checkpoint
from monitoring.drift.forms import WindowForm
from monitoring.drift.making import make_report
from monitoring.drift.presenting import drift_context
from monitoring.drift.queries import findings_of, references_of, sample_rows, with_scores
from monitoring.errors import ReportError

WINDOW_DAYS = 30


@allowed("see_signals")
@require_GET
def report(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    form = WindowForm(request.GET)
    form.is_valid()
    deployments = with_scores(visible_deployments(request.user, "see_signals", now=now))
    asked = form.cleaned_data.get("deployment", "")
    if asked:
        chosen = get_deployment_for(request.user, "see_signals", asked, now=now)
    elif deployments:
        chosen = deployments[0]
    else:
        return render(request, "monitoring/drift/report.html", {"deployments": [], "breadcrumbs": crumbs()})
    return render(
        request, "monitoring/drift/report.html", page_context(request, chosen, form=form, deployments=deployments)
    )


def page_context(
    request: HttpRequest, chosen: Deployment, *, form: WindowForm, deployments: list[Deployment]
) -> dict[str, Any]:
    now = timezone.now()
    findings = findings_of(chosen)
    finding = finding_named(findings, form.cleaned_data.get("finding", ""))
    least = scope_of(request.user, "see_signals", now=now).minimum_count_at(
        organisation=chosen.site.organisation_id, site=chosen.site_id, product=chosen.product_id
    )
    first, last = window_of(form, today=now.date())
    may_download = visible_deployments(request.user, "see_rows", now=now).filter(pk=chosen.pk).exists()
    found = drift_context(chosen, finding=finding, minimum_count=least) if finding else {"months": []}
    return found | {
        "deployments": deployments,
        "chosen": chosen,
        "findings": findings,
        "finding": finding,
        "first": first,
        "last": last,
        "problems": form.non_field_errors(),
        "may_download": may_download and bool(found.get("references")),
        "breadcrumbs": crumbs(),
    }


def crumbs() -> list[tuple[str, str]]:
    return [("Overview", "/"), ("Drift report", "")]


def finding_named(findings: list[Finding], key: str) -> Finding | None:
    return next((each for each in findings if each.key == key), findings[0] if findings else None)


def window_of(form: WindowForm, *, today: date) -> tuple[date, date]:
    last = form.cleaned_data.get("to") or today
    return form.cleaned_data.get("from") or last - timedelta(days=WINDOW_DAYS), last


@allowed("see_rows")
@require_GET
def download(request: HttpRequest) -> HttpResponse:
    """Return the sample report of a window against the reference in force at its end."""
    now = timezone.now()
    form = WindowForm(request.GET)
    form.is_valid()
    chosen = get_deployment_for(request.user, "see_rows", form.cleaned_data.get("deployment", ""), now=now)
    finding = finding_named(findings_of(chosen), form.cleaned_data.get("finding", ""))
    first, last = window_of(form, today=now.date())
    try:
        html = report_of(chosen, finding=finding, first=first, last=last)
    except ReportError as error:
        messages.warning(request, str(error))
        return redirect(f"/drift/report/?{request.GET.urlencode()}")
    html = with_checkpoint(html, checkpoint=latest_checkpoint(chosen.site.organisation_id))
    response = HttpResponse(html, content_type="text/html; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="drift-{chosen.pk}-{first}-{last}.html"'
    return response


def report_of(deployment: Deployment, *, finding: Finding | None, first: date, last: date) -> bytes:
    """Return the report of a window.

    Raises:
        ReportError: there is no reference before the window, or no rows.
    """
    references = references_of(deployment, finding=finding).values() if finding else ()
    earlier = [each for each in references if each.first <= last]
    if finding is None or not earlier:
        raise ReportError("There is no reference before this window yet; it is complete after the first months of use.")
    reference = max(earlier, key=lambda each: each.first)
    sides = [(reference.first, reference.last), (first, last)]
    before, since = (sample_rows(deployment, finding=finding, first=start, last=end) for start, end in sides)
    return make_report(reference=before, current=since)
