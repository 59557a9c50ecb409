"""Who looked at the figures of named readers, and of what: it stands in the log."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from audit.access.actions import home_of
from audit.access.models import User
from audit.log.actions import record_facts
from audit.log.models import Act

SEEN = "reader_figures.seen"


def note_readers_seen(*, by: User, subject: str, now: datetime) -> bool:
    """Log that somebody saw figures by reader: once per person, subject and hour."""
    organisation = home_of(by) or "operator"
    hour = now.astimezone(UTC).strftime("%Y-%m-%dT%H")
    act = Act(organisation=organisation, subject=subject, details={"hour": hour}, received_at=now)
    uid = sha256(f"{SEEN}/{by.actor}/{subject}/{hour}".encode()).hexdigest()
    return bool(record_facts([(act, uid)], scope=f"organisation/{organisation}", kind=SEEN, actor=by.actor))
