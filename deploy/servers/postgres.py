"""The embedded PostgreSQL: made once, started durable, found again after a crash.

It works in its data folder and names it /proc/self/cwd where root lent it a
user: that link needs no right to enter the folders above. Passwords alone
open it, over one socket in a private folder.
"""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from audit.log.keyfiles import secret_text
from deploy.servers.account import Account, named_account
from deploy.servers.errors import ServerStartError
from deploy.servers.place import Place
from deploy.servers.processes import ENVIRONMENT, POLL_SECONDS, alive, end, recorded, spawn, works_in

SUPERUSER = "postgres"
ACCESS = "# Passwords only, from this machine only.\nlocal all all scram-sha-256\n"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "max_connections": "100",
    "max_locks_per_transaction": "256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}
RECOVERY_SECONDS = 600
STATUS_LINE, SOCKET_LINE = 7, 4  # of postmaster.pid, counted from 0


def ensure_postgres(place: Place) -> int:
    """Return the process number of a PostgreSQL that answers, starting it where none does."""
    data = place.postgres / "data"
    if not data.exists():
        make_cluster(place, data=data)
    pid = running_pid(data)
    if pid and is_usable(data, place=place):
        return pid
    if pid:
        stop_postgres(place)
    (data / "postmaster.pid").unlink(missing_ok=True)  # of a process that is gone or is another program by now
    return start_postgres(place, data=data)


def running_pid(data: Path) -> int | None:
    pid = recorded(data / "postmaster.pid")
    return pid if pid and works_in(pid, data) else None


def is_usable(data: Path, *, place: Place) -> bool:
    lines = status_lines(data)
    same_socket = len(lines) > SOCKET_LINE and lines[SOCKET_LINE] == str(place.sockets)
    return same_socket and (place.sockets / ".s.PGSQL.5432").exists() and is_ready(data)


def is_ready(data: Path) -> bool:
    lines = status_lines(data)
    return len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == "ready"


def status_lines(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def start_postgres(place: Place, *, data: Path) -> int:
    settings = SETTINGS | {"unix_socket_directories": str(place.sockets)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [str(place.programs.postgres), "-D", own_folder(place.account), *options]
    pid = spawn(command, account=place.account, folder=data, log=place.log("postgres"))
    deadline = time.monotonic() + RECOVERY_SECONDS
    while not is_ready(data):
        if not alive(pid) or time.monotonic() > deadline:
            end(pid, first=signal.SIGINT)
            raise ServerStartError("PostgreSQL", place.log("postgres"))
        time.sleep(POLL_SECONDS)
    return pid


def stop_postgres(place: Place) -> None:
    """Stop it: sessions are cut, everything committed stays."""
    pid = running_pid(place.postgres / "data")
    if pid:
        end(pid, first=signal.SIGINT)


def own_folder(account: Account) -> str:
    return "/proc/self/cwd" if account.is_lent else "."


def make_cluster(place: Place, *, data: Path) -> None:
    """Make the data folder aside and move it into place when it is whole."""
    draft = place.postgres / "new"
    shutil.rmtree(draft, ignore_errors=True)
    maker = named_account() if place.account.is_lent else place.account
    maker = Account(uid=maker.uid, gid=place.account.gid, is_lent=maker.is_lent)  # the group may read a copy
    maker.take(draft)
    run_initdb(place, maker=maker, draft=draft)
    (draft / "pg_hba.conf").write_text(ACCESS)
    place.account.own_all(draft)
    os.replace(draft, data)


def run_initdb(place: Place, *, maker: Account, draft: Path) -> None:
    password = password_file(place, reader=maker)
    descriptor = os.open(password, os.O_RDONLY)
    command = [str(place.programs.initdb), "-D", own_folder(maker), "-U", SUPERUSER, f"--pwfile=/dev/fd/{descriptor}"]
    command += ["-A", "scram-sha-256", "-E", "UTF8", "--no-instructions"]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]  # its order never changes
    try:
        with place.log("postgres").open("ab") as log:
            subprocess.run(
                command,
                cwd=draft,
                env=ENVIRONMENT,
                stdout=log,
                stderr=log,
                check=True,
                umask=0o077,
                pass_fds=[descriptor],
                **maker.as_popen(),
            )
    except subprocess.CalledProcessError as error:
        raise ServerStartError("initdb", place.log("postgres")) from error
    finally:
        os.close(descriptor)
        password.unlink()


def password_file(place: Place, *, reader: Account) -> Path:
    """Write the superuser's password for initdb, which reads it through an open descriptor."""
    path = place.postgres / "password"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret_text(place.home, "database-superuser"))
    reader.own(path)
    return path
