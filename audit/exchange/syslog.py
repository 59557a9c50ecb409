"""Events as RFC 5424 messages, and how they travel: RFC 5426 over UDP, RFC 6587 over TCP, RFC 5425 over TLS."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC
from urllib.parse import urlsplit

from audit.exchange.records import Record

FACILITY_LOG_AUDIT, FACILITY_AUTHORISATION = 13, 10
WARNING, NOTICE, INFORMATIONAL = 4, 5, 6
SECURITY = ("110113", "110114")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
BOM = "\ufeff"  # RFC 5424 6.4: a message in UTF-8 says so
SECONDS = 10
PRIVATE_ENTERPRISE = "32473"  # RFC 5612: the number for examples, until the product has its own

Send = Callable[[bytes], None]


def syslog_message(record: Record, *, host: str, text: str = "", message_id: str = "") -> bytes:
    """Return one message; `text` is its free part, such as a DICOM audit message."""
    at = record.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    first = f"<{priority(record, is_atna=bool(message_id))}>1 {at} {token(host, 255)}"
    head = f"{first} radvigil - {token(message_id or record.kind, 32)}"
    body = text or f"{record.kind} {record.subject} by {record.actor}"
    return f"{head} {structured(record)} {BOM}{visible(body)}".encode()


def priority(record: Record, *, is_atna: bool) -> int:
    """Return facility × 8 + severity. IHE ITI-20, 3.20.4.1.2, has facility 10, severity 5, and 4 for a warning."""
    if is_atna:
        return FACILITY_AUTHORISATION * 8 + (WARNING if record.has_failed else NOTICE)
    facility = FACILITY_AUTHORISATION if record.event.code in SECURITY else FACILITY_LOG_AUDIT
    return facility * 8 + (NOTICE if record.has_failed else INFORMATIONAL)


def structured(record: Record) -> str:
    values = {
        "organisation": record.organisation,
        "position": str(record.position),
        "actor": record.actor,
        "subject": record.subject,
        "leaf": record.leaf_hash.hex(),
    }
    shown = " ".join(f'{name}="{escaped(value)}"' for name, value in values.items())
    return f"[entry@{PRIVATE_ENTERPRISE} {shown}]"


def escaped(value: str) -> str:
    """Return a parameter's value with the three characters of RFC 5424 6.3.3 escaped."""
    return visible(value).replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")


def visible(text: str) -> str:
    """Return a text in which no control character can end a line or pose as another message (RFC 5424, 6.4, 8.2)."""
    return CONTROL.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def token(text: str, most: int) -> str:
    """Return printable ASCII without spaces, as header fields are; a dash for nothing."""
    return "".join(letter for letter in text if "!" <= letter <= "~")[:most] or "-"


@contextmanager
def sender(address: str) -> Iterator[Send]:
    """Yield what sends one message to `udp://`, `tcp://` or `tls://` host:port.

    Raises:
        OSError: nobody is there.
        ValueError: the address is none of these.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("udp", "tcp", "tls") or not parts.hostname or not parts.port:
        raise ValueError(f"{address} is not udp://, tcp:// or tls:// with a host and a port")
    place = (parts.hostname, parts.port)
    if parts.scheme == "udp":
        with socket.socket(socket.AF_INET6 if ":" in parts.hostname else socket.AF_INET, socket.SOCK_DGRAM) as plain:
            plain.connect(place)
            yield plain.sendall
        return
    with socket.create_connection(place, timeout=SECONDS) as plain:
        if parts.scheme == "tcp":
            yield lambda message: plain.sendall(framed(message))
            return
        with ssl.create_default_context().wrap_socket(plain, server_hostname=parts.hostname) as secured:
            yield lambda message: secured.sendall(framed(message))


def framed(message: bytes) -> bytes:
    """Return a message behind its length (octet counting)."""
    return b"%d %s" % (len(message), message)
