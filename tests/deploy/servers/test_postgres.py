"""PostgreSQL runs durable, behind passwords, for three roles of which one owns the tables."""

import stat

import psycopg
import pytest

from tests.deploy.sites import URL_NAMES, connect, servers

DURABLE = ("fsync", "synchronous_commit", "full_page_writes", "data_checksums")


@pytest.fixture
def running(home):
    with servers(home) as each:
        yield each


def test_it_is_version_18_and_durable(running):
    with connect(running) as connection:
        values = [connection.execute(f"SHOW {name}").fetchone()[0] for name in DURABLE]
        version = connection.execute("SHOW server_version").fetchone()[0]
    assert values == ["on"] * len(DURABLE)
    assert version.startswith("18.4")


def test_nobody_enters_without_the_password(running):
    for role, name in (("radvigil_app", "radvigil"), ("radvigil_owner", "radvigil"), ("postgres", "postgres")):
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(host=str(running.place.sockets), user=role, dbname=name)


def test_the_application_cannot_become_the_owner(running):
    with connect(running, "app") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SET ROLE radvigil_owner")


def test_application_and_sequencer_cannot_make_tables(running):
    for role in ("app", "sequencer"):
        with connect(running, role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (id int)")


def test_it_listens_on_no_port(running):
    with connect(running) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone()[0] == ""


def test_passwords_are_files_for_their_owner_alone(running, home):
    keys = sorted((home / "keys").glob("database-*.key"))
    assert len(keys) == 1 + len(URL_NAMES)
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}
    assert stat.S_IMODE((home / "keys").stat().st_mode) == 0o700


def test_a_cluster_whose_making_was_cut_is_made_again(home):
    draft = home / "postgres" / "new"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    with servers(home) as running, connect(running) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
