"""The folder of the pixel store: files of mode 0600 under random names, on disk before anybody is told."""

import os
import secrets
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

PRIVATE = 0o600
FOLDER = 0o700


def write_file(folder: Path, data: bytes) -> str:
    """Store the bytes under a new random name and return it, relative to the folder. Flushed to disk."""
    name = secrets.token_hex(16)
    relative = Path(name[:2]) / f"{name}.dcm"
    path = folder / relative
    path.parent.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return str(relative)


def flush_folders(folder: Path, names: Iterable[str]) -> None:
    """Flush the folders of newly written files, so that their names survive a crash too."""
    for parent in {(folder / name).parent for name in names}:
        for each in (parent, parent.parent):
            descriptor = os.open(each, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def remove_file(folder: Path, name: str) -> None:
    (folder / name).unlink(missing_ok=True)


def digest_of(data: bytes) -> str:
    return sha256(data).hexdigest()
