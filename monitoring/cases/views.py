"""The part of a study's page that says how each of its predictions counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from audit.access.decisions import allowed
from inference.registry.visibility import visible_deployments
from inference.studies.visibility import get_study_for
from monitoring.cases.facts import CountedCase
from monitoring.cases.queries import counting_of
from monitoring.cases.reasons import sentence


@dataclass(frozen=True, slots=True)
class Line:
    """One case with the sentence that says why it is left out, if it is."""

    case: CountedCase
    reason: str


@require_GET
@allowed("see_case")
def counting(request: HttpRequest, study_id: UUID) -> HttpResponse:
    now = timezone.now()
    study = get_study_for(request.user, "see_case", study_id, now=now)
    deployments = visible_deployments(request.user, "see_case", now=now).filter(site=study.site)
    cases = counting_of(study.pk, deployments=deployments.values_list("pk", flat=True))
    context = {"lines": lines_of(cases), "zone": study.site.timezone, "rules": len({case.rule for case in cases})}
    return render(request, "monitoring/cases/_counting.html", context)


def lines_of(cases: Iterable[CountedCase]) -> list[Line]:
    return [Line(case, sentence(case.excluded) if case.excluded else "") for case in cases]
