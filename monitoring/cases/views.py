"""The part of a study's page that says how each of its predictions counts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from audit.access.decisions import allowed, user_of
from inference.registry.visibility import visible_deployments, visible_sites
from inference.studies.actions import note_opening
from inference.studies.visibility import get_study_for
from monitoring.cases.facts import CountedCase
from monitoring.cases.queries import counting_of, shared_orders
from monitoring.cases.reasons import sentence


@dataclass(frozen=True, slots=True)
class Line:
    """One case with why it is left out, if it is, and what its marks or masks were found to be."""

    case: CountedCase
    reason: str
    comparison: str


@dataclass(frozen=True, slots=True)
class OrderLine:
    """What was said of an order: of what, when it came, and each study it covers with why it does not count there."""

    kind: str
    said: str
    received_at: datetime
    studies: list[tuple[UUID, str]]


@require_GET
@allowed("see_quarantine")
def orders(request: HttpRequest) -> HttpResponse:
    """The part of the page of matching that says for which studies of an order its reports count."""
    sites = visible_sites(request.user, "see_quarantine", now=timezone.now())
    if site := request.GET.get("site", ""):
        sites = sites.filter(pk=site)
    found = shared_orders(sites=list(sites.values_list("pk", flat=True)))
    lines = [
        OrderLine(kind, said, received, [(study, sentence(reason) if reason else "") for study, reason in studies])
        for kind, said, received, studies in found
    ]
    return render(request, "monitoring/cases/_orders.html", {"lines": lines})


@require_GET
@allowed("see_case")
def counting(request: HttpRequest, study_id: UUID) -> HttpResponse:
    now = timezone.now()
    study = get_study_for(request.user, "see_case", study_id, now=now)
    note_opening(study=study, what="case", by=user_of(request), now=now)
    deployments = visible_deployments(request.user, "see_case", now=now).filter(site=study.site)
    cases = counting_of(study.pk, deployments=deployments.values_list("pk", flat=True))
    context = {"lines": lines_of(cases), "zone": study.site.timezone, "rules": len({case.rule for case in cases})}
    return render(request, "monitoring/cases/_counting.html", context)


def lines_of(cases: Iterable[CountedCase]) -> list[Line]:
    return [Line(case, sentence(case.excluded) if case.excluded else "", compared(case.comparison)) for case in cases]


def compared(found: Mapping[str, Any] | None) -> str:
    """Return what the comparison of marks or masks found, in words, with its criterion."""
    if not found:
        return ""
    if "hits" in found:
        marks = f"{len(found['hits'])} of {found['lesions']} lesions marked, {len(found['false'])} marks elsewhere"
        return f"{marks} ({found['criterion']})"
    parts = [f"{name.replace('_', ' ')} {found[name]:g}" for name in found if name != "criterion"]
    return f"{', '.join(parts).capitalize()} (measured as {found['criterion']})"
