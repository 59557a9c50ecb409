"""The corrections that concern each of many studies: its own, and those of every patient it may belong to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from inference.studies.models import Study
from monitoring.cases.facts import CorrectionFact
from monitoring.cases.fetching import fetch, selected

ROUNDS = 12
COLUMNS = (
    "f.id", "e.uid", "f.received_at", "f.known_at", "f.amends", "f.kind", "f.at", "f.person_id", "f.other_person_id",
    "f.study_id", "f.series_uid", "f.sop_instance_uid", "f.reason",
)  # fmt: skip
NEAR = selected(
    "inference_correction",
    COLUMNS,
    where="f.study_id = ANY(%b) OR f.person_id = ANY(%b) OR f.other_person_id = ANY(%b) OR f.amends = ANY(%b)",
)


def corrections_of(person_of: Mapping[UUID, UUID]) -> dict[UUID, list[CorrectionFact]]:
    """Return the corrections that each study must know, by study."""
    facts = connected(set(person_of), set(person_of.values()))
    if not facts:
        return {}
    groups = components(facts.values(), person_of=person_of)
    by_person: dict[Any, list[CorrectionFact]] = defaultdict(list)
    by_study: dict[Any, list[CorrectionFact]] = defaultdict(list)
    for fact in facts.values():
        by_study[fact.study].append(fact)
        by_person[groups.root(fact.person)].append(fact)
    found = {}
    for study, person in person_of.items():
        near = (*by_study.get(study, ()), *by_person.get(groups.root(person), ()))
        found[study] = list({fact.uid: fact for fact in near}.values())
    return found


def components(facts: Iterable[CorrectionFact], *, person_of: Mapping[UUID, UUID]) -> Components:
    groups = Components()
    by_uid = {fact.uid: fact for fact in facts}
    for fact in by_uid.values():
        if fact.amends in by_uid:
            groups.join(fact.person, by_uid[fact.amends].person)
        if fact.kind in ("merge", "unmerge"):
            groups.join(fact.person, fact.other)
        elif fact.kind == "wrong_patient" and fact.study is not None and fact.study in person_of:
            groups.join(fact.person, person_of[fact.study])
    return groups


class Components:
    """Patients joined by corrections, whether or not these are still in force."""

    def __init__(self) -> None:
        self.parents: dict[UUID, UUID] = {}

    def root(self, person: UUID | None) -> UUID | None:
        while person in self.parents:
            person = self.parents[person]
        return person

    def join(self, one: UUID | None, other: UUID | None) -> None:
        first, second = self.root(one), self.root(other)
        if first is not None and second is not None and first != second:
            self.parents[first] = second


def connected(studies: set[UUID], persons: set[UUID]) -> dict[int, CorrectionFact]:
    """Return every correction of these studies and of all patients reachable from theirs."""
    found: dict[int, CorrectionFact] = {}
    near: tuple[set[Any], set[Any], set[Any]] = (studies, persons, set())
    for _ in range(ROUNDS):
        fresh = {pk: fact for pk, fact in read_corrections(*near) if pk not in found}
        found |= fresh
        named = {each for fact in fresh.values() for each in (fact.person, fact.other) if each} - persons
        persons |= named
        if not fresh:
            break
        near = (set(), named, {fact.uid for fact in fresh.values()})
    return dict(sorted(found.items()))


def read_corrections(studies: set[UUID], persons: set[UUID], amended: set[str]) -> Iterator[tuple[int, CorrectionFact]]:
    """Yield the corrections of studies, of patients, and of the corrections that these uids name."""
    people, uids = list(persons), [uid for uid in amended if uid]
    for pk, uid, received, known, amends, kind, at, person, other, study, series, instance, reason in fetch(
        NEAR, list(studies), people, people, uids
    ):
        yield (
            pk,
            CorrectionFact(
                uid=uid,
                received=received,
                known=known or received,
                amends=amends,
                kind=kind,
                at=at,
                person=person,
                other=other,
                study=study,
                series=str(series or ""),
                instance=str(instance or ""),
                reason=reason,
            ),
        )


def studies_of_persons(persons: Iterable[UUID]) -> set[UUID]:
    """Return every study that may count for one of these patients, or for one merged with them at any time."""
    everybody = set(persons)
    facts = connected(set(), everybody)
    named = {fact.study for fact in facts.values() if fact.study}
    everybody |= {each for fact in facts.values() for each in (fact.person, fact.other) if each}
    return named | set(Study.objects.filter(person_id__in=everybody).values_list("id", flat=True))
