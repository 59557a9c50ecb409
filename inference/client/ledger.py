"""How far a lane was delivered, kept so that neither a crash nor a full disk can spoil it.

Two slots of one small file are overwritten in turn: the older one stays whole
while the newer is written, and overwriting needs no free space.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

SLOT = 512
LOSSES = ("lost", "refused", "damaged")


@dataclass(slots=True, kw_only=True)
class Account:
    """The next byte to deliver, and what became of the rows so far. A process that dies loses those `in_memory`.

    What of the losses the server was told stands beside them, until when in seconds since 1970.
    """

    turn: int = 0
    segment: int = 0
    offset: int = 0
    delivered: int = 0
    quarantined: int = 0
    refused: int = 0
    lost: int = 0
    damaged: int = 0
    in_memory: int = 0
    told_lost: int = 0
    told_refused: int = 0
    told_damaged: int = 0
    told_at: float = 0.0

    def take_over(self, other: Account) -> None:
        """Add what became of another lane's rows."""
        for name in ("delivered", "quarantined", *LOSSES, *(f"told_{each}" for each in LOSSES)):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def untold(self) -> dict[str, int]:
        """Return the losses that the server was not told of."""
        return {name: getattr(self, name) - getattr(self, f"told_{name}") for name in LOSSES}

    def told(self, counts: Mapping[str, int], *, at: float) -> None:
        for name, count in counts.items():
            setattr(self, f"told_{name}", getattr(self, f"told_{name}") + count)
        self.told_at = at


class Ledger:
    """The account of one lane on disk."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        found = [each for each in map(self._read, (0, 1)) if each is not None]
        self.account = max(found, key=lambda each: each.turn, default=Account())
        if not found:
            self.save()
            self.save()

    def save(self) -> None:
        """Write the account over the older slot.

        Raises:
            OSError: the disk refuses; the other slot still holds the last account.
        """
        self.account.turn += 1
        text = json.dumps(asdict(self.account)).encode("ascii")
        content = b"%08x %s" % (zlib.crc32(text), text)
        os.lseek(self._descriptor, (self.account.turn % 2) * SLOT, os.SEEK_SET)
        os.write(self._descriptor, content.ljust(SLOT))

    def close(self) -> None:
        os.close(self._descriptor)

    def _read(self, place: int) -> Account | None:
        os.lseek(self._descriptor, place * SLOT, os.SEEK_SET)
        checksum, _, text = os.read(self._descriptor, SLOT).rstrip().partition(b" ")
        if not text or checksum != b"%08x" % zlib.crc32(text):
            return None
        said = json.loads(text)
        return Account(**{each.name: said.get(each.name, 0) for each in fields(Account)})
