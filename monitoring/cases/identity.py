"""Whose study it is and whether it may be used, after the corrections known by then.

Merges, wrong patients, deaths, opt-outs, cancelled studies and rejected images
are dated facts, resolved in the order of their own time. Opting out stops
sharing, teaching and research; monitoring too where the site's rule says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from monitoring.cases import reasons
from monitoring.cases.facts import AsOf, CorrectionFact, StudyFacts, TruthFact, live_facts

# Why images are taken back that were good when they were read: no case leaves an estimate as its archive thins out.
STILL_GOOD = frozenset({"retention_expired"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The patient a study counts for, why it does not count at all, what was rejected, and when the patient died."""

    person: UUID
    reason: str = ""
    rejected: frozenset[str] = frozenset()
    died_at: datetime | None = None
    opted_out: bool = False


def identity_of(study: StudyFacts, *, as_of: AsOf | None) -> Identity:
    if not study.corrections:
        return Identity(person=study.person)
    corrections = effective(study.corrections, as_of=as_of)
    parents = merged_persons(corrections)
    person = resolved(right_person(study, corrections), parents=parents)
    return Identity(
        person=person,
        reason=reason_of(study, corrections, person=person, parents=parents),
        rejected=frozenset(
            part
            for each in corrections
            if each.kind == "images_rejected" and each.reason not in STILL_GOOD
            for part in (each.series, each.instance)
            if part
        ),
        died_at=min((each.at for each in about("died", corrections, person=person, parents=parents)), default=None),
        opted_out=bool(about("opted_out", corrections, person=person, parents=parents)),
    )


def about(
    kind: str, corrections: Iterable[CorrectionFact], *, person: UUID, parents: dict[UUID, UUID]
) -> list[CorrectionFact]:
    """Return the corrections of a kind about the patient, under any name they were merged from."""
    return [
        each
        for each in corrections
        if each.kind == kind and each.person and resolved(each.person, parents=parents) == person
    ]


def followed_until_death(truths: Sequence[TruthFact], *, died_at: datetime | None) -> Sequence[TruthFact]:
    """Return the truths with their follow-up ended by death: nobody was observed after it."""
    if died_at is None:
        return truths
    return [
        replace(each, observed_until=died_at) if each.observed_until and each.observed_until > died_at else each
        for each in truths
    ]


def effective(corrections: Sequence[CorrectionFact], *, as_of: AsOf | None) -> list[CorrectionFact]:
    """Return the corrections in force, by their own time."""
    live = live_facts(corrections, as_of=as_of)
    begun = [each for each in live if as_of is None or each.at <= as_of.at]
    return sorted(begun, key=lambda each: (each.at, each.known, each.uid))


def merged_persons(corrections: Iterable[CorrectionFact]) -> dict[UUID, UUID]:
    """Return who was merged into whom. A merge that would close a circle changes nothing."""
    parents: dict[UUID, UUID] = {}
    for each in corrections:
        if each.person is None or each.other is None:
            continue
        if each.kind == "merge" and resolved(each.person, parents=parents) != resolved(each.other, parents=parents):
            parents[resolved(each.other, parents=parents)] = each.person
        elif each.kind == "unmerge":
            for gone, kept in ((each.other, each.person), (each.person, each.other)):
                if parents.get(gone) == kept:
                    del parents[gone]
    return parents


def resolved(person: UUID, *, parents: dict[UUID, UUID]) -> UUID:
    while person in parents:
        person = parents[person]
    return person


def right_person(study: StudyFacts, corrections: Iterable[CorrectionFact]) -> UUID:
    """Return the patient named by the last correction of this study's patient, else the one first known."""
    person = study.person
    for each in corrections:
        if each.kind == "wrong_patient" and each.study == study.study and each.person:
            person = each.person
    return person


def reason_of(
    study: StudyFacts, corrections: Iterable[CorrectionFact], *, person: UUID, parents: dict[UUID, UUID]
) -> str:
    kinds = {each.kind for each in corrections if concerns(each, study=study, person=person, parents=parents)}
    for kind in (reasons.OPTED_OUT, reasons.STUDY_CANCELLED, reasons.IMAGES_REJECTED):
        if kind in kinds:
            return kind
    return ""


def concerns(each: CorrectionFact, *, study: StudyFacts, person: UUID, parents: dict[UUID, UUID]) -> bool:
    if each.kind == reasons.OPTED_OUT:
        named = each.person is not None and resolved(each.person, parents=parents) == person
        return named and study.opt_out_stops_monitoring
    if each.kind == reasons.IMAGES_REJECTED and (each.series or each.instance or each.reason in STILL_GOOD):
        return False
    return each.study == study.study
