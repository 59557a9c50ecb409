"""The three roles and the database they share.

The owner owns the tables and migrates; the sequencer and the application own
nothing and get what the guard migrations grant. Passwords are files below keys/.
"""

from pathlib import Path

import psycopg
from psycopg import sql

from audit.log.keyfiles import secret_text
from deploy.servers.place import Place
from deploy.servers.postgres import SUPERUSER

DATABASE = "radvigil"
ROLES = ("owner", "sequencer", "app")


def address(place: Place, role: str) -> str:
    """Return the URL with which a role opens the database."""
    password = secret_text(place.home, f"database-{role}")
    return f"postgresql://radvigil_{role}:{password}@/{DATABASE}?host={place.sockets}"


def ensure_roles(place: Place) -> None:
    """Make roles and database where they are missing; a second call changes nothing."""
    with as_superuser(place) as connection:
        for role in ROLES:
            if not found(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", f"radvigil_{role}"):
                make_role(connection, home=place.home, role=role)
        if not found(connection, "SELECT 1 FROM pg_database WHERE datname = %s", DATABASE):
            run(connection, "CREATE DATABASE {} OWNER radvigil_owner", sql.Identifier(DATABASE))
        run(connection, "REVOKE ALL ON DATABASE {} FROM PUBLIC", sql.Identifier(DATABASE))
        run(connection, "GRANT CONNECT ON DATABASE {} TO radvigil_sequencer, radvigil_app", sql.Identifier(DATABASE))


def let_owner_make_databases(place: Place) -> None:
    """For tests, which make databases of their own."""
    with as_superuser(place) as connection:
        run(connection, "ALTER ROLE radvigil_owner CREATEDB")


def as_superuser(place: Place) -> psycopg.Connection:
    return psycopg.connect(superuser_address(place), autocommit=True)


def superuser_address(place: Place) -> str:
    """Return the URL of whoever may do anything: to make roles, and for the tests that attack the log."""
    password = secret_text(place.home, "database-superuser")
    return f"postgresql://{SUPERUSER}:{password}@/postgres?host={place.sockets}"


def make_role(connection: psycopg.Connection, *, home: Path, role: str) -> None:
    name, password = sql.Identifier(f"radvigil_{role}"), sql.Literal(secret_text(home, f"database-{role}"))
    run(connection, "CREATE ROLE {} LOGIN PASSWORD {}", name, password)


def found(connection: psycopg.Connection, question: str, name: str) -> bool:
    return connection.execute(question, [name]).fetchone() is not None


def run(connection: psycopg.Connection, statement: str, *parts: sql.Composable) -> None:
    connection.execute(sql.SQL(statement).format(*parts))
