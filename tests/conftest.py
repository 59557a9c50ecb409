"""What every test may ask for.

Everyday tests run in a transaction as the role that owns the tables; a test
that commits, or is about roles, asks for `committed_database`.

`make test` tries the same examples in every run, so that a gate says the same of the same code; pytest alone tries
new ones each time. `make test ARGS=--hypothesis-profile=default` explores too.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import connections
from django.test.utils import setup_databases, teardown_databases
from hypothesis import settings

from tests.committing import CommittedDatabase, committed_copy

pytest_plugins = ["tests.simulated_site.fixtures"]

settings.register_profile("repeatable", derandomize=True, deadline=None)


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def migrated_database(django_db_setup, django_db_keepdb, django_db_createdb, django_db_blocker) -> Iterator[None]:
    """Set the test database up where no test of the session is marked `django_db`: then pytest-django does not."""
    own = connections["default"].settings_dict
    if own["NAME"] == own["TEST"]["NAME"]:
        yield
        return
    keeps = django_db_keepdb and not django_db_createdb
    with django_db_blocker.unblock():
        made = setup_databases(0, interactive=False, keepdb=keeps, aliases={"default"}, serialized_aliases=set())
    yield
    if not django_db_keepdb:
        with django_db_blocker.unblock():
            teardown_databases(made, verbosity=0)


@pytest.fixture
def committed_database(migrated_database, django_db_blocker) -> Iterator[CommittedDatabase]:
    with django_db_blocker.unblock(), committed_copy() as copy:
        yield copy
