"""The embedded Valkey: the broker, with its queue on disk.

It works in its data folder, answers on one socket in a private folder, and
writes every change to its append-only file.
"""

import signal
import socket
import time
from pathlib import Path

from deploy.servers.errors import ServerStartError
from deploy.servers.place import Place
from deploy.servers.processes import POLL_SECONDS, alive, end, recorded, spawn, works_in

SOCKET, PID_FILE = "valkey.sock", "valkey.pid"
LOADING_SECONDS = 300
OPTIONS = {
    "port": "0",
    "unixsocketperm": "700",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "aof-load-truncated": "yes",
    "save": "",
    "dir": ".",
    "pidfile": PID_FILE,
    "daemonize": "no",
    "maxmemory-policy": "noeviction",
}


def address(place: Place) -> str:
    return f"redis+socket://{place.sockets / SOCKET}?virtual_host=0"


def ensure_valkey(place: Place) -> int:
    """Return the process number of a Valkey that answers, starting it where none does."""
    pid = running_pid(place.valkey)
    if pid and answers(place.sockets / SOCKET):
        return pid
    if pid:
        stop_valkey(place)
    (place.valkey / PID_FILE).unlink(missing_ok=True)
    return start_valkey(place)


def running_pid(folder: Path) -> int | None:
    pid = recorded(folder / PID_FILE)
    return pid if pid and works_in(pid, folder) else None


def start_valkey(place: Place) -> int:
    settings = OPTIONS | {"unixsocket": str(place.sockets / SOCKET)}
    options = [part for name, value in settings.items() for part in (f"--{name}", value)]
    command = [str(place.programs.valkey), *options]
    pid = spawn(command, account=place.account, folder=place.valkey, log=place.log("valkey"))
    deadline = time.monotonic() + LOADING_SECONDS
    while not answers(place.sockets / SOCKET):
        if not alive(pid) or time.monotonic() > deadline:
            end(pid, first=signal.SIGTERM)
            raise ServerStartError("Valkey", place.log("valkey"))
        time.sleep(POLL_SECONDS)
    return pid


def stop_valkey(place: Place) -> None:
    pid = running_pid(place.valkey)
    if pid:
        end(pid, first=signal.SIGTERM)


def answers(path: Path) -> bool:
    """Tell whether the server takes commands; while it loads its file it says so instead."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
    except OSError:
        return False
