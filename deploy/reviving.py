"""Servers that died are started again; one that does not start, as on a full disk, is tried ever more slowly.

An installation that stopped here would stay down once there is room again; the
pages say meanwhile that they cannot answer, and clients keep what they send.
"""

import time
from dataclasses import dataclass

import psycopg

from deploy.installing import say
from deploy.parts import LONGEST_PAUSE_SECONDS
from deploy.servers.embedded import Running, start_again
from deploy.servers.errors import ServerStartError
from deploy.servers.processes import alive


@dataclass(kw_only=True)
class Reviver:
    """The servers that run, or ran; `failures` counts the starts in a row that failed."""

    running: Running
    failures: int = 0
    not_before: float = 0.0

    def revive(self) -> None:
        """Start what has died, unless its next try is put off."""
        if time.monotonic() < self.not_before or not (self.failures or self.has_dead()):
            return
        say("a server stopped; starting it again")
        try:
            self.running = start_again(self.running)
        except (ServerStartError, psycopg.OperationalError) as error:
            self.put_off(error)
        else:
            self.failures = 0

    def has_dead(self) -> bool:
        return any(pid and not alive(pid) for pid in (self.running.postgres_pid, self.running.valkey_pid))

    def put_off(self, error: Exception) -> None:
        self.failures += 1
        pause = min(2.0 ** (self.failures - 1), LONGEST_PAUSE_SECONDS)
        self.not_before = time.monotonic() + pause
        say(f"{error}\nradvigil: the next try follows in {pause:.0f} s")
