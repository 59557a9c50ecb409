"""Real installations in a folder of their own, and what is left of them in the process table."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg

from deploy.servers.embedded import Running, Wanted, embedded_servers

ROOT = Path(__file__).resolve().parent.parent.parent
BOTH = Wanted(postgres=True, valkey=True)
URL_NAMES = {
    "app": "RADVIGIL_DATABASE_URL",
    "owner": "RADVIGIL_DATABASE_OWNER_URL",
    "sequencer": "RADVIGIL_DATABASE_SEQUENCER_URL",
}


@contextmanager
def servers(home: Path) -> Iterator[Running]:
    with embedded_servers(home, wanted=BOTH) as running:
        yield running


def connect(running: Running, role: str = "owner") -> psycopg.Connection:
    return psycopg.connect(running.environment[URL_NAMES[role]], autocommit=True)


def remember(running: Running, word: str) -> None:
    """Commit one word in PostgreSQL and one in Valkey."""
    with connect(running) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS words (word text)")
        connection.execute("INSERT INTO words VALUES (%s)", [word])
    assert valkey(running, f"RPUSH words {word}").startswith(":")


def remembered(running: Running) -> tuple[list[str], int]:
    with connect(running) as connection:
        words = [row[0] for row in connection.execute("SELECT word FROM words").fetchall()]
    return words, int(valkey(running, "LLEN words").strip(":\r\n"))


def valkey(running: Running, command: str) -> str:
    import socket

    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(running.place.sockets / "valkey.sock"))
        connection.sendall(f"{command}\r\n".encode())
        return connection.recv(4096).decode()


def processes_of(home: Path) -> dict[int, str]:
    """Return every process that works in this home or was started for it, with its command."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            cwd = os.readlink(folder / "cwd")
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if f"RADVIGIL_HOME={home}".encode() in environment or cwd.startswith(f"{home}/"):
            found[int(folder.name)] = command
    return found


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def wait_until(claim: Callable[[], bool], *, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, f"still not true after {seconds} s"
        time.sleep(0.1)


def serve(
    home: Path, *, port: int, kind: str = "site", more: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start what `make serve` starts once everything is installed; what it says goes to a file beside the home."""
    without = {name: value for name, value in os.environ.items() if not name.startswith(("RADVIGIL", "DJANGO"))}
    with said_by(home).open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "deploy.serving", kind],
            cwd=ROOT,
            env=without | {"RADVIGIL_HOME": str(home), "PORT": str(port)} | dict(more or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def said_by(home: Path) -> Path:
    return home.with_name("said.txt")


def clear(home: Path) -> None:
    """End what a failed test left, and remove the folders that lie outside the home."""
    for pid in processes_of(home):
        kill(pid)
    for record in ("sockets", "programs"):
        path = home / "run" / record
        if path.exists():
            shutil.rmtree(path.read_text().splitlines()[0], ignore_errors=True)
