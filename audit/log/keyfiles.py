"""Secret keys as files of mode 0600 below the installation's home, outside the database."""

import os
import secrets
from pathlib import Path

from django.conf import settings

from audit.errors import MissingKeyError

KEY_BYTES = 32


def key_path(name: str) -> Path:
    return Path(settings.RADVIGIL_HOME) / "keys" / f"{name}.key"


def read_key(name: str) -> bytes:
    """Return a key that must exist.

    Raises:
        MissingKeyError: the file is not there; a new key would orphan what the old one protects.
    """
    try:
        return bytes.fromhex(key_path(name).read_text())
    except FileNotFoundError as error:
        raise MissingKeyError(name) from error


def read_or_create_key(name: str) -> bytes:
    """Return a key, made on first use. Two processes that make it at once agree on one."""
    ensure_key(key_path(name))
    return read_key(name)


def secret_text(home: Path, name: str) -> str:
    """Return a secret for the settings, which are not there yet when they ask; made on first use."""
    path = home / "keys" / f"{name}.key"
    ensure_key(path)
    return path.read_text()


def ensure_key(path: Path) -> None:
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_new_key(path)


def write_new_key(path: Path) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # fails if another process was first: its key stands
    except FileExistsError:
        return
    finally:
        draft.unlink()
