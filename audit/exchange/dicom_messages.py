"""Events as DICOM audit messages (PS3.15 A.5.1), the payload that IHE ATNA carries over syslog.

What an entry does not know is left out where the schema lets it: no address of the network is ever logged.
"""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import UTC
from xml.etree import ElementTree as ET  # writes only; nothing is parsed

from audit.exchange.records import Record
from audit.exchange.syslog import visible

SUCCESS, SERIOUS_FAILURE = "0", "8"
APPLICATION_SERVER = "4"
OWN = "99RADVIGIL"
NO_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")
# PS3.15 A.5.1.2: what the object is (1 person, 2 system object) and in which role, by how the entry names it.
OBJECTS = {
    "user": ("1", "11", ("11", "RFC-3881", "User Identifier")),  # security user entity
    "log": ("2", "13", ("12", "RFC-3881", "URI")),  # security resource
    "package": ("2", "3", ("package", OWN, "Evidence package")),  # report
}
ANY_OBJECT = ("2", "20", ("subject", OWN, "What the entry is about"))  # job


def audit_message(record: Record, *, source: str) -> str:
    """Return the XML of one event; `source` names the installation."""
    root = ET.Element("AuditMessage")
    add_event(root, record)
    ET.SubElement(root, "ActiveParticipant", {"UserID": xml_text(record.actor), "UserIsRequestor": "true"})
    identification = ET.SubElement(root, "AuditSourceIdentification", {"AuditSourceID": xml_text(source)})
    ET.SubElement(identification, "AuditSourceTypeCode", {"csd-code": APPLICATION_SERVER})
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
    code, meaning = record.event.kind
    if code:
        coded(event, "EventTypeCode", code, "DCM", meaning)
    coded(event, "EventTypeCode", record.kind, OWN, record.kind.replace("_", " "))


def add_object(root: ET.Element, record: Record) -> None:
    kind, role, coding = OBJECTS.get(record.subject.partition("/")[0], ANY_OBJECT)
    found = ET.SubElement(
        root,
        "ParticipantObjectIdentification",
        {
            "ParticipantObjectID": xml_text(record.subject),
            "ParticipantObjectTypeCode": kind,
            "ParticipantObjectTypeCodeRole": role,
        },
    )
    coded(found, "ParticipantObjectIDTypeCode", *coding)
    ET.SubElement(found, "ParticipantObjectName").text = f"{record.organisation}, entry {record.position}"
    for name, value in {"leaf_hash": record.leaf_hash.hex(), **record.details}.items():
        ET.SubElement(found, "ParticipantObjectDetail", {"type": xml_text(name), "value": base64_text(value)})


def coded(parent: ET.Element, tag: str, code: str, system: str, text: str) -> None:
    ET.SubElement(parent, tag, {"csd-code": xml_text(code), "codeSystemName": system, "originalText": xml_text(text)})


def xml_text(text: str) -> str:
    """Return a text without line ends and what XML 1.0 has no form for: each stands as its code point."""
    return NO_XML.sub(lambda found: f"[U+{ord(found[0]):04X}]", visible(text))


def base64_text(value: str) -> str:
    return b64encode(value.encode()).decode()
