"""What a device calls: one line for a run, one for an event; everything else happens behind it.

`log` writes one line to a local spool and returns. Nothing that the server,
the network or the disk does reaches the device; what happened is in `state`.
"""

from __future__ import annotations

import atexit
import functools
import inspect
import logging
import os
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from inference.client.courier import Courier, Pace
from inference.client.lanes import Lane
from inference.client.overflow import Overflow
from inference.client.rows import line_of, moment_text, new_uid, without_gaps
from inference.client.runs import Run
from inference.client.transport import Server

logger = logging.getLogger("radvigil.recorder")

FSYNC = {"always": None, "interval": 0.25, "never": None}
Device = TypeVar("Device", bound=Callable[..., Any])
Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderState:
    """How a recorder stands. `lost` rows found room neither on the disk nor in memory; `damaged` lines were torn by
    a power cut; `quarantined` rows are kept by the server for a person; `refused` ones lie in `too-large.ndjson`."""

    pending_bytes: int
    delivered: int
    quarantined: int
    refused: int
    lost: int
    damaged: int
    last_error: str
    last_delivery_at: datetime | None


class Recorder:
    """Logs the runs of one deployment, and what happened to them.

    Args:
        url: the installation, such as `https://radvigil.hospital.example`.
        token: a bearer token of the deployment (or of its site).
        spool: a folder on a local disk. Rows lie in it in clear, readable by this user alone, until delivered.
        deployment, version: stand in every row that does not say otherwise.
        fsync: `interval` (default) makes rows safe against a power cut four times a second, `always` before `log`
            returns (some milliseconds each), `never` leaves it to the system. All survive the death of the process.
        most_bytes: the most that the spool may hold; beyond it rows are lost, and counted.
        memory_bytes: the most that is kept in memory while the disk takes nothing.
        context: the TLS context, for a hospital's own certificate authority.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        spool: str | os.PathLike[str],
        deployment: str = "",
        version: str = "",
        fsync: str = "interval",
        most_bytes: int = 20 * 1024**3,
        memory_bytes: int = 16 * 1024**2,
        timeout_seconds: float = 30.0,
        context: ssl.SSLContext | None = None,
    ) -> None:
        if fsync not in FSYNC:
            raise ValueError(f"fsync must be one of {', '.join(FSYNC)}, not {fsync!r}")
        self._spool, self._fsync, self._most_bytes, self._memory_bytes = Path(spool), fsync, most_bytes, memory_bytes
        self._defaults = without_gaps({"deployment": deployment, "version": version})
        self._server = functools.partial(Server, url=url, token=token, timeout_seconds=timeout_seconds, context=context)
        self._server()  # a wrong address is said at once
        self._is_closed = False
        self._begin()
        atexit.register(_close_late, weakref.ref(self))
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=functools.partial(_begin_again, weakref.ref(self)))

    def log(self, predictions: Sequence[Fields] = (), *, study: Fields | None = None, **fields: Any) -> str:
        """Record one run and return its uid. Fields are those of an inference in the intake's format."""
        row = self._defaults | without_gaps({"study": study, **fields})
        row.setdefault("inference_uid", new_uid())
        row.setdefault("status", "ok")
        row.setdefault("finished_at", moment_text(None))
        row["predictions"] = list(predictions)
        self._keep("inferences", row)
        return str(row["inference_uid"])

    def event(self, kind: str, inference_uid: str = "", *, at: datetime | str | None = None, **fields: Any) -> str:
        """Record what happened to a run or, with `study_uid`, to a study; return the event's uid."""
        row = without_gaps({"kind": kind, "inference_uid": inference_uid, **fields})
        row.setdefault("event_uid", new_uid())
        row["at"] = moment_text(at)
        if deployment := self._defaults.get("deployment"):
            row.setdefault("deployment", deployment)
        self._keep("events", row)
        return str(row["event_uid"])

    def displayed(self, inference_uid: str, *, to: str = "", **fields: Any) -> str:
        """Record that a result was shown to a reader or a system."""
        return self.event("displayed", inference_uid, to=to, **fields)

    def withheld(self, inference_uid: str, *, reason: str = "", **fields: Any) -> str:
        """Record that a result was made and not shown."""
        return self.event("withheld", inference_uid, reason=reason, **fields)

    @contextmanager
    def inference(self, *, study: Fields | None = None, **fields: Any) -> Iterator[Run]:
        """Time a run and log it at the end; an error is logged as `failed` and goes on to the device."""
        run = Run(fields=without_gaps({"study": study, **fields}))
        try:
            yield run
        except BaseException as error:
            run.fail(error)
            raise
        finally:
            self._log_run(run)

    def watch(
        self, *, study: Fields | Callable[..., Fields], predictions: Callable[[Any], Sequence[Fields]], **fields: Any
    ) -> Callable[[Device], Device]:
        """Decorate the device's function. `study` is given its arguments, `predictions` its result."""

        def decorate(device: Device) -> Device:
            @functools.wraps(device)
            def watched(*args: Any, **kwargs: Any) -> Any:
                with self.inference(study=said(study, *args, **kwargs), **fields) as run:
                    result = device(*args, **kwargs)
                    note(run, predictions, result)
                    return result

            @functools.wraps(device)
            async def watched_later(*args: Any, **kwargs: Any) -> Any:
                with self.inference(study=said(study, *args, **kwargs), **fields) as run:
                    result = await device(*args, **kwargs)
                    note(run, predictions, result)
                    return result

            return watched_later if inspect.iscoroutinefunction(device) else watched  # type: ignore[return-value]

        return decorate

    @property
    def state(self) -> RecorderState:
        """Return how things stand."""
        account, last = self._courier.account, self._courier.last_delivery
        return RecorderState(
            pending_bytes=self._courier.pending_bytes(),
            delivered=account.delivered + self._overflow.delivered,
            quarantined=account.quarantined,
            refused=account.refused,
            lost=account.lost + self._overflow.lost,
            damaged=account.damaged,
            last_error=self._courier.last_error,
            last_delivery_at=datetime.fromtimestamp(last, tz=UTC) if last else None,
        )

    def flush(self, *, timeout: float = 10.0) -> bool:
        """Wait until everything is delivered; return whether it is."""
        until = time.monotonic() + timeout
        while not self._courier.is_idle():
            if time.monotonic() >= until:
                return False
            self._courier.wake()
            time.sleep(0.02)
        return True

    def close(self, *, timeout: float = 5.0) -> bool:
        """Deliver what can be delivered in time and end; what is left is delivered by the next start."""
        if self._is_closed:
            return True
        self._is_closed = True
        is_empty = self.flush(timeout=timeout)
        if self._courier.stop(timeout=timeout) and self._courier.lane is not None:
            self._put_down(self._courier.lane)
        return is_empty

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _begin(self) -> None:
        self._guard = threading.Lock()
        self._overflow = Overflow(most_bytes=self._memory_bytes)
        self._courier = Courier(
            spool=self._spool,
            server=self._server(),
            overflow=self._overflow,
            guard=self._guard,
            pace=Pace(sync_seconds=FSYNC[self._fsync]),
            named={name: self._defaults[name] for name in ("deployment",) if name in self._defaults},
        )
        if self._courier.lane is None:
            logger.error("the device goes on without a spool: %s", self._courier.last_error)
        self._courier.start()

    def _begin_in_child(self) -> None:
        if not self._is_closed:
            if self._courier.lane is not None:
                self._courier.lane.abandon()
            self._begin()

    def _keep(self, kind: str, row: Fields) -> None:
        line = line_of(kind, row)
        with self._guard:
            try:
                self._append(line)
            except OSError as error:
                self._overflow.hold(line, reason=str(error))
        self._courier.wake()

    def _append(self, line: bytes) -> None:
        lane = self._courier.lane
        if lane is None:
            raise OSError(self._courier.last_error)
        if lane.pending_bytes + len(line) > self._most_bytes:
            raise OSError(f"the spool holds {self._most_bytes} bytes")
        lane.append(line)
        if self._fsync == "always":
            lane.sync()

    def _log_run(self, run: Run) -> None:
        row = dict(run.row())
        self.log(row.pop("predictions"), study=row.pop("study", None), **row)

    def _put_down(self, lane: Lane) -> None:
        """Leave the lane to the next start, or delete it where nothing is left to say."""
        with self._guard:
            while self._overflow.waiting and self._overflow.pour_into(lane):
                pass
            lane.account.lost += self._overflow.lost + self._overflow.waiting
            lane.account.in_memory = self._overflow.lost = 0
            if not lane.pending_bytes and not lane.account.lost:
                lane.remove()
                return
            try:
                lane.save()
            finally:
                lane.close()


def said(study: Fields | Callable[..., Fields], *args: Any, **kwargs: Any) -> Fields | None:
    """Return the study of a call; a function that fails costs the description, not the run."""
    if not callable(study):
        return study
    try:
        return study(*args, **kwargs)
    except Exception:
        logger.exception("the study of a run could not be told")
        return None


def note(run: Run, predictions: Callable[[Any], Sequence[Fields]], result: Any) -> None:
    """Add the predictions in a result; a function that fails leaves the run without them, marked as partial."""
    try:
        run.predictions.extend(dict(each) for each in predictions(result))
    except Exception:
        logger.exception("the predictions of a run could not be told")
        run.status = "partial"


def _close_late(reference: weakref.ref[Recorder]) -> None:
    recorder = reference()
    if recorder is not None:
        recorder.close(timeout=2.0)


def _begin_again(reference: weakref.ref[Recorder]) -> None:
    """Give a forked child a lane and a courier of its own; the parent's stay the parent's."""
    recorder = reference()
    if recorder is not None:
        recorder._begin_in_child()
