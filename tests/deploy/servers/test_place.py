"""The servers run wherever the checkout lies, as root and as an ordinary user."""

import os
import stat
import subprocess
import sys

import pytest

from deploy.servers.account import is_mapped, server_account
from deploy.servers.programs import NEEDED
from tests.deploy.sites import ROOT, clear, connect, processes_of, remember, remembered, servers

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends another user")
ORDINARY_USER = """
import sys
from pathlib import Path
from tests.deploy.sites import remember, remembered, servers
with servers(Path(sys.argv[1])) as running:
    remember(running, "ordinary")
    print(remembered(running), running.place.account.is_lent)
"""
NOBODY = 65534


def test_a_very_long_path_is_no_obstacle(tmp_path):
    home = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 8)
    assert len(str(home)) > 200
    with servers(home) as running:
        remember(running, "far")
        assert len(str(running.place.sockets)) < 60
        assert remembered(running) == (["far"], 1)
    clear(home)


@as_root
def test_a_folder_that_only_root_enters_stays_closed(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    home = closed / "checkout" / "var"
    with servers(home) as running:
        remember(running, "inside")
        assert remembered(running) == (["inside"], 1)
        with connect(running) as connection:  # needs files of the programs' folder
            assert connection.execute("SELECT count(*) > 100 FROM pg_timezone_names").fetchone() == (True,)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    clear(home)


@as_root
def test_root_lends_a_number_that_no_account_has(home):
    with servers(home) as running:
        uid = running.place.account.uid
        owners = {os.stat(f"/proc/{pid}").st_uid for pid in processes_of(home)}
    assert owners == {uid}
    assert uid != 0
    assert is_mapped(uid)
    assert server_account(home / "postgres").uid == uid  # the next start takes the same


@as_root
def test_copied_programs_cannot_be_changed_by_the_servers(home, monkeypatch, tmp_path):
    from deploy.servers import programs

    monkeypatch.setattr(programs, "can_run", lambda *_, **__: False)
    account = server_account(home / "postgres")
    copied = programs.programs_for(account, record=tmp_path / "record")
    assert sorted(path.name for path in copied.postgres.parent.iterdir()) == sorted(NEEDED)
    assert copied.postgres.stat().st_uid == 0
    assert not copied.postgres.stat().st_mode & 0o022


@as_root
def test_an_ordinary_user_runs_them_as_themselves(tmp_path):
    home = tmp_path.parent.parent.parent / f"radvigil-ordinary-{os.getpid()}"
    home.mkdir(mode=0o700)
    os.chown(home, NOBODY, NOBODY)
    command = [sys.executable, "-B", "-c", ORDINARY_USER, str(home)]
    try:
        done = subprocess.run(
            command, cwd=ROOT, check=False, capture_output=True, text=True, user=NOBODY, group=NOBODY, extra_groups=[]
        )
    except PermissionError:
        pytest.skip("an ordinary user cannot reach this Python")
    finally:
        clear(home)
        subprocess.run(["rm", "-rf", str(home)], check=True)
    assert done.stdout.strip() == "(['ordinary'], 1) False", done.stderr
