"""The embedded servers start, are shared, survive kill -9, and keep what was committed."""

import os
import subprocess
import sys

import pytest

from deploy.servers.embedded import MissingAddressError, start_again, wanted_servers
from deploy.servers.processes import alive
from tests.deploy.sites import BOTH, ROOT, kill, processes_of, remember, remembered, servers, wait_until

KILLED_STARTER = """
import os, sys
from pathlib import Path
from tests.deploy.sites import remember, servers
with servers(Path(sys.argv[1])) as running:
    remember(running, "before")
    print(running.postgres_pid, flush=True)
    os.kill(os.getpid(), 9)
"""


def test_what_was_committed_is_there_after_a_restart(home):
    with servers(home) as running:
        remember(running, "once")
    with servers(home) as running:
        remember(running, "twice")
        assert remembered(running) == (["once", "twice"], 2)


def test_the_last_user_stops_the_servers(home):
    with servers(home) as first:
        with servers(home) as second:
            assert (second.postgres_pid, second.valkey_pid) == (first.postgres_pid, first.valkey_pid)
        assert alive(first.postgres_pid)
        assert alive(first.valkey_pid)
    assert processes_of(home) == {}


def test_killed_servers_start_again_with_their_data(home):
    with servers(home) as running:
        remember(running, "before")
        wait_until(lambda: remembered(running)[1] == 1)
        kill(running.postgres_pid)
        kill(running.valkey_pid)
        again = start_again(running)
        assert remembered(again) == (["before"], 1)
        assert again.environment == running.environment


def test_everything_killed_at_once_starts_again_with_its_data(home):
    with servers(home) as running:
        remember(running, "before")
        for pid in processes_of(home):
            kill(pid)
    with servers(home) as running:
        assert remembered(running)[0] == ["before"]


def test_servers_whose_starter_was_killed_are_taken_over(home):
    starter = subprocess.run(
        [sys.executable, "-c", KILLED_STARTER, str(home)], cwd=ROOT, check=False, capture_output=True, text=True
    )
    orphan = int(starter.stdout)
    assert alive(orphan)
    with servers(home) as running:
        assert running.postgres_pid == orphan
        assert remembered(running) == (["before"], 1)
    assert processes_of(home) == {}


def test_a_stale_pid_file_that_names_a_living_process_does_not_stop_the_start(home):
    with servers(home) as running:
        remember(running, "before")
        data = running.place.postgres / "data"
    (data / "postmaster.pid").write_text(f"{os.getppid()}\n{data}\n1\n5432\n/tmp\n\n1 1\nready\n")
    (home / "valkey" / "valkey.pid").write_text(f"{os.getppid()}\n")
    with servers(home) as running:
        assert remembered(running) == (["before"], 1)


def test_a_lost_socket_folder_is_made_anew(home):
    with servers(home) as running:
        remember(running, "before")
        lost = running.place.sockets
    lost.rmdir()
    with servers(home) as running:
        assert running.place.sockets != lost
        assert remembered(running)[0] == ["before"]


def test_given_addresses_replace_the_embedded_servers():
    given = {"RADVIGIL_DATABASE_URL": "postgresql://app@db/radvigil", "RADVIGIL_REDIS_URL": "redis://broker/0"}
    assert wanted_servers({}) == BOTH
    assert wanted_servers(given).postgres is False
    assert wanted_servers(given).valkey is False


def test_an_owner_without_the_application_is_refused():
    with pytest.raises(MissingAddressError, match="RADVIGIL_DATABASE_URL"):
        wanted_servers({"RADVIGIL_DATABASE_OWNER_URL": "postgresql://owner@db/radvigil"})
