"""Objects that were acknowledged and not yet taken in: sealed files, on the disk before anybody is told so.

A file is written under another name, synced, renamed, and its folder synced;
it goes when what it holds is committed.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from inference.studies.pseudonyms import Keyring

SUFFIX = ".object"
LEAST_FREE_BYTES = 512 * 1024 * 1024


class InboxFullError(OSError):
    """There is no room for more: the sender is to wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One object in the inbox: its file, its bytes and who sent it."""

    path: Path
    data: bytes
    calling_ae: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """The folder of one site's waiting objects."""

    folder: Path
    keyring: Keyring
    most: int = 5_000
    least_free_bytes: int = LEAST_FREE_BYTES

    def put(self, data: bytes, *, calling_ae: str) -> Path:
        """Keep an object; when this returns it outlives a power cut.

        Raises:
            InboxFullError: too many wait, or the disk is nearly full.
            OSError: the disk refuses.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.refuse_when_full()
        digest = sha256(data).hexdigest()
        path = self.folder / f"{digest}{SUFFIX}"
        head = json.dumps({"calling_ae": calling_ae}).encode()
        sealed = self.keyring.seal(len(head).to_bytes(4, "big") + head + data, subject=f"inbox/{digest}")
        draft = self.folder / f"{digest}.{os.getpid()}.part"
        try:
            write_synced(draft, sealed)
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        sync_folder(self.folder)
        return path

    def refuse_when_full(self) -> None:
        if sum(1 for _ in self.folder.glob(f"*{SUFFIX}")) >= self.most:
            raise InboxFullError(f"{self.most} objects wait to be taken in")
        if shutil.disk_usage(self.folder).free < self.least_free_bytes:
            raise InboxFullError("the disk is nearly full")

    def waiting(self) -> Iterator[Waiting]:
        """Yield the objects, oldest first."""
        paths = sorted(self.folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime)
        for path in paths:
            plain = self.keyring.open(path.read_bytes(), subject=f"inbox/{path.stem}")
            length = int.from_bytes(plain[:4], "big")
            said = json.loads(plain[4 : 4 + length])
            yield Waiting(path=path, data=plain[4 + length :], calling_ae=str(said["calling_ae"]))


def write_synced(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
