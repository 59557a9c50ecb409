"""The user that the servers run as.

PostgreSQL refuses to run as root. Root then lends it a user number that no
account has and that belongs to this installation alone: `nobody` would share
its files and its memory with every other program that runs as `nobody`.
"""

import os
import pwd
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.servers.errors import NoAccountError

# Above what Linux distributions, their containers and systemd hand out (systemd, "Users, Groups, UIDs and GIDs").
OWN_NUMBERS = range(1_900_000_000, 2_100_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    uid: int
    gid: int
    is_lent: bool  # another user than the one we run as

    def as_popen(self) -> dict[str, Any]:
        """Return what `subprocess` needs to become this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_lent else {}

    def take(self, folder: Path) -> None:
        """Make a folder of this user's that nobody else enters."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        self.own(folder)

    def own(self, path: Path) -> None:
        if self.is_lent:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def own_all(self, folder: Path) -> None:
        for parent, folders, files in os.walk(folder):
            for name in (*folders, *files):
                self.own(Path(parent, name))
        self.own(folder)


def server_account(data: Path) -> Account:
    """Return who runs the servers: we ourselves, or as root the owner of the data, or a new number."""
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid(), is_lent=False)
    if data.exists() and data.stat().st_uid != 0:
        return Account(uid=data.stat().st_uid, gid=data.stat().st_gid, is_lent=True)
    number = unused_number()
    return Account(uid=number, gid=number, is_lent=True)


def unused_number() -> int:
    number = OWN_NUMBERS.start + secrets.randbelow(len(OWN_NUMBERS))
    if is_mapped(number) and not has_account(number):
        return number
    return named_account().uid  # a container that maps few numbers


def named_account() -> Account:
    """Return an account with a name, which initdb insists on."""
    for entry in sorted(pwd.getpwall(), key=lambda each: each.pw_name != "nobody"):
        if entry.pw_uid != 0 and is_mapped(entry.pw_uid):
            return Account(uid=entry.pw_uid, gid=entry.pw_gid, is_lent=True)
    raise NoAccountError


def has_account(number: int) -> bool:
    return any(entry.pw_uid == number for entry in pwd.getpwall())


def is_mapped(number: int) -> bool:
    """Tell whether this number exists in our user namespace."""
    try:
        lines = Path("/proc/self/uid_map").read_text().splitlines()
    except FileNotFoundError:
        return True
    spans = [[int(part) for part in line.split()] for line in lines]
    return any(start <= number < start + count for start, _, count in spans)
