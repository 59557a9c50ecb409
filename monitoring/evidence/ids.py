"""Sets of random ids, 16 bytes each: a million studies take as much memory as a picture."""

from collections.abc import Iterator
from uuid import UUID

import numpy as np

HALVES = np.dtype([("high", ">u8"), ("low", ">u8")])
LOOSE_BYTES = 16 << 20


class IdSet:
    """Ids, each counted once, given back in order."""

    def __init__(self) -> None:
        self._kept = np.empty(0, dtype=HALVES)
        self._loose = bytearray()

    def add(self, one: UUID) -> None:
        self._loose += one.bytes
        if len(self._loose) >= LOOSE_BYTES:
            self._settle()

    def _settle(self) -> None:
        if self._loose:
            loose = np.frombuffer(bytes(self._loose), dtype=HALVES)
            self._kept = np.unique(np.concatenate([self._kept, loose]))
            self._loose.clear()

    def __len__(self) -> int:
        self._settle()
        return len(self._kept)

    def __iter__(self) -> Iterator[UUID]:
        self._settle()
        for high, low in zip(self._kept["high"], self._kept["low"], strict=True):
            yield UUID(int=int(high) << 64 | int(low))
