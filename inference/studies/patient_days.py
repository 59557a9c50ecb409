"""Studies named by their patient and the day they were acquired on, in the site's zone."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from inference.studies.identities import Identifier, Identities, Owner
from inference.studies.models import Link, Study

PATIENT_DAY = str(Link.Type.PATIENT_DAY)
SEVERAL = "names a patient and a day with several studies; name one by study uid or accession number"


def day_identifier(patient: Identifier, day: date) -> Identifier:
    """Return what names a patient's day."""
    return Identifier(PATIENT_DAY, patient.issuer, f"{patient.value}\x1f{day.isoformat()}")


def count_by_day(questions: Iterable[Any], *, identities: Identities) -> dict[Identifier, list[Owner]]:
    """Return the studies of each patient's day that a question names and nothing else."""
    by_day = [question for question in questions if question.is_by_day]
    if not by_day:
        return {}
    studies = studies_near(by_day, identities=identities)
    found = {}
    for question in by_day:
        person = identities.known[question.patient].person_id
        same_day = studies[(person, question.acquired_on)]
        found[question.day] = [Owner(person_id=person, target=key) for key in same_day]
    return found


def studies_near(questions: Iterable[Any], *, identities: Identities) -> dict[tuple[UUID, date], list[UUID]]:
    persons = {identities.known[question.patient].person_id for question in questions}
    days = [question.acquired_on for question in questions]
    span = (min(days) - timedelta(2), max(days) + timedelta(2))
    rows = Study.objects.filter(person_id__in=list(persons), acquired_at__date__range=span)
    studies = defaultdict(list)
    for key, person, moment, zone in rows.order_by("acquired_at", "id").values_list(
        "id", "person_id", "acquired_at", "site__timezone"
    ):
        assert moment is not None  # the range leaves out what has none
        studies[(person, moment.astimezone(ZoneInfo(zone)).date())].append(key)
    return studies
