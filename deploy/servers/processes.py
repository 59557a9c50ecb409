"""Processes by number: started as another user, found again after a crash, ended for sure.

What we started is waited for, so that it leaves no zombie; what an earlier
run left behind is known by its number and the folder it works in.
"""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from deploy.servers.account import Account

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
POLL_SECONDS = 0.05
_started: dict[int, subprocess.Popen[bytes]] = {}


def spawn(command: Sequence[str], *, account: Account, folder: Path, log: Path) -> int:
    """Start a server in a session of its own: Ctrl-C reaches us alone, and we stop it last."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
            env=ENVIRONMENT,
            **account.as_popen(),
        )
    _started[process.pid] = process
    return process.pid


def alive(pid: int) -> bool:
    if pid in _started:
        return _started[pid].poll() is None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return state(pid) != "Z"


def state(pid: int) -> str:
    """Return the letter the kernel gives: Z is dead but not waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return "Z" if Path("/proc/self").exists() else "?"


def works_in(pid: int, folder: Path) -> bool:
    """Tell whether this process is a server of this folder, and not another one that got its number."""
    if not alive(pid):
        return False
    try:
        return os.path.samefile(f"/proc/{pid}/cwd", folder)
    except OSError:
        return False


def recorded(path: Path) -> int | None:
    """Return the process number on the first line of a file, if there is one."""
    try:
        return abs(int(path.read_text().splitlines()[0]))
    except (FileNotFoundError, ValueError, IndexError):
        return None


def end(pid: int, *, first: signal.Signals, patience_seconds: float = 30) -> None:
    """Ask a process to stop, wait, and insist."""
    for each in (first, signal.SIGKILL):
        if not alive(pid):
            return
        os.kill(pid, each)
        wait_for_end(pid, seconds=patience_seconds)


def wait_for_end(pid: int, *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
