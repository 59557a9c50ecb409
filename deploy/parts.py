"""The processes beside the servers: web, worker, scheduler. Watched, started again, stopped together.

Each runs in a session of its own, so that Ctrl-C reaches us alone, and gets
a signal when we die ourselves, so that nothing outlives us.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MOST_RESTARTS, RESTART_WINDOW_SECONDS = 5, 60
LONGEST_PAUSE_SECONDS = 30.0
PATIENCE_SECONDS = 8
PR_SET_PDEATHSIG = 1


class PartError(Exception):
    """A part cannot be kept running; the message says which and where its log is."""


@dataclass(kw_only=True)
class Part:
    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path | None  # None: it speaks to the terminal
    descriptors: Sequence[int] = ()
    gives_up: bool = True  # False: one that keeps dying, such as while its database is away, is tried ever more slowly
    not_before: float = 0.0
    deaths: list[float] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        output = self.log.open("ab") if self.log else None
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=self.descriptors,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - we have one thread
        )
        if output:
            output.close()

    def exit_code(self) -> int | None:
        """Return how it ended, None while it runs."""
        return self.process.poll() if self.process else None

    def needs_start(self, *, moment: float) -> bool:
        """Return whether it has ended, and its next start is not put off."""
        return self.exit_code() is not None and moment >= self.not_before

    def start_again(self, *, code: int, moment: float) -> None:
        """Start it once more, unless it keeps dying.

        Raises:
            PartError: it died too often in a short time.
        """
        self.deaths = [each for each in self.deaths if moment - each < RESTART_WINDOW_SECONDS] + [moment]
        self.signal(signal.SIGKILL)  # what a dead master left of its children
        if len(self.deaths) > MOST_RESTARTS and self.gives_up:
            raise PartError(f"{self.name} keeps stopping (exit {code}); see {self.log}")
        self.start()
        if not self.gives_up:
            self.not_before = moment + min(2.0 ** len(self.deaths), LONGEST_PAUSE_SECONDS)

    def signal(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return

    def wait(self, *, until: float) -> None:
        try:
            if self.process:
                self.process.wait(timeout=max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            return


def stop_all(parts: Sequence[Part]) -> None:
    """Ask all of them at once, wait for all of them together, then insist."""
    for part in parts:
        part.signal(signal.SIGTERM)
    until = time.monotonic() + PATIENCE_SECONDS
    for part in parts:
        part.wait(until=until)
    for part in parts:
        part.signal(signal.SIGKILL)
        part.wait(until=time.monotonic() + PATIENCE_SECONDS)


def end_with_parent() -> None:
    """Run in the child: let the kernel stop it when its parent is gone, even by kill -9."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
