"""An entry of the log as an auditable event: what happened, to what, by whom, in the vocabulary of DICOM PS3.15 A.5.

Only what the entry says is handed on. Its payload is commitments and codes; of
it the names of an act's details go along, never a value that is no plain word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.log.models import Entry
from audit.proofs.canonical import parse_json


@dataclass(frozen=True, slots=True)
class EventType:
    """An event's code of the DICOM ontology (PS3.16 D), its meaning, and create, read, update, delete or execute.

    `kind` is the code of what exactly happened, where PS3.15 A.5.3 asks for one.
    """

    code: str
    meaning: str
    action: str
    kind: tuple[str, str] = ("", "")


LOG_IN = EventType("110114", "User Authentication", "E", ("110122", "Login"))
LOG_OUT = EventType("110114", "User Authentication", "E", ("110123", "Logout"))
RESTRICTED = EventType("110113", "Security Alert", "E", ("110132", "Use of Restricted Function"))
EMERGENCY = EventType("110113", "Security Alert", "E", ("110127", "Emergency Override Started"))
EMERGENCY_ENDED = EventType("110113", "Security Alert", "E", ("110138", "Emergency Override Stopped"))
USER_CHANGED = EventType("110113", "Security Alert", "U", ("110137", "User Security Attributes Changed"))
ROLES_CHANGED = EventType("110113", "Security Alert", "U", ("110136", "Security Roles Changed"))
SECURITY_CHANGE = EventType("110113", "Security Alert", "U", ("110131", "Security Configuration"))
AUDIT_LOG_USED = EventType("110101", "Audit Log Used", "R")
INSTANCES_ACCESSED = EventType("110103", "DICOM Instances Accessed", "R")
EXPORT = EventType("110106", "Export", "R")
IMPORT = EventType("110107", "Import", "C")
PATIENT_RECORD = EventType("110110", "Patient Record", "U")
IDENTITY_READ = EventType("110110", "Patient Record", "R")
QUERY = EventType("110112", "Query", "E")
ACTIVITY = EventType("110100", "Application Activity", "E")

EVENTS: Mapping[str, EventType] = {
    "logged_in": LOG_IN,
    "logged_out": LOG_OUT,
    "session_ended": LOG_OUT,
    "log_in_failed": LOG_IN,
    "locked_out": LOG_IN,
    "second_factor_failed": LOG_IN,
    "second_factor_locked": LOG_IN,
    "single_sign_on_failed": LOG_IN,
    "lockout_lifted": USER_CHANGED,
    "access_rules_set": SECURITY_CHANGE,
    "access_refused": RESTRICTED,
    "refusals_counted": RESTRICTED,
    "refusals_exported": EXPORT,
    "figures_exported": EXPORT,
    "break_glass.opened": EMERGENCY,
    "break_glass.ended": EMERGENCY_ENDED,
    "break_glass.seen": INSTANCES_ACCESSED,
    "identifier.opened": IDENTITY_READ,
    "case.opened": INSTANCES_ACCESSED,
    "image.opened": INSTANCES_ACCESSED,
    "cases_exported": EXPORT,
    "log.verified": AUDIT_LOG_USED,
    "row.opened": QUERY,
    "inference": IMPORT,
    "event": IMPORT,
    "read": PATIENT_RECORD,
    "response": PATIENT_RECORD,
    "truth": PATIENT_RECORD,
    "correction": PATIENT_RECORD,
}
PREFIXES: Mapping[str, EventType] = {
    "user_": USER_CHANGED,
    "grant_": ROLES_CHANGED,
    "token_": USER_CHANGED,
    "password_": USER_CHANGED,
    "factor": USER_CHANGED,
    "recovery_code": USER_CHANGED,
    "single_sign_on": USER_CHANGED,
    "key.": SECURITY_CHANGE,
    "package.": EXPORT,
    "portal.": QUERY,
}
FAILURES = frozenset(
    {
        "log_in_failed", "access_refused", "refusals_counted", "locked_out", "signing.failed", "second_factor_failed",
        "second_factor_locked", "single_sign_on_failed",
    }
)  # fmt: skip
FACTS = frozenset({"inference", "event", "read", "response", "truth", "correction"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One entry as an event. `identity` is unique: the log's organisation and the entry's position."""

    organisation: str
    position: int
    kind: str
    actor: str
    at: datetime
    subject: str
    details: Mapping[str, str]
    leaf_hash: bytes

    @property
    def identity(self) -> str:
        return f"{self.organisation}/{self.position}"

    @property
    def event(self) -> EventType:
        found = EVENTS.get(self.kind)
        return found or next((event for start, event in PREFIXES.items() if self.kind.startswith(start)), ACTIVITY)

    @property
    def has_failed(self) -> bool:
        return self.kind in FAILURES


def record_of(entry: Entry) -> Record:
    """Return a sequenced entry as an event."""
    said = parse_json(bytes(entry.body))
    payload = said.get("payload", {}) if isinstance(said, dict) else {}
    subject = f"{entry.kind}/{entry.uid}" if entry.kind in FACTS else str(payload.get("subject", ""))
    return Record(
        organisation=entry.organisation,
        position=int(entry.position or 0),
        kind=entry.kind,
        actor=entry.actor,
        at=entry.at,
        subject=subject or f"{entry.kind}/{entry.uid}",
        details=plain_words(payload.get("details", {})),
        leaf_hash=bytes(entry.leaf_hash),
    )


def plain_words(details: Any) -> dict[str, str]:
    """Return the details that are single words or numbers."""
    if not isinstance(details, Mapping):
        return {}
    return {
        str(name): str(value)
        for name, value in sorted(details.items())
        if isinstance(value, str | int | float | bool) and len(str(value)) <= 200
    }
