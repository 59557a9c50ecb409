"""A private copy of the migrated test database, for tests that commit.

Fact tables refuse TRUNCATE, so Django's flush cannot clean up after a commit;
a copy is made from the test database as template, and dropped afterwards.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from secrets import token_hex
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import ProgrammingError, connections
from django.test import override_settings

from deploy.settings.environment import database

ALIASES = {"default": "application", "sequencer": "sequencer", "owner": "owner"}
URL_NAMES = {
    "application": "RADVIGIL_DATABASE_URL",
    "sequencer": "RADVIGIL_DATABASE_SEQUENCER_URL",
    "owner": "RADVIGIL_DATABASE_OWNER_URL",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CommittedDatabase:
    name: str

    def url(self, role: str) -> str:
        """Return the address of this database for one of the three roles."""
        return urlunsplit(urlsplit(os.environ[URL_NAMES[role]])._replace(path=f"/{self.name}"))

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment in which a child process works on this database."""
        addresses = {variable: self.url(role) for role, variable in URL_NAMES.items()}
        home = {"RADVIGIL_HOME": str(settings.RADVIGIL_HOME), "DJANGO_SETTINGS_MODULE": "deploy.settings.base"}
        return {**os.environ, **addresses, **home}


@contextmanager
def committed_copy() -> Iterator[CommittedDatabase]:
    template = connections["default"].settings_dict["NAME"]
    copy = CommittedDatabase(name=f"{template[:50]}_{token_hex(4)}")
    before = dict(connections["default"].settings_dict)
    run_apart(f'CREATE DATABASE "{copy.name}" TEMPLATE "{template}"')
    try:
        point_connections_at(copy)
        with override_settings(SEQUENCER_DATABASE="sequencer"):
            yield copy
    finally:
        point_connections_back(before)
        drop(copy)


def drop(copy: CommittedDatabase) -> None:
    """Drop the copy. While autovacuum is in it, only the plain statement may: it waits for that to end."""
    try:
        run_apart(f'DROP DATABASE "{copy.name}" WITH (FORCE)')
    except ProgrammingError:
        run_apart(f'DROP DATABASE "{copy.name}"')


def run_apart(statement: str) -> None:
    """Run one statement outside the test database, which must have no connection meanwhile."""
    connections["default"].close()
    with connections["default"]._nodb_cursor() as cursor:
        cursor.execute(statement)


def point_connections_at(copy: CommittedDatabase) -> None:
    defaults = dict(connections["default"].settings_dict)
    for alias, role in ALIASES.items():
        address = database(copy.url(role)) | {"CONN_MAX_AGE": 0}
        connections.settings.setdefault(alias, {}).update(defaults | address)
        connections[alias].settings_dict.update(address)


def point_connections_back(before: dict[str, object]) -> None:
    for alias in ALIASES:
        connections[alias].close()
    for alias in ("sequencer", "owner"):
        del connections.settings[alias]
        del connections[alias]
    connections["default"].settings_dict.update(before)
