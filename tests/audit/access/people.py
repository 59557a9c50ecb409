"""People with one role each, for tests of pages."""

from datetime import UTC, datetime
from typing import Any

from audit.access.actions import create_user
from audit.access.models import EXPIRING_ROLES, User

THEN = datetime(2026, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2999, 1, 1, tzinfo=UTC)
PASSWORD = "correct horse battery"


def make_user(role: str = "quality_officer", *, username: str = "", **binding: Any) -> User:
    """Make a user with one role, named after it, bound as given."""
    name = username or role
    ends = {"expires_at": FAR_AHEAD} if role in EXPIRING_ROLES else {}
    user, _ = create_user(
        username=name, printed_name=name.title(), password=PASSWORD, role=role, by="test", now=THEN, **ends | binding
    )
    return user
