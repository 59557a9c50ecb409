"""Whose study it is by now, under which names, and whether they opted out: corrections in force, for one study.

What counts in estimates, at any moment of the past, is decided in monitoring.cases.identity.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from audit.access.decisions import Scope
from inference.corrections.models import Correction
from inference.registry.models import Deployment
from inference.studies.models import Study


def person_of(study: Study) -> UUID:
    """Return whose study it is by now: the patient that the last correction of it names, else the first known."""
    last = in_force(Correction.objects.filter(kind=Correction.Kind.WRONG_PATIENT, study=study)).order_by("-at", "-id")
    found = last.values_list("person_id", flat=True).first()
    return found or study.person_id


def in_force(corrections: QuerySet[Correction]) -> QuerySet[Correction]:
    """Leave out the corrections that a later one amends."""
    amended = Correction.objects.exclude(amends="").values("amends")
    return corrections.exclude(entry__uid__in=amended)


def merged_with(*persons: UUID) -> set[UUID]:
    """Return the ids that stand for the same persons by the merges in force, their own among them."""
    found, near = set(persons), set(persons)
    while near:
        reach = Q(person_id__in=near) | Q(other_person_id__in=near)
        merges = in_force(Correction.objects.filter(reach, kind__in=("merge", "unmerge"))).order_by("at", "id")
        last = {frozenset({each.person_id, each.other_person_id}): each.kind for each in merges if each.other_person_id}
        joined = {one for pair, kind in last.items() if kind == "merge" for one in pair if one}
        near = joined - found
        found |= joined
    return found


def has_opted_out(study: Study) -> bool:
    """Return whether the study's patient opted out, under any of their names: then it is shared with nobody."""
    persons = merged_with(person_of(study))
    return in_force(Correction.objects.filter(kind=Correction.Kind.OPTED_OUT, person_id__in=persons)).exists()


def opted_out_persons(*, sites: Collection[str], by: datetime) -> set[UUID]:
    """Return everybody at these sites who had opted out by then, under all of their names."""
    said = Correction.objects.filter(site_id__in=sites, received_at__lte=by)
    amended = said.exclude(amends="").values("amends")
    opted = said.filter(kind=Correction.Kind.OPTED_OUT, person_id__isnull=False).exclude(entry__uid__in=amended)
    return merged_with(*(person for person in opted.values_list("person_id", flat=True) if person))


def opted_out_studies(*, sites: Collection[str], by: datetime) -> set[UUID]:
    """Return the studies, by now, of everybody at these sites who had opted out by then."""
    persons = opted_out_persons(sites=sites, by=by)
    if not persons:
        return set()
    moved = in_force(Correction.objects.filter(kind=Correction.Kind.WRONG_PATIENT, study__isnull=False))
    owner = dict(moved.order_by("at", "id").values_list("study_id", "person_id"))
    first = Study.objects.filter(person_id__in=persons).values_list("id", flat=True)
    found = {study for study in first if owner.get(study) in (None, *persons)}
    return found | {study for study, person in owner.items() if study and person in persons}


def withheld_rows(scope: Scope, deployments: Iterable[Deployment], *, by: datetime) -> Q:
    """Return the condition of rows of deployments and studies that lists must leave out: nobody shares them.

    A right bound to a product reaches no study of a patient who opted out; one of the site or its provider does.
    """
    bound = [
        each for each in deployments if not scope.covers(organisation=each.site.organisation_id, site=each.site_id)
    ]
    studies = opted_out_studies(sites={each.site_id for each in bound}, by=by) if bound else set()
    return Q(deployment_id__in=[each.pk for each in bound], study_id__in=studies)
