"""The port the pages are served on: taken early and held, so that nobody else can take it later."""

import os
import socket
import sys

HOST, DEFAULT_PORT = "127.0.0.1", "8000"
BACKLOG = 512


class PortError(Exception):
    """The port cannot be had; the message says what to do."""


def wanted_port() -> int:
    """Return the port that PORT names.

    Raises:
        PortError: it is not a port.
    """
    text = os.environ.get("PORT") or DEFAULT_PORT
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise PortError(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def take_port(port: int) -> socket.socket:
    """Return a socket that holds the port; the web server answers on it.

    Raises:
        PortError: somebody else has it, or this user may not.
    """
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((HOST, port))
        taken.listen(BACKLOG)  # bound alone, others could still take it; who calls early waits for the web server
    except PermissionError as error:
        taken.close()
        raise PortError(f"Port {port} needs more rights than this user has; try PORT=8001.") from error
    except OSError as error:
        taken.close()
        raise PortError(f"Port {port} is taken by another program; stop it, or choose: PORT={port + 1}.") from error
    return taken


def free_port_or_exit() -> None:
    try:
        take_port(wanted_port()).close()
    except PortError as error:
        sys.exit(f"radvigil: {error} Nothing was started.")
