"""The pseudonymised row: what is hashed for the receipt, before any default is filled.

Identifiers become random ids, text that may identify somebody a commitment,
sender's uids keyed pseudonyms. The same row sent again gives the same record,
so its SHA-256 decides between duplicate and conflict.
"""

import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from audit.log.canonical_bytes import canonical_bytes
from audit.log.models import plain
from inference.intake.kinds import Kind, Row
from inference.studies.identities import Identifier, Identities
from inference.studies.models import Link
from inference.studies.pseudonyms import Keyring, commitment, normalised

UID_FIELDS = ("inference_uid", "read_uid", "amends", "supersedes")
IDENTIFIER_FIELDS = ("study_uid", "patient_id", "accession_number", "other_patient_id", "acquired_on")
DROPPED_STUDY_FIELDS = (
    "study_uid",
    "patient_id",
    "accession_number",
    "patient_id_issuer",
    "accession_issuer",
    "operator",
)
OBJECT_UIDS = {"series_uid": Link.Type.SERIES_UID, "sop_instance_uid": Link.Type.INSTANCE_UID}
AS_IT_IS = frozenset({str, bool})
MARK_UID = "mark_uid"  # a device may use a DICOM tracking uid, so it is not kept as sent
NAMES_OF_OBJECTS = frozenset({*OBJECT_UIDS, MARK_UID})

REASONS = frozenset({
    "artefact", "below_threshold_judged", "known_finding", "location", "low_quality", "measurement", "not_relevant",
    "other", "overcall", "prior_available", "side", "subtle", "undercall", "wrong_patient", "technical", "consent",
    "duplicate", "order_cancelled", "no_findings_code", "reader_preference", "follow_up", "device_offline",
    "time_limit", "rejected_for_quality", "rejected_for_safety", "wrong_worklist_entry", "retention_expired",
})  # fmt: skip
REASON_CODE = re.compile(r"[a-z_]{1,40}")


def uid_pseudonym(value: str, *, kind: str, scope: str, keyring: Keyring) -> str:
    """Return what stands for a sender's uid of one kind in one scope."""
    return keyring.pseudonym(type=f"uid/{kind}", issuer=scope, value=value)


def make_record(
    row: Row, *, kind: Kind, identities: Identities, person_id: UUID | None, uids: Mapping[str, str]
) -> dict[str, Any]:
    """Return the record of a row; `uids` are the pseudonyms of the uids it names, by field."""
    record: dict[str, Any] = {}
    for name, value in row.clean.items():
        if name in IDENTIFIER_FIELDS or name == kind.uid_field:
            continue
        if name in kind.free:
            record[name] = free_value(row, name, value, identities=identities, person_id=person_id)
        elif name in uids:
            record[name] = uids[name]
        elif name in NAMES_OF_OBJECTS:
            record[name] = object_id(name, value, identities=identities)
        elif (said := jsonable(value, identities=identities)) != {}:
            record[name] = said
    if row.deployment_key:
        record["deployment"] = row.deployment_key  # the same whether the row or its token names it
    record.update(named_ids(row, person_id=person_id, identities=identities))
    return record


def free_value(row: Row, name: str, value: str, *, identities: Identities, person_id: UUID | None) -> str:
    """Keep a coded reason in the clear; commit to any other text and keep it for the vault."""
    if REASON_CODE.fullmatch(value) and value in REASONS:
        return value
    if person_id is None:
        # Without a person there is no salt to erase: only a keyed pseudonym of the text is kept.
        return "committed:" + identities.keyring.pseudonym(type="text", issuer=row.entry_uid, value=value)
    row.secrets[name] = value
    return commitment(value, salt=identities.salt_of(person_id), uid=row.entry_uid, field=name)


def whole(value: float) -> float:
    """Return a number without a fraction as an integer: its canonical form is the same, and is written sooner."""
    return int(value) if value.is_integer() and value else value


def jsonable(value: Any, *, identities: Identities) -> Any:
    """Return a clean value as JSON, with the series and instances inside it under random ids."""
    if type(value) in AS_IT_IS:
        return value
    if type(value) is float:
        return whole(value)
    if isinstance(value, datetime):
        return plain(value)
    if isinstance(value, dict):
        return {
            name: object_id(name, part, identities=identities)
            if name in NAMES_OF_OBJECTS
            else part
            if type(part) in AS_IT_IS
            else jsonable(part, identities=identities)
            for name, part in value.items()
            if name not in DROPPED_STUDY_FIELDS and part is not None
        }
    if isinstance(value, list):
        return [jsonable(part, identities=identities) for part in value]
    return value


def object_id(name: str, value: Any, *, identities: Identities) -> str:
    """Return the random id of a series or instance; a mark, or what belongs to nobody yet, is a keyed pseudonym."""
    if name == MARK_UID:
        return "mark-" + identities.keyring.pseudonym(type="mark", issuer="", value=str(value))[:32]
    owner = identities.known.get(Identifier(OBJECT_UIDS[name], "", str(value)))
    if owner:
        return str(owner.target)
    return "pseudonym:" + identities.keyring.pseudonym(type=name, issuer="", value=str(value))


def named_ids(row: Row, *, person_id: UUID | None, identities: Identities) -> dict[str, Any]:
    """Return the random ids and commitments that stand for the identifiers a row names."""
    study, found = row.clean.get("study", {}), {}
    if row.named_study:
        found["study_id"] = str(row.named_study)
    if row.named_person:
        found["patient_id"] = str(row.named_person)
    if row.other_person:
        found["other_patient_id"] = str(row.other_person)
    accession = row.clean.get("accession_number") or study.get("accession_number")
    if accession and person_id:
        salt = identities.salt_of(person_id)
        found["accession"] = commitment(normalised(accession), salt=salt, uid=row.entry_uid, field="accession_number")
    if study.get("operator"):
        found["operator"] = operator_pseudonym(study["operator"], keyring=identities.keyring)
    return found


def operator_pseudonym(value: str, *, keyring: Keyring) -> str:
    return "operator-" + keyring.pseudonym(type="operator", issuer="", value=value)[:16]


def record_digest(record: Mapping[str, Any]) -> bytes:
    return sha256(canonical_bytes(record)).digest()


def same_record(first: bytes, second: bytes) -> bool:
    return hmac.compare_digest(bytes(first), bytes(second))
