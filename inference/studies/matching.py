"""Which study a row is about, and whose: found by study uid, accession number, or patient and day; else new.

The first value known of a study stands. A study met without its patient
belongs to a person of its own until a patient is named.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from inference.studies.identities import Identifier, Identities, Owner
from inference.studies.models import Link, Study


@dataclass(slots=True, kw_only=True)
class StudyQuestion:
    """What a row says of its study, and the answer."""

    site_key: str
    study_uid: Identifier | None = None
    accession: Identifier | None = None
    patient: Identifier | None = None
    acquired_on: date | None = None
    study_id: UUID | None = None
    person_id: UUID | None = None
    problem: str = ""
    differs: bool = False


def match_studies(questions: Sequence[StudyQuestion], *, identities: Identities) -> dict[UUID, Study]:
    """Answer each question in place and return the studies met, those made here included."""
    identities.look_up(identifiers_of(questions))
    name_patients(questions, identities=identities)
    planned = plan_studies(questions, identities=identities)
    store_studies(planned, questions=questions, identities=identities)
    for question in questions:
        answer(question, identities=identities)
    studies = Study.objects.in_bulk([question.study_id for question in questions if question.study_id])
    adopt_patients(questions, studies=studies, identities=identities)
    return studies


def identifiers_of(questions: Sequence[StudyQuestion]) -> set[Identifier]:
    named = (each for question in questions for each in (question.study_uid, question.accession, question.patient))
    return {each for each in named if each}


def name_patients(questions: Sequence[StudyQuestion], *, identities: Identities) -> None:
    patients = {question.patient for question in questions if question.patient}
    ensure_patients(patients, identities=identities)


def ensure_patients(patients: set[Identifier], *, identities: Identities) -> None:
    """Give every patient a random id."""
    fresh = sorted(patients - set(identities.known))
    made = identities.make_persons(len(fresh))
    identities.ensure({each: Owner(person_id=person, target=person) for each, person in zip(fresh, made, strict=True)})


def plan_studies(questions: Sequence[StudyQuestion], *, identities: Identities) -> dict[Identifier, Owner]:
    """Return the links to make: identifiers that are new, each with the study it shall stand for."""
    planned: dict[Identifier, Owner] = {}
    taken = accessions_with_uid(questions, identities=identities)
    for question in questions:
        found = find_owner(question, known=identities.known, planned=planned, taken=taken)
        if found is None and not (question.study_uid or question.accession):
            question.study_id, question.problem = by_patient_and_day(question, identities=identities)
            continue
        owner = found or new_owner(question, identities=identities)
        for each in (question.study_uid, question.accession):
            if each and each not in identities.known:
                planned.setdefault(each, owner)
        if question.study_uid and question.accession:
            taken.add(question.accession)
    return planned


def find_owner(
    question: StudyQuestion,
    *,
    known: dict[Identifier, Owner],
    planned: dict[Identifier, Owner],
    taken: set[Identifier],
) -> Owner | None:
    uid, accession = question.study_uid, question.accession
    if uid and (owner := known.get(uid) or planned.get(uid)):
        return owner
    if accession and not (uid and accession in taken):
        # An order may cover several studies: one whose study has a uid already does not take a second.
        return known.get(accession) or planned.get(accession)
    return None


def accessions_with_uid(questions: Sequence[StudyQuestion], *, identities: Identities) -> set[Identifier]:
    met = {
        question.accession: identities.known[question.accession].target
        for question in questions
        if question.accession in identities.known and question.study_uid and question.study_uid not in identities.known
    }
    if not met:
        return set()
    links = Link.objects.filter(organisation=identities.organisation, type=Link.Type.STUDY_UID, target__in=met.values())
    bound = set(links.values_list("target", flat=True))
    return {accession for accession, target in met.items() if accession and target in bound}


def new_owner(question: StudyQuestion, *, identities: Identities) -> Owner:
    if question.patient:
        return Owner(person_id=identities.known[question.patient].person_id, target=uuid.uuid4())
    return Owner(person_id=identities.make_persons(1)[0], target=uuid.uuid4())


def by_patient_and_day(question: StudyQuestion, *, identities: Identities) -> tuple[UUID | None, str]:
    """Return the one study of a patient on a day, or why there is none."""
    if not question.patient or not question.acquired_on:
        return None, "names no study"
    person = identities.known[question.patient].person_id
    day = question.acquired_on
    near = Study.objects.filter(person_id=person, acquired_at__date__range=(day - timedelta(1), day + timedelta(1)))
    found = [study for study in near.select_related("site") if local_day(study) == day]
    if len(found) == 1:
        return found[0].pk, ""
    return None, f"{len(found)} studies of this patient are known on this day; name one by study uid"


def local_day(study: Study) -> date | None:
    return study.acquired_at.astimezone(ZoneInfo(study.site.timezone)).date() if study.acquired_at else None


def store_studies(
    planned: dict[Identifier, Owner], *, questions: Sequence[StudyQuestion], identities: Identities
) -> None:
    identities.ensure(planned)
    sites = {
        each: question.site_key for question in questions for each in (question.study_uid, question.accession) if each
    }
    patients = {identities.known[question.patient].person_id for question in questions if question.patient}
    stands = {identities.known[each].target: each for each in planned}
    Study.objects.bulk_create(
        [
            Study(
                id=target,
                site_id=sites[each],
                person_id=identities.known[each].person_id,
                has_patient=identities.known[each].person_id in patients,
                created_at=identities.now,
            )
            for target, each in sorted(stands.items(), key=lambda pair: pair[0])
        ],
        ignore_conflicts=True,
    )


def answer(question: StudyQuestion, *, identities: Identities) -> None:
    named = question.study_uid or question.accession
    if named:
        question.study_id = identities.known[named].target


def adopt_patients(questions: Sequence[StudyQuestion], *, studies: dict[UUID, Study], identities: Identities) -> None:
    """Give a study its patient where none was named before; say where another one is named."""
    for question in questions:
        study = studies.get(question.study_id) if question.study_id else None
        if study is None:
            continue
        if question.patient:
            settle_patient(question, study=study, person=identities.known[question.patient].person_id)
        question.person_id = study.person_id


def settle_patient(question: StudyQuestion, *, study: Study, person: UUID) -> None:
    if study.has_patient:
        question.differs = study.person_id != person
        return
    if Study.objects.filter(pk=study.pk, has_patient=False).update(person_id=person, has_patient=True):
        study.person_id, study.has_patient = person, True
        return
    study.refresh_from_db(fields=["person_id", "has_patient"])
    question.differs = study.person_id != person
