"""Carries rows from the spool to the server in the background, again and again until they are in.

One thread of a recorder. Whatever the server does, the device notices nothing;
what could not be delivered stays where it is.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from inference.client.lanes import Lane, new_lane, orphans, sync_all
from inference.client.ledger import Account
from inference.client.overflow import Overflow
from inference.client.rows import Line
from inference.client.transport import Answer, NotDeliveredError, Report, Server

logger = logging.getLogger("radvigil.recorder")

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 60.0
SECONDS_BETWEEN_SEARCHES = 30.0
MOST_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How rows are gathered into batches, and how often they are made safe against a power cut."""

    rows_a_batch: int = 500
    linger_seconds: float = 0.25
    sync_seconds: float | None = 0.25


class Courier:
    """Delivers the lane of a recorder, the lanes of dead processes, and rows that found no room on the disk."""

    def __init__(
        self,
        *,
        spool: Path,
        server: Server,
        overflow: Overflow,
        guard: threading.Lock,
        pace: Pace,
        named: Mapping[str, str] | None = None,
    ) -> None:
        self.server = server
        self.last_error = ""
        self.last_delivery: float | None = None
        self._spool, self._overflow, self._guard, self._pace = spool, overflow, guard, pace
        self._adopted: list[Lane] = []
        self._laneless = Account()
        self._born, self._tells, self._named = time.time(), True, dict(named or {})
        self._report: Report | None = None
        self.lane = self._new_lane()
        self._most_rows = pace.rows_a_batch
        self._next_search, self._failures = 0.0, 0
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="radvigil-recorder", daemon=True)

    @property
    def account(self) -> Account:
        """Return what became of the rows so far."""
        return self.lane.account if self.lane is not None else self._laneless

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        if not self._wake.is_set():
            self._wake.set()

    def stop(self, *, timeout: float) -> bool:
        """End the thread after what it is doing; return whether it ended in time."""
        self._stop.set()
        self._wake.set()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def is_idle(self) -> bool:
        """Return whether nothing waits."""
        lanes = [each for each in (self.lane, *self._adopted) if each is not None]
        return not self._overflow.waiting and not any(each.pending_bytes for each in lanes)

    def pending_bytes(self) -> int:
        lanes = [each for each in (self.lane, *self._adopted) if each is not None]
        return sum(each.pending_bytes for each in lanes) + self._overflow.waiting_bytes

    def _run(self) -> None:
        while not self._stop.is_set():
            wait = self._turn_safely()
            if wait:
                self._stop.wait(wait)
            elif self.is_idle():
                self._wake.wait(self._pace.sync_seconds if self._is_dirty() else SECONDS_BETWEEN_SEARCHES)
                self._wake.clear()
                self._stop.wait(self._pace.linger_seconds)
        self._let_go()

    def _turn_safely(self) -> float:
        """Deliver one batch of each lane; return how long to wait before the next turn."""
        try:
            self._turn()
        except NotDeliveredError as error:
            return self._after_failure(error)
        except OSError as error:
            return self._after_failure(NotDeliveredError(f"the spool cannot be read or written: {error}"))
        except Exception as error:  # this thread must outlive whatever comes
            logger.exception("a turn failed")
            return self._after_failure(NotDeliveredError(f"{type(error).__name__}: {error}"))
        self._failures = 0
        return 0.0

    def _turn(self) -> None:
        self._open_lane()
        self._make_safe()
        self._adopt()
        for lane in list(self._adopted):
            self._deliver_from(lane)
            if not lane.pending_bytes:
                self._put_away(lane)
        if self.lane is not None:
            self._deliver_from(self.lane)
        self._deliver_overflow()
        self._tell_losses()

    def _after_failure(self, error: NotDeliveredError) -> float:
        if error.is_too_large:
            return 0.0
        if self._failures == 0:
            logger.warning("rows wait to be delivered: %s", error)
        self.last_error = str(error)
        self._failures += 1
        backed_off: float = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(self._failures - 1, 10))
        return max(error.wait or 0.0, backed_off * random.uniform(0.5, 1.0))  # noqa: S311 - jitter

    def _deliver_from(self, lane: Lane) -> None:
        batch = lane.read(most_rows=self._most_rows, most_bytes=MOST_BYTES)
        if batch is None:
            return
        answer = self._deliver(batch.lines) if batch.lines else Answer(stored=0, set_aside=0)
        with self._guard:
            refused = len(batch.lines) - answer.stored - answer.set_aside
            lane.advance(batch, delivered=answer.stored, quarantined=answer.set_aside, refused=refused)
        if batch.damaged:
            logger.error("lines of the spool could not be read: %d", batch.damaged)

    def _deliver(self, lines: tuple[Line, ...]) -> Answer:
        """Send lines of any kinds, one request for each kind. A failure on the way is mended by sending all again."""
        kinds = dict.fromkeys(line.kind for line in lines)
        answers = [self._send(tuple(line for line in lines if line.kind == kind)) for kind in kinds]
        answer = Answer(stored=sum(each.stored for each in answers), set_aside=sum(each.set_aside for each in answers))
        if answer.set_aside:
            logger.warning("the server keeps rows aside: %d", answer.set_aside)
        self.last_delivery, self.last_error = time.time(), ""
        self._most_rows = min(self._pace.rows_a_batch, self._most_rows * 2)
        return answer

    def _send(self, lines: tuple[Line, ...]) -> Answer:
        """Send lines of one kind. Where they are too large the next turns send fewer; a single row is set aside."""
        try:
            return self.server.deliver(lines)
        except NotDeliveredError as error:
            if not error.is_too_large:
                raise
            if len(lines) > 1:
                self._most_rows = len(lines) // 2
                raise
            self._set_aside(lines[0])
            return Answer(stored=0, set_aside=0)

    def _set_aside(self, line: Line) -> None:
        logger.error("one row is too large for the server and is kept in the spool's file too-large.ndjson")
        with (self._spool / "too-large.ndjson").open("ab") as file:
            file.write(line.payload + b"\n")

    def _deliver_overflow(self) -> None:
        """Put rows that found no room back into the lane; send them from memory while there is none."""
        with self._guard:
            if self.lane is not None:
                self._overflow.pour_into(self.lane)
        lines = self._overflow.first(self._most_rows)
        if lines:
            answer = self._deliver(lines)
            with self._guard:
                self._overflow.drop(len(lines))
                self._overflow.delivered += answer.stored

    def _tell_losses(self) -> None:
        """Tell the server what was lost since it was last told; one report is said until it is answered."""
        account = self.account
        if self._report is None and any(account.untold().values()):
            lane = self.lane.folder.name if self.lane is not None else "memory"
            self._report = Report(
                uid=f"{lane}.{time.time():.3f}", counts=account.untold(), since=account.told_at or self._born
            )
        if self._report is None or not self._tells:
            return
        now = time.time()
        self._tells = self.server.tell_losses(self._report, named=self._named, now=now)
        with self._guard:
            account.told(self._report.counts, at=now)
            self._report = None
            if self.lane is not None:
                self.lane.save()

    def _open_lane(self) -> None:
        """Make the lane that a full or missing disk refused at the start."""
        if self.lane is None:
            lane = self._new_lane()
            if lane is not None:
                lane.account.take_over(self._laneless)
                self.lane = lane

    def _new_lane(self) -> Lane | None:
        try:
            return new_lane(self._spool)
        except OSError as error:
            self.last_error = f"the spool cannot be made: {error}"
            return None

    def _make_safe(self) -> None:
        if self.lane is None:
            return
        with self._guard:
            unsafe = self.lane.unsafe_descriptors() if self._pace.sync_seconds is not None else []
            self._account_for_losses(self.lane)
        sync_all(unsafe)

    def _account_for_losses(self, lane: Lane) -> None:
        if self._overflow.lost or self._overflow.waiting != lane.account.in_memory:
            lane.account.lost += self._overflow.lost
            lane.account.in_memory, self._overflow.lost = self._overflow.waiting, 0
            lane.save()

    def _is_dirty(self) -> bool:
        return self._pace.sync_seconds is not None and self.lane is not None and self.lane.is_dirty

    def _adopt(self) -> None:
        if time.monotonic() >= self._next_search:
            self._next_search = time.monotonic() + SECONDS_BETWEEN_SEARCHES
            for lane in orphans(self._spool):
                lane.account.lost += lane.account.in_memory
                lane.account.in_memory = 0
                self._adopted.append(lane)

    def _put_away(self, lane: Lane) -> None:
        """Keep the account of a lane that is delivered, and delete it."""
        self._adopted.remove(lane)
        self.account.take_over(lane.account)
        if self.lane is not None:
            self.lane.save()
        lane.remove()

    def _let_go(self) -> None:
        for lane in self._adopted:
            lane.close()
        self._adopted.clear()
        self.server.close()
