"""What is done to a database before it is served, and what is asked of it."""

import sys
import time
from collections.abc import Mapping

import psycopg

from deploy.installing import ROOT
from deploy.parts import Part, PartError, stop_all

POLL_SECONDS = 0.05


def prepare_database(environment: Mapping[str, str]) -> None:
    """Bring the tables up to date.

    Raises:
        PartError: it failed; what it said stands above.
    """
    command = [sys.executable, str(ROOT / "manage.py"), "migrate", "--database=owner", "--verbosity=0"]
    part = Part(name="migrate", command=command, environment=environment, log=None)
    try:
        part.start()
        finish(part)
    finally:
        stop_all([part])


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
