"""Events as FHIR R4 AuditEvent resources (hl7.org/fhir/R4/auditevent.html)."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from audit.exchange.records import Record

DCM = "http://dicom.nema.org/resources/ontology/DCM"
KINDS = "urn:radvigil:entry-kind"
SUCCESS, SERIOUS_FAILURE = "0", "8"


def audit_event(record: Record, *, observer: str) -> dict[str, Any]:
    """Return the resource of one event; `observer` names the installation and its log."""
    return {
        "resourceType": "AuditEvent",
        "id": f"{record.organisation}.{record.position}"[:64],
        "type": {"system": DCM, "code": record.event.code, "display": record.event.meaning},
        "subtype": [{"system": KINDS, "code": record.kind}],
        "action": record.event.action,
        "recorded": record.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "outcome": SERIOUS_FAILURE if record.has_failed else SUCCESS,
        "agent": [{"who": {"identifier": {"value": record.actor}}, "requestor": True}],
        "source": {"observer": {"identifier": {"value": observer}, "display": observer}},
        "entity": [
            {
                "what": {"identifier": {"value": record.subject}},
                "detail": [
                    {"type": "leaf_hash", "valueString": record.leaf_hash.hex()},
                    *({"type": name, "valueString": value} for name, value in record.details.items() if value),
                ],
            }
        ],
    }
