"""What is done to a database before it is served: migrate as its owner, collect the static files."""

import sys
import time
from collections.abc import Mapping

import psycopg

from deploy.installing import ROOT
from deploy.parts import Part, PartError, stop_all

POLL_SECONDS = 0.05
COMMANDS = (
    ["migrate", "--database=owner", "--verbosity=0"],
    ["collectstatic", "--noinput", "--verbosity=0"],
)


def prepare_database(environment: Mapping[str, str]) -> None:
    """Run both at once; each loads Django for itself.

    Raises:
        PartError: one failed; what it said stands above.
    """
    parts = [
        Part(name=each[0], command=[sys.executable, str(ROOT / "manage.py"), *each], environment=environment, log=None)
        for each in COMMANDS
    ]
    try:
        for part in parts:
            part.start()
        for part in parts:
            finish(part)
    finally:
        stop_all(parts)


def finish(part: Part) -> None:
    while part.exit_code() is None:
        time.sleep(POLL_SECONDS)
    if part.exit_code():
        raise PartError(f"`manage.py {part.name}` failed (exit {part.exit_code()}); what it said stands above")


def has_facts(environment: Mapping[str, str]) -> bool:
    return answers_yes(environment, "SELECT EXISTS (SELECT 1 FROM audit_entry)")


def has_users(environment: Mapping[str, str]) -> bool:
    return answers_yes(environment, "SELECT EXISTS (SELECT 1 FROM audit_user)")


def answers_yes(environment: Mapping[str, str], question: str) -> bool:
    with psycopg.connect(environment["RADVIGIL_DATABASE_URL"]) as connection:
        row = connection.execute(question).fetchone()
    return bool(row and row[0])
