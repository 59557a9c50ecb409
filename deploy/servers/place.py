"""Where one installation's servers live: their folders, their user, their programs."""

import os
from dataclasses import dataclass
from pathlib import Path

from deploy.servers.account import Account, server_account
from deploy.servers.programs import Programs, programs_for
from deploy.servers.sockets import socket_folder

ROOT = Path(__file__).resolve().parent.parent.parent
LARGEST_LOG = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    home: Path
    account: Account
    programs: Programs
    sockets: Path

    @property
    def postgres(self) -> Path:
        return self.home / "postgres"

    @property
    def valkey(self) -> Path:
        return self.home / "valkey"

    def log(self, name: str) -> Path:
        return log_file(self.home, name)


def home_folder() -> Path:
    """Return where this installation keeps its state."""
    return Path(os.environ.get("RADVIGIL_HOME") or ROOT / "var").resolve()


def prepare_home(home: Path) -> None:
    for folder in (home, home / "run", home / "log", home / "keys"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def place_of(home: Path) -> Place:
    """Return the place, making what is not there yet. The caller holds the servers' lock."""
    account = server_account(home / "postgres")
    account.take(home / "postgres")
    account.take(home / "valkey")
    return Place(
        home=home,
        account=account,
        programs=programs_for(account, record=home / "run" / "programs"),
        sockets=socket_folder(account, record=home / "run" / "sockets"),
    )


def log_file(home: Path, name: str) -> Path:
    """Return a log's path; a large one starts anew, one old one is kept."""
    path = home / "log" / f"{name}.log"
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        os.replace(path, path.with_suffix(".log.1"))
    return path
