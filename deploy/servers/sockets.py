"""A short, private folder for the servers' sockets.

A socket's path has about 100 bytes, and a checkout may lie deeper than that:
the folder lies in the temporary folder and its name in the home.
"""

import os
import tempfile
from pathlib import Path

from deploy.servers.account import Account
from deploy.servers.errors import NoShortFolderError

LONGEST = 60  # bytes; leaves room for ".s.PGSQL.5432.lock" below the 107 of Linux and the 103 of macOS


def socket_folder(account: Account, *, record: Path) -> Path:
    """Return the folder recorded before, if it is still private and ours, else a new one."""
    if record.exists():
        folder = Path(record.read_text().strip())
        if is_private(folder, account=account):
            return folder
    folder = Path(tempfile.mkdtemp(prefix="radvigil-", dir=short_parent()))
    account.own(folder)
    record.write_text(f"{folder}\n")
    return folder


def is_private(folder: Path, *, account: Account) -> bool:
    if folder.is_symlink() or not folder.is_dir():
        return False
    status = folder.stat()
    return status.st_uid == account.uid and status.st_mode & 0o077 == 0


def short_parent() -> str:
    for parent in (tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108 - only as parent of a folder made for us
        if len(os.fsencode(parent)) <= LONGEST and os.access(parent, os.W_OK | os.X_OK):
            return parent
    raise NoShortFolderError
