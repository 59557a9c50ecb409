"""A server for HL7 v2 over MLLP: one thread a connection, each message answered after it is committed.

A message that cannot be stored for a passing reason gets no answer: the
connection is closed, and the sender sends it again.
"""

from __future__ import annotations

import logging
import socket
import socketserver
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import BoundedSemaphore
from typing import Any

from django.db import DatabaseError, DataError, close_old_connections

from inference.messages.hl7_answers import ACCEPTED, END, ERROR, REJECTED, START, acknowledgement, framed
from inference.messages.models import InboundMessage
from inference.messages.receiving import Taken, receive_hl7
from inference.registry.models import Site

logger = logging.getLogger(__name__)

LARGEST_MESSAGE = 16 * 1024 * 1024
IDLE_SECONDS = 600
MOST_CONNECTIONS = 64
BETWEEN = b"\r\n "  # what some senders put between frames


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where to listen, for which site, and who may send; no names means everybody who reaches the port."""

    site: str
    host: str
    port: int
    allowed: frozenset[str] = frozenset()
    context: ssl.SSLContext | None = None


class Hl7Server(socketserver.ThreadingTCPServer):
    """Listens for one site."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = MOST_CONNECTIONS

    def __init__(self, listening: Listening, *, clock: Callable[[], datetime]) -> None:
        self.listening, self.clock = listening, clock
        self.places = BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__((listening.host, listening.port), Conversation)

    def verify_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> bool:
        allowed = self.listening.allowed
        return not allowed or (isinstance(client_address, tuple) and client_address[0] in allowed)

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any) -> None:
        """Take a conversation on, unless too many are held: then the sender is sent away and comes again."""
        if not self.places.acquire(blocking=False):
            logger.warning("a sender was sent away: %d conversations are held", MOST_CONNECTIONS)
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.places.release()


class Conversation(socketserver.BaseRequestHandler):
    """One connection: message, answer, message, answer."""

    server: Hl7Server

    def handle(self) -> None:
        self.request.settimeout(IDLE_SECONDS)
        try:
            plain = self.secured()
            waiting = b""
            while (read := next_message(plain, waiting)) is not None:
                message, waiting = read
                answer = self.answer(message)
                if answer is None:
                    return
                plain.sendall(framed(answer))
        except (OSError, ssl.SSLError) as error:
            logger.info("a sender went away: %s", type(error).__name__)
        finally:
            close_old_connections()

    def secured(self) -> socket.socket:
        context = self.server.listening.context
        found: socket.socket = context.wrap_socket(self.request, server_side=True) if context else self.request
        return found

    def answer(self, message: bytes) -> bytes | None:
        close_old_connections()
        now, listening = self.server.clock(), self.server.listening
        try:
            site = Site.objects.get(pk=listening.site)
            taken = receive_hl7(message, site=site, origin=f"hl7:{listening.port}", now=now)
        except (DataError, ValueError) as error:  # sent again it would fail again and hold up all that follow
            logger.warning("a message cannot be stored and is refused: %s", type(error).__name__)
            return acknowledgement(message, code=REJECTED, words="the message cannot be stored as it is", now=now)
        except DatabaseError:
            logger.exception("a message was not stored and is not acknowledged")
            return None
        code, words = verdict(taken)
        logger.info("message answered: site=%s code=%s rows=%d", listening.site, code, len(taken.receipts))
        return acknowledgement(message, code=code, words=words, now=now)


def verdict(taken: Taken) -> tuple[str, str]:
    """Return how a message is acknowledged: AR not understood, AE rows of it are in quarantine, else AA."""
    if taken.state == InboundMessage.State.REFUSED:
        return REJECTED, taken.reason
    if taken.problems:
        return ERROR, f"kept in quarantine: {taken.problems[0].reason}"
    return ACCEPTED, ""


def next_message(plain: socket.socket, waiting: bytes) -> tuple[bytes, bytes] | None:
    """Return the next message and what came after it, or None when the sender has ended.

    Raises:
        OSError: a frame is too large, or does not begin as one.
    """
    data, seen = bytearray(waiting), 0
    while (end := data.find(END, seen)) < 0:
        if len(data) > LARGEST_MESSAGE:
            raise OSError("a frame is too large")
        begun = data[:64].lstrip(BETWEEN)
        if begun and not begun.startswith(START):
            raise OSError("a frame does not begin as one")
        seen = max(0, len(data) - len(END) + 1)
        read = plain.recv(65_536)
        if not read:
            return None
        data += read
    frame = bytes(data[:end]).lstrip(BETWEEN)
    if not frame.startswith(START):
        raise OSError("a frame does not begin as one")
    return frame[len(START) :], bytes(data[end + len(END) :])
