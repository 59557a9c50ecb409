"""A lane: the folder of one process's rows, appended at one end and delivered from the other.

A lane belongs to whoever holds its lock. When a process dies the system lets
go of it, and the next recorder on the same spool takes the lane over.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inference.client.ledger import Account, Ledger
from inference.client.locks import take_lock
from inference.client.rows import Line, parsed

SEGMENT_BYTES = 16 * 1024 * 1024
ROWS = ".rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Lines to deliver, and where the lane goes on after them. `damaged` lines could not be read."""

    lines: tuple[Line, ...]
    segment: int
    offset: int
    damaged: int


class Lane:
    """One folder of segments. Not safe between threads: its recorder guards it."""

    def __init__(self, folder: Path, *, lock: int, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.folder = folder
        self._lock = lock
        self._segment_bytes = segment_bytes
        self._ledger = Ledger(folder / "account")
        self._descriptor: int | None = None
        self._retired: list[int] = []
        self._number = max(self._segments(), default=self.account.segment - 1)
        self._size = 0
        self.is_dirty = False
        self.pending_bytes = self._waiting()

    @property
    def account(self) -> Account:
        return self._ledger.account

    def append(self, line: bytes) -> None:
        """Add a line whole, or not at all.

        Raises:
            OSError: the disk refuses, for example because it is full.
        """
        descriptor = self._open()
        try:
            written = os.write(descriptor, line)
        except OSError:
            os.ftruncate(descriptor, self._size)
            raise
        if written < len(line):
            os.ftruncate(descriptor, self._size)
            raise OSError(28, "the disk took part of a line")
        self._size += written
        self.pending_bytes += written
        self.is_dirty = True

    def sync(self) -> None:
        """Make what was appended outlive a power cut."""
        sync_all(self.unsafe_descriptors())

    def unsafe_descriptors(self) -> list[int]:
        """Return descriptors of what is not yet safe, for `sync_all` to sync and close without the guard."""
        found, self._retired = self._retired, []
        if self.is_dirty and self._descriptor is not None:
            self.is_dirty = False
            found.append(os.dup(self._descriptor))
        return found

    def read(self, *, most_rows: int, most_bytes: int) -> Batch | None:
        """Return what is to be delivered next, or None when nothing waits."""
        for number in self._waiting_segments():
            offset = self.account.offset if number == self.account.segment else 0
            data = self._data(number, offset=offset, most_bytes=most_bytes)
            if data:
                return batch_of(data, segment=number, offset=offset, most_rows=most_rows)
        return None

    def advance(self, batch: Batch, *, delivered: int = 0, quarantined: int = 0, refused: int = 0) -> None:
        """Note that a batch is dealt with, and drop segments that lie behind it."""
        account = self.account
        account.segment, account.offset = batch.segment, batch.offset
        account.delivered += delivered
        account.quarantined += quarantined
        account.refused += refused
        account.damaged += batch.damaged
        self._ledger.save()
        for number in self._segments():
            if number < batch.segment or (number == batch.segment < self._number and self._is_read(number)):
                self._path(number).unlink(missing_ok=True)
        self.pending_bytes = self._waiting()

    def save(self) -> None:
        self._ledger.save()

    def close(self) -> None:
        """Let go of the lane; what is in it stays."""
        self.sync()
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        self._ledger.close()
        os.close(self._lock)

    def abandon(self) -> None:
        """Forget a lane that a forked process has inherited; it stays its parent's."""
        inherited = [self._descriptor, *self._retired, self._lock]
        self._descriptor, self._retired = None, []
        for descriptor in inherited:
            if descriptor is not None:
                os.close(descriptor)
        self._ledger.close()

    def remove(self) -> None:
        """Let go of a lane that holds nothing more, and delete it."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _open(self) -> int:
        if self._descriptor is not None and self._size < self._segment_bytes:
            return self._descriptor
        opened = os.open(self._path(self._number + 1), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        if self._descriptor is not None:
            self._retired.append(self._descriptor)
        self._descriptor, self._number, self._size = opened, self._number + 1, 0
        return opened

    def _segments(self) -> list[int]:
        return sorted(int(path.stem) for path in self.folder.glob(f"*{ROWS}"))

    def _waiting_segments(self) -> list[int]:
        return [each for each in self._segments() if each >= self.account.segment]

    def _waiting(self) -> int:
        waiting = self._waiting_segments()
        read = self.account.offset if self.account.segment in waiting else 0
        return sum(self._path(each).stat().st_size for each in waiting) - read

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:012d}{ROWS}"

    def _data(self, number: int, *, offset: int, most_bytes: int) -> bytes:
        """Return whole lines; the end of a segment that nobody writes any more counts as one, torn or not."""
        being_written = number == self._number and self._descriptor is not None
        with self._path(number).open("rb") as file:
            file.seek(offset)
            data = file.read(most_bytes)
            while data and b"\n" not in data and (more := file.read(most_bytes)):
                data += more
            is_last = not file.read(1)
        return data if is_last and not being_written else data[: data.rfind(b"\n") + 1]

    def _is_read(self, number: int) -> bool:
        return self.account.offset >= self._path(number).stat().st_size


def sync_all(descriptors: list[int]) -> None:
    """Sync files to the disk and close these descriptors of them."""
    for descriptor in descriptors:
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def batch_of(data: bytes, *, segment: int, offset: int, most_rows: int) -> Batch:
    """Return the first lines."""
    lines: list[Line] = []
    damaged = 0
    for raw in data.splitlines(keepends=True):
        line = parsed(raw.rstrip(b"\n")) if raw.endswith(b"\n") else None
        if line is not None and len(lines) == most_rows:
            break
        offset += len(raw)
        if line is None:
            damaged += 1
        else:
            lines.append(line)
    return Batch(lines=tuple(lines), segment=segment, offset=offset, damaged=damaged)


def new_lane(spool: Path, *, segment_bytes: int = SEGMENT_BYTES) -> Lane:
    """Return a lane of our own.

    Raises:
        OSError: the spool cannot be written.
    """
    while True:
        folder = spool / f"lane-{uuid.uuid4().hex}"
        folder.mkdir(mode=0o700, parents=True)
        lock = take_lock(folder / "lock")
        if lock is not None:  # else another recorder took the empty folder for an orphan
            return Lane(folder, lock=lock, segment_bytes=segment_bytes)


def orphans(spool: Path) -> Iterator[Lane]:
    """Yield the lanes whose processes are gone, each locked for us."""
    for folder in sorted(spool.glob("lane-*")):
        try:
            lock = take_lock(folder / "lock")
        except OSError:  # somebody has just removed it
            continue
        if lock is not None and is_same_file(lock, folder / "lock"):
            yield Lane(folder, lock=lock)


def is_same_file(descriptor: int, path: Path) -> bool:
    """Return whether the lock still lies where it was taken; if not it is closed."""
    try:
        same = os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        same = False
    if not same:
        os.close(descriptor)
    return same
