"""What every test may ask for.

Everyday tests run in a transaction as the role that owns the tables; a test
that commits, or is about roles, asks for `committed_database`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.committing import CommittedDatabase, committed_copy

pytest_plugins = ["tests.simulated_site.fixtures"]


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def committed_database(django_db_setup, django_db_blocker) -> Iterator[CommittedDatabase]:
    with django_db_blocker.unblock(), committed_copy() as copy:
        yield copy
