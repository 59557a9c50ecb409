"""What the workers do all the time: positions, checkpoints, cases and sums, monitors, until nothing is left.

One worker does it at a time, for the whole installation; each step commits by
itself and may be cut off anywhere.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from audit.log.checkpoints import sign_checkpoints
from audit.log.queries import organisations_in_log
from audit.log.sequencing import sequence
from monitoring.rollups.actions import follow, note_design
from monitoring.signals.actions import run_monitors

LOCK = 0x5244_4355
MOST_ROUNDS = 1_000

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaughtUp:
    """How much was done."""

    sequenced: int
    signed: int
    folded: int
    signals: int


def catch_up(*, now: datetime) -> CaughtUp:
    """Wait for whoever is at it, then do everything that is left."""
    with turn(waiting=True):
        return work_off(now=now)


def catch_up_unless_busy(*, now: datetime) -> CaughtUp | None:
    """Do everything that is left, or nothing where another worker is at it."""
    with turn(waiting=False) as is_ours:
        return work_off(now=now) if is_ours else None


def work_off(*, now: datetime) -> CaughtUp:
    """Follow the log and let the monitors look, until neither leaves anything; then sign what has grown."""
    note_design(organisations_in_log(), now=now)
    sequenced, folded = follow_log(now=now)
    signals = run_monitors(now=now)
    for _ in range(MOST_ROUNDS):
        placed, counted = follow_log(now=now)  # what monitors do is in the log too
        if not placed and not counted:
            break
        sequenced, folded, signals = sequenced + placed, folded + counted, signals + run_monitors(now=now)
    done = CaughtUp(sequenced=sequenced, signed=sign_checkpoints(now=now), folded=folded, signals=signals)
    if sequenced or folded or signals:
        logger.info("caught up: sequenced=%d signed=%d folded=%d signals=%d", sequenced, done.signed, folded, signals)
    return done


def follow_log(*, now: datetime) -> tuple[int, int]:
    """Give waiting entries their positions and fold them; return how many of each."""
    return sequence(now=now), follow(now=now)


@contextmanager
def turn(*, waiting: bool) -> Iterator[bool]:
    """Hold the lock of the session; answer whether it is ours."""
    with connection.cursor() as cursor:
        if waiting:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            is_ours = True
        else:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours:
            let_go()


def let_go() -> None:
    """Give the lock back. A broken connection has given it back already."""
    if connection.is_usable():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
