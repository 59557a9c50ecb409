"""Which study a row is about, and whose: found by study uid, accession number, or patient and day; else new.

The first value known of a study stands. A study met without its patient
belongs to a person of its own until a patient is named. A study named by
patient and day alone, before anything else is known of it, waits under that
day for the row that brings its uid. Writers who meet at once agree: whoever
finds that another was first plans again with what that one stored.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import connection

from inference.studies.identities import Identifier, Identities, Owner, joined
from inference.studies.known import KnownStudy, load_studies, store_studies
from inference.studies.models import Link, SharedOrder
from inference.studies.planning import Plan, StudyQuestion, further, names_bound, plan_studies

__all__ = ["StudyQuestion", "ensure_patients", "match_studies", "meet_studies"]

LOCK = """
    SELECT id FROM inference_study WHERE id = ANY(string_to_array(%s, ',')::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""
# Whoever makes a study of a patient's day, and whoever looks for one, take turns: sharers do not wait for each other.
SHARE_PERSONS = """
    SELECT id FROM inference_person WHERE id = ANY(string_to_array(%s, ',')::uuid[]) ORDER BY id FOR SHARE
"""
HOLD_PERSONS = """
    SELECT id FROM inference_person WHERE id = ANY(string_to_array(%s, ',')::uuid[]) ORDER BY id FOR UPDATE
"""
ADOPT = """
    UPDATE inference_study AS s SET person_id = v.person_id, has_patient = true
    FROM unnest(string_to_array(%s, ',')::uuid[], string_to_array(%s, ',')::uuid[]) AS v(id, person_id)
    WHERE s.id = v.id AND NOT s.has_patient
    RETURNING s.id
"""


def match_studies(questions: Sequence[StudyQuestion], *, identities: Identities) -> dict[UUID, KnownStudy]:
    """Answer each question in place and return the studies met; those that are new are stored."""
    studies = meet_studies(questions, identities=identities)
    store_studies((study for study in studies.values() if study.is_new), now=identities.now)
    return studies


def meet_studies(questions: Sequence[StudyQuestion], *, identities: Identities) -> dict[UUID, KnownStudy]:
    """Answer each question in place. The caller stores the studies that are new, once it can describe them."""
    patients = {each.patient for each in questions if each.patient}
    identities.look_up(patients)
    ensure_patients(patients, identities=identities)
    take_turns(questions, identities=identities)
    identities.look_up(identifiers_of(questions))
    plan = bind_names(questions, identities=identities)
    made = new_studies(plan, questions=questions, identities=identities)
    for question in questions:
        question.study_id = identities.known[question.names[0]].target if question.names else None
    met = {question.study_id for question in questions if question.study_id} - set(made)
    studies = made | load_studies(met)
    adopt_patients(questions, studies=studies, identities=identities)
    return studies


def identifiers_of(questions: Iterable[StudyQuestion]) -> set[Identifier]:
    return {each for question in questions for each in (question.study_uid, question.accession, question.day) if each}


def ensure_patients(patients: set[Identifier], *, identities: Identities) -> None:
    """Give every patient a random id."""
    fresh = sorted(each for each in patients if each not in identities.known)
    made = {
        each: Owner(person_id=person, target=person) for each, person in ((each, identities.new_id()) for each in fresh)
    }
    identities.ensure(made)
    identities.make_persons(owner.person_id for each, owner in made.items() if identities.known[each] == owner)


def take_turns(questions: Iterable[StudyQuestion], *, identities: Identities) -> None:
    """Let a row that names a patient's day alone not overlook the study that another writer is making of that day.

    Patients who are new in this transaction nobody else can name before its end.
    """
    of_a_day = [question for question in questions if question.day]
    persons = {identities.known[each.patient].person_id for each in of_a_day if each.patient} - identities.salts.keys()
    if not persons:
        return
    statement = HOLD_PERSONS if any(question.is_by_day for question in of_a_day) else SHARE_PERSONS
    with connection.cursor() as cursor:
        cursor.execute(statement, [joined(sorted(str(each) for each in persons))])


def bind_names(questions: Sequence[StudyQuestion], *, identities: Identities) -> Plan:
    """Store the links that the questions need and return their plan: one in which no other writer was first.

    Each round that fails has learnt of at least one more link or name that another writer committed.
    """
    while True:
        look_up_further(questions, identities=identities)
        plan = plan_studies(questions, identities=identities)
        if not claims_stand(plan, questions=questions, identities=identities):
            continue
        own = identities.make_links(plan.planned)
        if len(own) == len(plan.planned):
            identities.fill_vault(own)
            identities.make_persons(plan.strangers)
            note_shared(plan.shared | answering_several(plan, identities=identities), identities=identities)
            return plan
        identities.withdraw({each: owner for each, owner in plan.planned.items() if owner.target in plan.made})


def answering_several(plan: Plan, *, identities: Identities) -> set[tuple[UUID, UUID]]:
    """Return the studies that answer a second order by now, each as a pair with itself."""
    if not plan.ordered_again:
        return set()
    links = Link.objects.filter(
        organisation=identities.organisation, type=Link.Type.ACCESSION, target__in=list(plan.ordered_again)
    )
    orders = Counter(links.values_list("target", flat=True))
    return {(target, target) for target, count in orders.items() if count > 1}


def note_shared(pairs: Iterable[tuple[UUID, UUID]], *, identities: Identities) -> None:
    """Keep which studies share an order, and which answer several, from when that was known."""
    lines = [
        SharedOrder(organisation=identities.organisation, first=first, other=other, known_at=identities.now)
        for first, other in sorted(pairs)
    ]
    if lines:
        SharedOrder.objects.bulk_create(lines, ignore_conflicts=True)


def look_up_further(questions: Iterable[StudyQuestion], *, identities: Identities) -> None:
    """Learn which orders cover more than one study, where a question may depend on it."""
    known = identities.known
    identities.look_up(
        further(question.accession)
        for question in questions
        if question.accession in known
        and question.accession
        and (question.study_uid not in known or known[question.study_uid] != known[question.accession])
    )


def claims_stand(plan: Plan, *, questions: Sequence[StudyQuestion], identities: Identities) -> bool:
    """Hold the stored studies that shall get a name; return whether no other writer named one meanwhile."""
    if not plan.claimed:
        return True
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [joined(sorted(str(key) for key in plan.claimed))])
    return names_bound(questions, identities=identities) == plan.bound_before


def new_studies(plan: Plan, *, questions: Sequence[StudyQuestion], identities: Identities) -> dict[UUID, KnownStudy]:
    """Return the studies that the plan made."""
    sites = {each: question.site_key for question in questions for each in question.names}
    patients = {identities.known[question.patient].person_id for question in questions if question.patient}
    made: dict[UUID, KnownStudy] = {}
    for each, owner in plan.planned.items():
        if owner.target in plan.made and owner.target not in made and each in sites:
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
    made = {key: person for key, person in named.items() if studies[key].is_new}
    settle_made(made, studies=studies, identities=identities)
    settle_patients(named, studies=studies, identities=identities)
    for question in questions:
        study = studies.get(question.study_id) if question.study_id else None
        if study is None:
            continue
        question.person_id = study.person_id
        if question.patient:
            question.differs = study.person_id != identities.known[question.patient].person_id


def settle_made(named: dict[UUID, UUID], *, studies: dict[UUID, KnownStudy], identities: Identities) -> None:
    """Bind studies made in this batch, which nobody else can see, to the patient that a later row of it names."""
    identities.move_persons({studies[key].person_id: person for key, person in named.items()})
    for key, person in named.items():
        studies[key].person_id, studies[key].has_patient = person, True


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
