"""Rows that the disk did not take: kept in memory up to a limit, and beyond it counted as lost."""

from __future__ import annotations

import logging
from collections import deque
from itertools import islice

from inference.client.lanes import Lane
from inference.client.rows import Line, parsed

logger = logging.getLogger("radvigil.recorder")

LINES_AT_ONCE = 200


class Overflow:
    """A bounded queue of lines. Not safe between threads: its recorder guards it."""

    def __init__(self, *, most_bytes: int) -> None:
        self._lines: deque[bytes] = deque()
        self._most_bytes = most_bytes
        self.waiting_bytes = 0
        self.lost = 0
        self.delivered = 0

    @property
    def waiting(self) -> int:
        return len(self._lines)

    def hold(self, line: bytes, *, reason: str) -> None:
        """Keep a line, or count it as lost."""
        if self.waiting_bytes + len(line) > self._most_bytes:
            self.lost += 1
            if self.lost == 1 or self.lost % 1000 == 0:
                logger.error("rows are lost, neither disk nor memory has room: lost=%d reason=%s", self.lost, reason)
            return
        if not self._lines:
            logger.error("the spool takes no rows, they are kept in memory: %s", reason)
        self._lines.append(line)
        self.waiting_bytes += len(line)

    def pour_into(self, lane: Lane) -> int:
        """Move some of what is kept to the disk; return how many lines it took."""
        moved = 0
        for _ in range(min(len(self._lines), LINES_AT_ONCE)):
            try:
                lane.append(self._lines[0])
            except OSError:
                break
            self.drop(1)
            moved += 1
        return moved

    def first(self, count: int) -> tuple[Line, ...]:
        """Return the first lines."""
        return tuple(filter(None, (parsed(raw.rstrip(b"\n")) for raw in islice(self._lines, count))))

    def drop(self, count: int) -> None:
        for _ in range(count):
            self.waiting_bytes -= len(self._lines.popleft())
