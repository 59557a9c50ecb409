"""Hands on what a log holds, from where it was left, to any of the forms and places.

The next position is kept in a file beside the installation's keys, written
after the entries were sent: after a crash some are sent again, none is left out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from django.conf import settings

from audit.exchange.dicom_messages import audit_message
from audit.exchange.fhir import audit_event
from audit.exchange.records import Record, record_of
from audit.exchange.syslog import Send, sender, syslog_message
from audit.log.queries import entries_after
from audit.log.signing import log_origin

FORMATS = ("syslog", "atna", "fhir")
ENTRIES_AT_ONCE = 500
ATNA = "IHE+RFC-3881"  # IHE ITI-20: the MSGID of an audit message over syslog


def hand_on(*, organisation: str, form: str, to: str) -> int:
    """Send everything that was not sent before and return how many entries that were.

    Raises:
        OSError: the place cannot be reached or written.
        ValueError: the place is none that is known.
    """
    memory, sent = memory_of(organisation=organisation, form=form, to=to), 0
    position = int(memory.read_text()) if memory.exists() else 0
    with opened(to) as send:
        while entries := list(entries_after(organisation=organisation, position=position, limit=ENTRIES_AT_ONCE)):
            for entry in entries:
                send(written(record_of(entry), form=form, is_file=is_file(to)))
            position = int(entries[-1].position or 0) + 1
            remember(memory, position)
            sent += len(entries)
    return sent


def written(record: Record, *, form: str, is_file: bool) -> bytes:
    """Return one event in a form; a line of its own where it goes to a file."""
    host, origin = settings.RADVIGIL_INSTALLATION, log_origin(record.organisation)
    if form == "fhir":
        text = json.dumps(audit_event(record, observer=origin), ensure_ascii=False, separators=(",", ":"))
        message = text.encode() if is_file else syslog_message(record, host=host, text=text)
    elif form == "atna":
        xml = audit_message(record, source=origin)
        message = xml.encode() if is_file else syslog_message(record, host=host, text=xml, message_id=ATNA)
    else:
        message = syslog_message(record, host=host)
    return message + b"\n" if is_file else message


def is_file(to: str) -> bool:
    return "://" not in to


@contextmanager
def opened(to: str) -> Iterator[Send]:
    """Yield what sends to an address or appends to a file."""
    if not is_file(to):
        with sender(to) as send:
            yield send
        return
    with open(to, "ab") as file:
        yield lambda message: (file.write(message), None)[1]
        file.flush()
        os.fsync(file.fileno())


def memory_of(*, organisation: str, form: str, to: str) -> Path:
    name = sha256(f"{organisation}\n{form}\n{to}".encode()).hexdigest()[:16]
    folder = Path(settings.RADVIGIL_HOME) / "exchange"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"{organisation}.{form}.{name}"


def remember(memory: Path, position: int) -> None:
    fresh = memory.with_suffix(".new")
    fresh.write_text(str(position))
    fresh.replace(memory)
