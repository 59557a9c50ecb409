"""Which study each question means, planned before anything is stored: found by one of its names, else new.

Plain rules over what the identities know and what the batch has planned so
far; matching.py stores the plan, or has it made again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from inference.studies.identities import Identifier, Identities, Owner
from inference.studies.models import Link
from inference.studies.patient_days import SEVERAL, count_by_day, day_identifier

ACCESSION = str(Link.Type.ACCESSION)
TYPES_OF_A_STUDY = (Link.Type.STUDY_UID, Link.Type.ACCESSION)
SEVERAL_OF_ORDER = "is missing: the accession number covers several studies; name one by study uid"


@dataclass(slots=True, kw_only=True)
class StudyQuestion:
    """What a row says of its study, and the answer. `problem` stands beside an answer that only a resend may use.

    `may_mean_order`: a row that names an order alone is about all of its studies, and stands on the first.
    """

    site_key: str
    study_uid: Identifier | None = None
    accession: Identifier | None = None
    patient: Identifier | None = None
    acquired_on: date | None = None
    may_mean_order: bool = False
    study_id: UUID | None = None
    person_id: UUID | None = None
    problem: str = ""
    differs: bool = False

    day: Identifier | None = field(init=False)
    names: tuple[Identifier, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Note the patient's day, and what the study is named by: its uid and accession number, else that day."""
        self.day = day_identifier(self.patient, self.acquired_on) if self.patient and self.acquired_on else None
        named = tuple(each for each in (self.study_uid, self.accession) if each)
        self.names = named or ((self.day,) if self.day else ())

    @property
    def is_by_day(self) -> bool:
        """Whether the patient's day is all that it names."""
        return self.day is not None and not self.study_uid and not self.accession


class Plan:
    """The links to make in one batch, and which studies have a name of a type already.

    `made` are the studies that are new, `claimed` those that are stored and
    shall get a name they lack, `days` the studies of each patient's day, `shared` pairs of studies of one order,
    `ordered_again` those that get an order and may have had one.
    """

    def __init__(
        self, *, identities: Identities, bound: frozenset[tuple[str, UUID]], days: dict[Identifier, list[Owner]]
    ) -> None:
        self.identities = identities
        self.bound_before = bound
        self.bound = set(bound)
        self.days = days
        self.planned: dict[Identifier, Owner] = {}
        self.strangers: list[UUID] = []
        self.made: set[UUID] = set()
        self.claimed: set[UUID] = set()
        self.shared: set[tuple[UUID, UUID]] = set()
        self.ordered_again: set[UUID] = set()

    def owner_of(self, identifier: Identifier | None) -> Owner | None:
        return (self.identities.known.get(identifier) or self.planned.get(identifier)) if identifier else None

    def add(self, identifier: Identifier, owner: Owner) -> None:
        if self.owner_of(identifier) is None:
            self.planned[identifier] = owner
            name = (identifier.type, owner.target)
            if identifier.type == ACCESSION and (name in self.bound or owner.target not in self.made):
                self.ordered_again.add(owner.target)
            self.bound.add(name)

    def lacks(self, owner: Owner | None, type: str) -> bool:
        return owner is not None and (type, owner.target) not in self.bound

    def claim(self, owner: Owner | None) -> Owner | None:
        """Return the owner; one that is stored shall get a name here, which another writer may be about to do too."""
        if owner and owner.target not in self.made:
            self.claimed.add(owner.target)
        return owner

    def new_owner(self, question: StudyQuestion) -> Owner:
        """Return a new study: of the patient named, else of a person of its own."""
        if question.patient:
            person = self.identities.known[question.patient].person_id
        else:
            person = self.identities.new_id()
            self.strangers.append(person)
        owner = Owner(person_id=person, target=self.identities.new_id())
        self.made.add(owner.target)
        if question.day:
            self.days.setdefault(question.day, []).append(owner)
        return owner


def plan_studies(questions: Sequence[StudyQuestion], *, identities: Identities) -> Plan:
    """Plan the links to make: identifiers that are new, each with the study it shall stand for."""
    bound = names_bound(questions, identities=identities)
    plan = Plan(identities=identities, bound=bound, days=count_by_day(questions, identities=identities))
    for question in questions:
        question.problem = problem_of(question, plan=plan)
        if not question.names:
            continue
        owner = find_owner(question, plan=plan) or only_study_of_day(question, plan=plan) or plan.new_owner(question)
        for each in question.names:
            plan.add(each, owner)
        add_further(question, owner=owner, plan=plan)
    return plan


def problem_of(question: StudyQuestion, *, plan: Plan) -> str:
    """Return why a question cannot be answered: it names nothing, or something that several studies share."""
    if not question.names:
        return "names no study"
    if question.is_by_day and len(plan.days.get(question.names[0], ())) > 1:
        return SEVERAL
    is_of_one = question.accession and not question.study_uid and not question.may_mean_order
    if is_of_one and question.accession and plan.owner_of(further(question.accession)):
        return SEVERAL_OF_ORDER
    return ""


def further(accession: Identifier) -> Identifier:
    """Return what stands for another study of an order than the one its accession number stands for."""
    return Identifier(Link.Type.ACCESSION_MORE, accession.issuer, accession.value)


def add_further(question: StudyQuestion, *, owner: Owner, plan: Plan) -> None:
    stands = plan.owner_of(question.accession)
    if question.accession and stands and stands.target != owner.target:
        plan.add(further(question.accession), owner)
        plan.shared.add((stands.target, owner.target))


def names_bound(questions: Iterable[StudyQuestion], *, identities: Identities) -> frozenset[tuple[str, UUID]]:
    """Return which of the studies that these questions may mean have a uid or an accession number already."""
    near = (each for question in questions for each in (question.accession, question.day) if each)
    targets = {identities.known[each].target for each in near if each in identities.known}
    if not targets:
        return frozenset()
    links = Link.objects.filter(
        organisation=identities.organisation, type__in=TYPES_OF_A_STUDY, target__in=list(targets)
    )
    return frozenset(links.values_list("type", "target"))


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
        return plan.claim(free[0]) if free else None
    if accession:
        return accession
    if question.accession:
        return plan.claim(day) if plan.lacks(day, Link.Type.ACCESSION) else None
    return day


def only_study_of_day(question: StudyQuestion, *, plan: Plan) -> Owner | None:
    """Return the study of a patient on a day for a row that names nothing else; several are a problem."""
    found = plan.days.get(question.names[0], []) if question.is_by_day else []
    return found[0] if found else None
