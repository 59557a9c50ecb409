"""Events as FHIR R4 AuditEvent resources (hl7.org/fhir/R4/auditevent.html)."""

from __future__ import annotations

import re
from datetime import UTC
from hashlib import sha256
from typing import Any

from audit.exchange.records import Record
from audit.exchange.syslog import visible

DCM = "http://dicom.nema.org/resources/ontology/DCM"
KINDS = "urn:radvigil:entry-kind"
SUCCESS, SERIOUS_FAILURE = "0", "8"
ENTITY_TYPES = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
PERSON = {"system": ENTITY_TYPES, "code": "1", "display": "Person"}
SYSTEM_OBJECT = {"system": ENTITY_TYPES, "code": "2", "display": "System Object"}
OBJECT_TYPES = {"user": PERSON}
LONGEST_ID = 64
ID = re.compile(r"[A-Za-z0-9.-]+")


def audit_event(record: Record, *, observer: str) -> dict[str, Any]:
    """Return the resource of one event; `observer` names the installation and its log."""
    return {
        "resourceType": "AuditEvent",
        "id": identity_of(record),
        "type": {"system": DCM, "code": record.event.code, "display": record.event.meaning},
        "subtype": subtypes(record),
        "action": record.event.action,
        "recorded": record.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "outcome": SERIOUS_FAILURE if record.has_failed else SUCCESS,
        "agent": [{"who": {"identifier": {"value": fhir_text(record.actor)}}, "requestor": True}],
        "source": {"observer": {"identifier": {"value": observer}, "display": observer}},
        "entity": [
            {
                "what": {"identifier": {"value": fhir_text(record.subject)}},
                "type": OBJECT_TYPES.get(record.subject.partition("/")[0], SYSTEM_OBJECT),
                "detail": [
                    {"type": "leaf_hash", "valueString": record.leaf_hash.hex()},
                    {"type": "position", "valueString": str(record.position)},
                    *(
                        {"type": fhir_text(name), "valueString": fhir_text(value)}
                        for name, value in record.details.items()
                        if name.strip() and value.strip()
                    ),
                ],
            }
        ],
    }


def identity_of(record: Record) -> str:
    """Return an id of at most 64 letters, digits, dots and hyphens; a name that is none stands as its hash."""
    text = f"{record.organisation}.{record.position}"
    if ID.fullmatch(text) and len(text) <= LONGEST_ID:
        return text
    return f"{sha256(record.organisation.encode()).hexdigest()[:40]}.{record.position}"


def subtypes(record: Record) -> list[dict[str, str]]:
    own = {"system": KINDS, "code": record.kind}
    code, meaning = record.event.kind
    return [own, {"system": DCM, "code": code, "display": meaning}] if code else [own]


def fhir_text(text: str) -> str:
    """Return a text without control characters, which a FHIR string may not hold, and never an empty one."""
    return visible(text).strip() or "-"
