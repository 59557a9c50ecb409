"""Which study a row is about, and whose: found by study uid, accession number, or patient and day; else new.

The first value known of a study stands. A study met without its patient
belongs to a person of its own until a patient is named. A study named by
patient and day alone, before anything else is known of it, waits under that
day for the row that brings its uid.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import connection

from inference.studies.identities import Identifier, Identities, Owner, joined
from inference.studies.known import KnownStudy, load_studies, store_studies
from inference.studies.models import Link
from inference.studies.patient_days import count_by_day, day_identifier

TYPES_OF_A_STUDY = (Link.Type.STUDY_UID, Link.Type.ACCESSION)

LOCK = """
    SELECT id FROM inference_study WHERE id = ANY(string_to_array(%s, ',')::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""
ADOPT = """
    UPDATE inference_study AS s SET person_id = v.person_id, has_patient = true
    FROM unnest(string_to_array(%s, ',')::uuid[], string_to_array(%s, ',')::uuid[]) AS v(id, person_id)
    WHERE s.id = v.id AND NOT s.has_patient
    RETURNING s.id
"""


@dataclass(slots=True, kw_only=True)
class StudyQuestion:
    """What a row says of its study, and the answer. `problem` stands beside an answer that only a resend may use."""

    site_key: str
    study_uid: Identifier | None = None
    accession: Identifier | None = None
    patient: Identifier | None = None
    acquired_on: date | None = None
    study_id: UUID | None = None
    person_id: UUID | None = None
    problem: str = ""
    differs: bool = False

    @property
    def day(self) -> Identifier | None:
        return day_identifier(self.patient, self.acquired_on) if self.patient and self.acquired_on else None

    @property
    def names(self) -> tuple[Identifier, ...]:
        """What the study is named by: its uid and accession number, else its patient's day."""
        named = tuple(each for each in (self.study_uid, self.accession) if each)
        return named or ((self.day,) if self.day else ())


def match_studies(questions: Sequence[StudyQuestion], *, identities: Identities) -> dict[UUID, KnownStudy]:
    """Answer each question in place and return the studies met; those that are new are stored."""
    studies = meet_studies(questions, identities=identities)
    store_studies((study for study in studies.values() if study.is_new), now=identities.now)
    return studies


def meet_studies(questions: Sequence[StudyQuestion], *, identities: Identities) -> dict[UUID, KnownStudy]:
    """Answer each question in place. The caller stores the studies that are new, once it can describe them."""
    identities.look_up(identifiers_of(questions))
    ensure_patients({each.patient for each in questions if each.patient}, identities=identities)
    plan = plan_studies(questions, identities=identities)
    identities.ensure(plan.planned)
    made = new_studies(plan, questions=questions, identities=identities)
    for question in questions:
        question.study_id = identities.known[question.names[0]].target if question.names else None
    met = {question.study_id for question in questions if question.study_id} - set(made)
    studies = made | load_studies(met)
    adopt_patients(questions, studies=studies, identities=identities)
    return studies


def identifiers_of(questions: Iterable[StudyQuestion]) -> set[Identifier]:
    return {
        each
        for question in questions
        for each in (question.study_uid, question.accession, question.patient, question.day)
        if each
    }


def ensure_patients(patients: set[Identifier], *, identities: Identities) -> None:
    """Give every patient a random id."""
    fresh = sorted(each for each in patients if each not in identities.known)
    made = [uuid.uuid4() for _ in fresh]
    identities.make_persons(made)
    identities.ensure({each: Owner(person_id=person, target=person) for each, person in zip(fresh, made, strict=True)})


class Plan:
    """The links to make in one batch, and which studies have a name of a type already."""

    def __init__(self, *, identities: Identities, bound: set[tuple[str, UUID]]) -> None:
        self.identities = identities
        self.bound = bound
        self.planned: dict[Identifier, Owner] = {}
        self.strangers: list[UUID] = []
        self.made: set[UUID] = set()

    def owner_of(self, identifier: Identifier | None) -> Owner | None:
        return (self.identities.known.get(identifier) or self.planned.get(identifier)) if identifier else None

    def add(self, identifier: Identifier, owner: Owner) -> None:
        if self.owner_of(identifier) is None:
            self.planned[identifier] = owner
            self.bound.add((identifier.type, owner.target))

    def lacks(self, owner: Owner | None, type: str) -> bool:
        return owner is not None and (type, owner.target) not in self.bound

    def new_owner(self, question: StudyQuestion) -> Owner:
        """Return a new study: of the patient named, else of a person of its own."""
        if question.patient:
            person = self.identities.known[question.patient].person_id
        else:
            person = uuid.uuid4()
            self.strangers.append(person)
        owner = Owner(person_id=person, target=uuid.uuid4())
        self.made.add(owner.target)
        return owner


def plan_studies(questions: Sequence[StudyQuestion], *, identities: Identities) -> Plan:
    """Plan the links to make: identifiers that are new, each with the study it shall stand for."""
    plan = Plan(identities=identities, bound=names_bound(questions, identities=identities))
    by_day = count_by_day(questions, identities=identities)
    for question in questions:
        if not question.names:
            question.problem = "names no study"
            continue
        found = find_owner(question, plan=plan) or only_study_of_day(question, by_day=by_day)
        owner = found or plan.new_owner(question)
        for each in question.names:
            plan.add(each, owner)
    identities.make_persons(plan.strangers)
    return plan


def names_bound(questions: Iterable[StudyQuestion], *, identities: Identities) -> set[tuple[str, UUID]]:
    """Return which of the studies that these questions may mean have a uid or an accession number already."""
    near = (each for question in questions for each in (question.accession, question.day) if each)
    targets = {identities.known[each].target for each in near if each in identities.known}
    if not targets:
        return set()
    links = Link.objects.filter(
        organisation=identities.organisation, type__in=TYPES_OF_A_STUDY, target__in=list(targets)
    )
    return set(links.values_list("type", "target"))


def find_owner(question: StudyQuestion, *, plan: Plan) -> Owner | None:
    """Return the study by its uid, else by its accession number, else by its patient's day.

    An order may cover several studies, and a patient's day too: one whose
    study has a uid already does not take a second.
    """
    uid, accession = plan.owner_of(question.study_uid), plan.owner_of(question.accession)
    day = plan.owner_of(question.day)
    if uid:
        return uid
    if question.study_uid:
        free = [each for each in (accession, day) if plan.lacks(each, Link.Type.STUDY_UID)]
        return free[0] if free else None
    if accession:
        return accession
    if question.accession:
        return day if plan.lacks(day, Link.Type.ACCESSION) else None
    return day


def only_study_of_day(question: StudyQuestion, *, by_day: dict[Identifier, list[Owner]]) -> Owner | None:
    """Return the one study of a patient on a day for a row that names nothing else; several are a problem."""
    if question.study_uid or question.accession:
        return None
    found = by_day.get(question.names[0], [])
    return found[0] if found else None


def new_studies(plan: Plan, *, questions: Sequence[StudyQuestion], identities: Identities) -> dict[UUID, KnownStudy]:
    """Return the studies made here: those whose link no other writer made first."""
    sites = {each: question.site_key for question in questions for each in question.names}
    patients = {identities.known[question.patient].person_id for question in questions if question.patient}
    made: dict[UUID, KnownStudy] = {}
    for each, owner in plan.planned.items():
        if owner.target in plan.made and identities.known[each] == owner:
            made[owner.target] = KnownStudy(
                id=owner.target,
                site_key=sites[each],
                person_id=owner.person_id,
                has_patient=owner.person_id in patients,
                is_new=True,
            )
    return made


def adopt_patients(
    questions: Sequence[StudyQuestion], *, studies: dict[UUID, KnownStudy], identities: Identities
) -> None:
    """Give a study its patient where none was named before; say where another one is named."""
    named: dict[UUID, UUID] = {}
    for question in questions:
        study = studies.get(question.study_id) if question.study_id else None
        if study and question.patient and not study.has_patient:
            named.setdefault(study.id, identities.known[question.patient].person_id)
    settle_patients(named, studies=studies, identities=identities)
    for question in questions:
        study = studies.get(question.study_id) if question.study_id else None
        if study is None:
            continue
        question.person_id = study.person_id
        if question.patient:
            question.differs = study.person_id != identities.known[question.patient].person_id


def settle_patients(named: dict[UUID, UUID], *, studies: dict[UUID, KnownStudy], identities: Identities) -> None:
    """Bind each study to its patient, unless another writer was first: then read its answer."""
    stored = {key: person for key, person in named.items() if not studies[key].is_new}
    if not stored:
        return
    keys = sorted(stored)
    columns = [joined(str(key) for key in keys), joined(str(stored[key]) for key in keys)]
    with connection.cursor() as cursor:
        cursor.execute(LOCK, columns[:1])
        cursor.execute(ADOPT, columns)
        taken = {key for (key,) in cursor.fetchall()}
    identities.move_persons({studies[key].person_id: stored[key] for key in taken})
    for key in taken:
        studies[key].person_id, studies[key].has_patient = stored[key], True
    for key, study in load_studies({key for key in keys if key not in taken}).items():
        studies[key].person_id, studies[key].has_patient = study.person_id, study.has_patient
