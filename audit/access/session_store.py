"""Where sessions lie: a row each, named by the hash of its key, with the person it belongs to.

Whoever reads the table or a stolen backup of it can open no session; and a
person's sessions can be listed and ended.
"""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from audit.access.models import Session

KEPT_CHARACTERS = 40
OPENED, SEEN, AGENT = "opened_at", "seen_at", "agent"  # seconds since 1970, twice; how the browser calls itself


def row_key(session_key: str | None) -> str:
    """Return the name of a session's row; 160 bits of the hash of its key."""
    return sha256((session_key or "").encode()).hexdigest()[:KEPT_CHARACTERS]


class SessionStore(DatabaseStore):
    """Django's sessions in the database, under a hash."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _get_session_from_db(self) -> Session | None:
        found = Session.objects.filter(pk=row_key(self.session_key), expire_date__gt=timezone.now()).first()
        if found is None:
            self._session_key = None
        return found

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(pk=row_key(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        if SESSION_KEY in data and OPENED not in data:
            data[OPENED] = data[SEEN] = timezone.now().timestamp()
        return Session(
            session_key=row_key(self._get_or_create_session_key()),  # type: ignore[attr-defined] # not in the stubs
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            user_id=int(data[SESSION_KEY]) if SESSION_KEY in data else None,
            opened_at=moment(data.get(OPENED)),
            seen_at=moment(data.get(SEEN)),
            agent=str(data.get(AGENT, "")),
        )

    def delete(self, session_key: str | None = None) -> None:
        gone = session_key or self.session_key
        if gone is not None:
            Session.objects.filter(pk=row_key(gone)).delete()


def moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
