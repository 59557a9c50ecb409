"""One command starts everything, keeps it running, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from tests.deploy.sites import ROOT, kill, processes_of, said_by, serve, wait_until


@pytest.fixture
def site(home, free_port):
    process = serve(home, port=free_port)
    try:
        wait_until(lambda: answers(free_port) or process.poll() is not None, seconds=90)
        assert process.poll() is None, said_by(home).read_text()
        yield process
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/log-in/", timeout=5) as page:
            return page.status == 200
    except OSError:
        return False


def pids(home, word: str) -> set[int]:
    return {pid for pid, command in processes_of(home).items() if word in command}


def end(process: subprocess.Popen, how: signal.Signals = signal.SIGINT) -> int:
    process.send_signal(how)
    return process.wait(timeout=60)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_leaves_no_process(site, home, stop):
    assert pids(home, "gunicorn")
    assert pids(home, "worker")
    assert pids(home, "beat")
    assert end(site, stop) == 0, said_by(home).read_text()
    assert processes_of(home) == {}


def test_an_empty_site_says_how_to_create_its_first_administrator(site, home):
    output = said_by(home).read_text()
    assert "create_user NAME --role administrator" in output
    assert "radvigil-demo" not in output


def test_killed_parts_start_again(site, home, free_port):
    before = processes_of(home)
    for word in ("gunicorn", "celery", "postgres", "valkey-server"):
        assert pids(home, word), word
    for pid in before:
        if pid != site.pid:
            kill(pid)
    wait_until(lambda: not set(before) - {site.pid} & set(processes_of(home)))
    wait_until(lambda: answers(free_port), seconds=60)
    wait_until(lambda: len(pids(home, "celery")) >= 2, seconds=60)


def test_a_server_that_does_not_start_is_tried_again_until_it_does(site, home, free_port):
    (manifest,) = (home / "valkey").rglob("*.manifest")
    whole = manifest.read_bytes()
    manifest.write_bytes(b"nothing that a server reads")
    for pid in pids(home, "valkey-server"):
        kill(pid)
    wait_until(lambda: "Valkey did not start" in said_by(home).read_text(), seconds=60)
    assert site.poll() is None and answers(free_port)
    manifest.write_bytes(whole)

    log = home / "log" / "valkey.log"
    wait_until(lambda: log.read_text().count("Ready to accept connections") == 2, seconds=60)
    assert end(site) == 0
    assert processes_of(home) == {}


def test_nothing_outlives_a_killed_start_but_servers_that_the_next_start_takes_over(site, home, free_port):
    kill(site.pid)
    site.wait()
    wait_until(lambda: not pids(home, "gunicorn") and not pids(home, "celery"))
    again = serve(home, port=free_port)
    wait_until(lambda: answers(free_port), seconds=60)
    assert end(again) == 0
    assert processes_of(home) == {}


def test_a_taken_port_ends_the_start_before_anything_runs(home, free_port):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port))
        taken.listen()
        started = subprocess.run(
            [sys.executable, "deploy/start.py", "demo"],
            cwd=ROOT,
            env=os.environ | {"PORT": str(free_port), "RADVIGIL_HOME": str(home)},
            check=False,
            capture_output=True,
            text=True,
        )
    assert started.returncode == 1
    assert f"Port {free_port} is taken" in started.stderr
    assert not home.exists()


def test_a_second_start_on_the_same_home_is_refused(site, home, free_port):
    other = serve(home, port=free_port + 1 if free_port < 65535 else free_port - 1)
    assert other.wait(timeout=60) == 1
    assert "runs on" in said_by(home).read_text()
    assert answers(free_port)


def test_commands_use_the_running_servers(site, home):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("RADVIGIL", "DJANGO"))}
    checked = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--check"],
        cwd=ROOT,
        env=environment | {"RADVIGIL_HOME": str(home)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stderr
    assert pids(home, "postgres")
    assert site.poll() is None
