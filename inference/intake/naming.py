"""The identifiers of a row: issuers filled in, values normalised, objects given random ids."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from inference.intake.checking import study_identifier
from inference.intake.context import NOTHING, Context
from inference.intake.described import PARTS as DESCRIBED
from inference.intake.kinds import Row
from inference.intake.records import OBJECT_UIDS
from inference.studies.identities import Identifier, Owner
from inference.studies.matching import StudyQuestion, ensure_patients
from inference.studies.models import Link
from inference.studies.pseudonyms import normalised

STUDY_UID, ACCESSION, PATIENT = str(Link.Type.STUDY_UID), str(Link.Type.ACCESSION), str(Link.Type.PATIENT)
HOLDERS = frozenset({dict, list})


def name_study(row: Row, *, context: Context) -> StudyQuestion | None:
    """Return the question which study the row is about, or None where it names none."""
    uid, accession = study_identifier(row.clean, "study_uid"), study_identifier(row.clean, "accession_number")
    patient = None if context.kind.names_persons_only else row.patient
    day = acquired_on(row, context=context) if patient else None
    if not (uid or accession or day):
        return None
    return StudyQuestion(
        site_key=context.site.pk,
        study_uid=Identifier(STUDY_UID, "", uid) if uid else None,
        accession=accession_identifier(accession, row=row, context=context) if accession else None,
        patient=patient,
        acquired_on=day,
        may_mean_order=context.kind.may_mean_order(row.clean),
    )


def acquired_on(row: Row, *, context: Context) -> date | None:
    """Return the day of the study as the row says it, in the site's zone."""
    said: date | None = row.clean.get("acquired_on")
    moment = None if said else row.clean.get("study", NOTHING).get("acquired_at")
    return moment.astimezone(context.zone).date() if moment else said


def patient_identifier(value: str, *, row: Row, context: Context) -> Identifier:
    issuer = row.clean.get("study", NOTHING).get("patient_id_issuer") or context.site.patient_id_issuer
    return Identifier(PATIENT, issuer or context.organisation, normalised(value))


def accession_identifier(value: str, *, row: Row, context: Context) -> Identifier:
    issuer = row.clean.get("study", NOTHING).get("accession_issuer") or context.site.accession_issuer
    return Identifier(ACCESSION, issuer or context.site.pk, normalised(value))


def name_persons(rows: Sequence[Row], *, context: Context) -> None:
    """Give every patient that a row names a random id, and the row that id."""
    named = {row.number: persons_of(row, context=context) for row in rows}
    patients = {each for pair in named.values() for each in pair if each}
    context.identities.look_up(patients)
    ensure_patients(patients, identities=context.identities)
    known = context.identities.known
    for row in rows:
        patient, other = named[row.number]
        row.patient = patient
        row.named_person = known[patient].person_id if patient else None
        row.other_person = known[other].person_id if other else None


def persons_of(row: Row, *, context: Context) -> tuple[Identifier | None, Identifier | None]:
    patient = study_identifier(row.clean, "patient_id")
    other = row.clean.get("other_patient_id")
    return (
        patient_identifier(patient, row=row, context=context) if patient else None,
        patient_identifier(other, row=row, context=context) if other else None,
    )


def name_objects(rows: Sequence[Row], *, context: Context) -> None:
    """Give every series and instance that a row names a random id of its own."""
    owners: dict[Identifier, Owner] = {}
    strangers: set[Identifier] = set()
    for row in rows:
        person = row.person_id or row.named_person
        for identifier in objects_of(row.clean):
            if person is None:
                strangers.add(identifier)
            elif identifier not in owners:
                owners[identifier] = Owner(person_id=person, target=context.identities.new_id())
    context.identities.look_up(strangers.union(owners))
    context.identities.ensure(owners)


def objects_of(clean: Mapping[str, Any]) -> Iterator[Identifier]:
    """Yield the same of a whole row. What is said of study, scanner and acquisition names none."""
    for name, part in clean.items():
        if name in OBJECT_UIDS and isinstance(part, str):
            yield Identifier(OBJECT_UIDS[name], "", part)
        elif type(part) in HOLDERS and name not in DESCRIBED:
            yield from object_identifiers(part)


def object_identifiers(value: Any) -> Iterator[Identifier]:
    """Yield the series and instance uids anywhere inside a clean row."""
    if isinstance(value, dict):
        for name, part in value.items():
            if name in OBJECT_UIDS and isinstance(part, str):
                yield Identifier(OBJECT_UIDS[name], "", part)
            elif isinstance(part, dict | list):
                yield from object_identifiers(part)
    elif isinstance(value, list):
        for part in value:
            yield from object_identifiers(part)
