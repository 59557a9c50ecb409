"""From what a device has at hand to one line of the spool, whatever types its values have.

A line is `crc32 kind json`. A value that JSON cannot hold is written as text:
the server then keeps the row in quarantine with the reason, so nothing is lost.
"""

from __future__ import annotations

import json
import math
import uuid
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

Row = dict[str, Any]


class Line(NamedTuple):
    """One line of the spool, taken apart."""

    kind: str
    payload: bytes


def new_uid() -> str:
    """Return a UID that nobody else has (DICOM PS3.5 B.2: UUID as an integer below 2.25)."""
    return f"2.25.{uuid.uuid4().int}"


def moment_text(moment: datetime | str | None) -> str:
    """Return a moment as ISO 8601; now, in UTC, if there is none."""
    if isinstance(moment, str):
        return moment
    return (moment or datetime.now(UTC)).isoformat()


def without_gaps(row: Mapping[str, Any]) -> Row:
    """Leave out what was not said."""
    return {name: value for name, value in row.items() if value is not None and value != ""}


def line_of(kind: str, row: Mapping[str, Any]) -> bytes:
    """Return the line of one row. It never fails: see the module."""
    try:
        text = json.dumps(row, ensure_ascii=True, allow_nan=False, separators=(",", ":"), default=plain)
    except (TypeError, ValueError, RecursionError):
        text = json.dumps(as_text(row), ensure_ascii=True, separators=(",", ":"), default=repr)
    content = f"{kind} {text}".encode("ascii")
    return b"%08x %s\n" % (zlib.crc32(content), content)


def parsed(line: bytes) -> Line | None:
    """Return what a line holds, or None where it is damaged."""
    checksum, _, content = line.partition(b" ")
    kind, _, payload = content.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(content) or not payload:
        return None
    return Line(kind.decode("ascii"), payload)


def plain(value: Any) -> Any:
    """Return a number, list or text for what JSON does not know: arrays, tensors, moments, sets."""
    if isinstance(value, datetime):
        return value.isoformat()
    for name in ("tolist", "item"):
        converted: Callable[[], Any] | None = getattr(value, name, None)
        if callable(converted):
            return converted()
    return sorted(value, key=repr) if isinstance(value, set | frozenset) else str(value)


def as_text(value: Any, depth: int = 0) -> Any:
    """Return the value with everything that JSON has no form for as text."""
    if depth > 20:
        return "nested too deeply"
    if isinstance(value, Mapping):
        return {str(name): as_text(each, depth + 1) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [as_text(each, depth + 1) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, str | int | float | bool):
        return value
    converted = plain(value)
    return str(value) if type(converted) is type(value) else as_text(converted, depth + 1)
