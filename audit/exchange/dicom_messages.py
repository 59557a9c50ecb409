"""Events as DICOM audit messages (PS3.15 A.5.1), the payload that IHE ATNA carries over syslog."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC
from xml.etree import ElementTree as ET  # writes only; nothing is parsed

from audit.exchange.records import Record

SUCCESS, SERIOUS_FAILURE = "0", "8"
SYSTEM_OBJECT, JOB = "2", "20"
APPLICATION_SERVER = "4"
NODE_ID = ("110182", "DCM", "Node ID")


def audit_message(record: Record, *, source: str) -> str:
    """Return the XML of one event; `source` names the installation."""
    root = ET.Element("AuditMessage")
    add_event(root, record)
    ET.SubElement(
        root,
        "ActiveParticipant",
        {"UserID": record.actor, "UserIsRequestor": "true", "NetworkAccessPointTypeCode": "5"},
    )
    identification = ET.SubElement(root, "AuditSourceIdentification", {"AuditSourceID": source})
    ET.SubElement(
        identification, "AuditSourceTypeCode", {"csd-code": APPLICATION_SERVER, "originalText": "Application Server"}
    )
    add_object(root, record)
    return ET.tostring(root, encoding="unicode")


def add_event(root: ET.Element, record: Record) -> None:
    event = ET.SubElement(
        root,
        "EventIdentification",
        {
            "EventActionCode": record.event.action,
            "EventDateTime": record.at.astimezone(UTC).isoformat(timespec="milliseconds"),
            "EventOutcomeIndicator": SERIOUS_FAILURE if record.has_failed else SUCCESS,
        },
    )
    coded(event, "EventID", record.event.code, "DCM", record.event.meaning)
    coded(event, "EventTypeCode", record.kind, "99RADVIGIL", record.kind.replace("_", " "))


def add_object(root: ET.Element, record: Record) -> None:
    found = ET.SubElement(
        root,
        "ParticipantObjectIdentification",
        {
            "ParticipantObjectID": record.subject,
            "ParticipantObjectTypeCode": SYSTEM_OBJECT,
            "ParticipantObjectTypeCodeRole": JOB,
        },
    )
    coded(found, "ParticipantObjectIDTypeCode", *NODE_ID)
    for name, value in {"leaf_hash": record.leaf_hash.hex(), **record.details}.items():
        ET.SubElement(found, "ParticipantObjectDetail", {"type": name, "value": base64_text(value)})


def coded(parent: ET.Element, tag: str, code: str, system: str, text: str) -> None:
    ET.SubElement(parent, tag, {"csd-code": code, "codeSystemName": system, "originalText": text})


def base64_text(value: str) -> str:
    return b64encode(value.encode()).decode()
