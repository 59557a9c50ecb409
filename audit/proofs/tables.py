"""How an entry, or a row of a table, stands in CSV: one rule, so that whoever reads can write the same line again.

An absent or null value is an empty cell, a text stands as it is, everything else
as its canonical JSON. Lines are those of RFC 4180.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from audit.proofs.canonical import canonical_json

OF_ENTRY = ("log", "position", "uid", "actor", "at", "record_sha256")
OF_PART = ("log", "position", "number")
LINE_END = "\r\n"
SPECIAL = (",", '"', "\r", "\n")


def cell(value: Any) -> str:
    """Return one value as it stands in a line of CSV."""
    kind = type(value)
    if kind is str:
        return quoted(value) if value == "" or needs_quotes(value) else value
    if value is None:
        return ""
    if kind is int:
        return int.__repr__(value)
    text = canonical_json(value).decode()
    return quoted(text) if kind in (dict, list) else text


def needs_quotes(text: str) -> bool:
    return any(each in text for each in SPECIAL)


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def csv_line(values: Iterable[Any]) -> str:
    return ",".join([cell(value) for value in values]) + LINE_END


def fact_rows(table: str, *, log: str, position: int, entry: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows that one entry has in `KIND` (one) or `KIND.FIELD` (one for each element of that list)."""
    payload = entry.get("payload", {})
    field = table.partition(".")[2]
    if not field:
        own = {name: entry.get(name) for name in OF_ENTRY[2:]}
        yield {**payload, "log": log, "position": position, **own}
        return
    for number, part in enumerate(payload.get(field, ()), start=1):
        yield {**part, "log": log, "position": position, "number": number}


def fixed_columns(table: str) -> Sequence[str]:
    return OF_PART if "." in table else OF_ENTRY
