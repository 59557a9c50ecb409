"""One batch to the server and its receipts back, over a connection that is kept open.

Only receipts that answer exactly the rows sent count as an answer. A login
page of a hotel's router, half a reply or a receipt for another row do not.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

from inference.client.rows import Line

DUPLICATE_OR_STORED = frozenset({"stored", "stored_flagged", "duplicate"})
KEPT_BY_THE_SERVER = frozenset({"quarantined", "conflict"})
LARGEST_ANSWER = 64 * 1024 * 1024
UID_OF = {"inferences": "inference_uid", "events": "event_uid"}


class NotDeliveredError(Exception):
    """The server did not take the batch; it is to be sent again after `wait` seconds, or later if that is None."""

    def __init__(self, reason: str, *, wait: float | None = None, is_too_large: bool = False) -> None:
        self.wait = wait
        self.is_too_large = is_too_large
        super().__init__(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How many rows are in, and how many the server keeps aside for a person to look at."""

    stored: int
    set_aside: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was lost since a moment, in seconds since 1970."""

    uid: str
    counts: Mapping[str, int]
    since: float


@dataclass(slots=True, kw_only=True)
class Server:
    """The address of an installation, the token, and the connection that is open to it."""

    url: str
    token: str
    timeout_seconds: float = 30.0
    context: ssl.SSLContext | None = None
    _connection: http.client.HTTPConnection | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.parts.scheme not in ("http", "https") or not self.parts.hostname:
            raise ValueError(f"url must start with http:// or https://, not {self.url!r}")

    @property
    def parts(self) -> SplitResult:
        return urlsplit(self.url)

    def deliver(self, lines: tuple[Line, ...]) -> Answer:
        """Send lines of one kind.

        Raises:
            NotDeliveredError: they are to be sent again.
        """
        status, headers, body = self._post(lines[0].kind, b"\n".join(line.payload for line in lines))
        if status != http.client.OK:
            raise refused(status, headers)
        return read_receipts(body, lines=lines)

    def tell_losses(self, report: Report, *, named: Mapping[str, str], now: float) -> bool:
        """Say what was lost; return whether this server takes such reports.

        Raises:
            NotDeliveredError: it is to be said again.
        """
        moments = {"from": datetime.fromtimestamp(report.since, UTC), "to": datetime.fromtimestamp(now, UTC)}
        said = {"report_uid": report.uid, **report.counts, **named}
        said |= {name: each.isoformat() for name, each in moments.items()}
        status, headers, _ = self._post("losses", json.dumps(said).encode(), form="application/json")
        if status in (http.client.FORBIDDEN, http.client.NOT_FOUND):
            return False
        if status != http.client.OK:
            raise refused(status, headers)
        return True

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _post(
        self, kind: str, body: bytes, *, form: str = "application/x-ndjson"
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": form}
        try:
            connection = self._open()
            connection.request("POST", f"{self.parts.path.rstrip('/')}/api/v1/{kind}", body=body, headers=headers)
            with connection.getresponse() as reply:
                return reply.status, reply.headers, reply.read(LARGEST_ANSWER)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise NotDeliveredError(f"{type(error).__name__}: {error}") from error

    def _open(self) -> http.client.HTTPConnection:
        if self._connection is None:
            host, port, wait = str(self.parts.hostname), self.parts.port, self.timeout_seconds
            if self.parts.scheme == "https":
                self._connection = http.client.HTTPSConnection(host, port, timeout=wait, context=self.context)
            else:
                self._connection = http.client.HTTPConnection(host, port, timeout=wait)
        return self._connection


def refused(status: int, headers: http.client.HTTPMessage) -> NotDeliveredError:
    said = headers.get("Retry-After", "")
    wait = float(said) if said.isascii() and said.isdigit() else None
    return NotDeliveredError(f"the server answered {status}", wait=wait, is_too_large=status == 413)


def read_receipts(body: bytes, *, lines: tuple[Line, ...]) -> Answer:
    """Return what became of the rows.

    Raises:
        NotDeliveredError: this is not the answer to these rows.
    """
    try:
        receipts = json.loads(body)
    except ValueError as error:
        raise NotDeliveredError("the server's answer is not JSON") from error
    if not isinstance(receipts, list) or len(receipts) != len(lines):
        raise NotDeliveredError("the server did not answer with one receipt for each row")
    kept = sum(is_stored(receipt, line=line) for receipt, line in zip(receipts, lines, strict=True))
    return Answer(stored=kept, set_aside=len(lines) - kept)


def is_stored(receipt: Any, *, line: Line) -> bool:
    """Return whether a row is in, or False where the server keeps it aside.

    Raises:
        NotDeliveredError: the receipt is of another row, or says neither.
    """
    status = receipt.get("status") if isinstance(receipt, dict) else None
    if status in KEPT_BY_THE_SERVER:
        return False
    if status not in DUPLICATE_OR_STORED:
        raise NotDeliveredError(f"the server's receipt says {status!r}")
    sent = json.loads(line.payload).get(UID_OF.get(line.kind, ""))
    if sent is not None and receipt.get("uid") != sent:
        raise NotDeliveredError("the server's receipt is of another row")
    return True
