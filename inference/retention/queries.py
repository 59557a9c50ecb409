"""Whom an erasure is about, what holds it back, and who may see it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from audit.access.decisions import NotVisibleError, Visitor
from audit.signatures.queries import signatures_of
from inference.corrections.models import Correction
from inference.corrections.persons import in_force
from inference.registry.models import Organisation
from inference.registry.visibility import scope_of
from inference.retention.models import Erasure, Hold
from inference.studies.models import Study

ACTION = "resolve_identity"
SIGNERS = 2


def organisations_within(user: Visitor, *, now: datetime) -> list[str]:
    """Return the providers all of whose patients the user may resolve: a person is erased at every site or at none."""
    scope = scope_of(user, ACTION, now=now)
    keys = Organisation.objects.order_by("key").values_list("key", flat=True)
    return [key for key in keys if scope.covers(organisation=key)]


def erasures_within(user: Visitor, *, now: datetime) -> QuerySet[Erasure]:
    return Erasure.objects.filter(organisation__in=organisations_within(user, now=now)).order_by("-requested_at", "-id")


def holds_within(user: Visitor, *, now: datetime) -> QuerySet[Hold]:
    return Hold.objects.filter(organisation__in=organisations_within(user, now=now)).order_by("-set_at", "-id")


def get_erasure_for(user: Visitor, uid: str, *, now: datetime) -> Erasure:
    """Return a request within reach; else NotVisibleError, whether or not it exists."""
    try:
        found = erasures_within(user, now=now).filter(uid=UUID(uid)).first()
    except ValueError:
        found = None
    if found is None:
        raise NotVisibleError
    return found


def get_hold_for(user: Visitor, pk: int, *, now: datetime) -> Hold:
    found = holds_within(user, now=now).filter(pk=pk).first()
    if found is None:
        raise NotVisibleError
    return found


def get_patients_study_for(user: Visitor, study_id: UUID, *, now: datetime) -> Study:
    """Return a study of a provider all of whose patients are within reach."""
    study = Study.objects.select_related("site").filter(pk=study_id).first()
    if study is None or study.site.organisation_id not in organisations_within(user, now=now):
        raise NotVisibleError
    return study


def studies_of(persons: Collection[UUID]) -> set[UUID]:
    """Return the studies of these persons, those that came to them by a correction too."""
    own = set(Study.objects.filter(person_id__in=persons).values_list("id", flat=True))
    given = in_force(Correction.objects.filter(kind=Correction.Kind.WRONG_PATIENT, person_id__in=persons))
    return own | {each for each in given.values_list("study_id", flat=True) if each}


def holds_on(persons: Collection[UUID | str]) -> QuerySet[Hold]:
    return Hold.objects.filter(person_id__in=persons, lifted_at=None).order_by("id")


def signers_of(erasure: Erasure) -> Sequence[str]:
    """Return the people who have signed a request, in order."""
    return list(dict.fromkeys(each.printed_name for each in signatures_of(subject_of(erasure))))


def subject_of(erasure: Erasure) -> str:
    return f"erasure/{erasure.uid}"
