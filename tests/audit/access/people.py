"""People with one role each, for tests of pages."""

from datetime import UTC, datetime
from typing import Any

from audit.access.actions import create_user
from audit.access.models import User

THEN = datetime(2026, 1, 1, tzinfo=UTC)
PASSWORD = "correct horse battery"


def make_user(role: str = "quality_officer", *, username: str = "", **binding: Any) -> User:
    """Make a user with one role, named after it, bound as given."""
    name = username or role
    user, _ = create_user(
        username=name, printed_name=name.title(), password=PASSWORD, role=role, by="test", now=THEN, **binding
    )
    return user
