"""How an entry, or a row of a table, stands in CSV: one rule, so that whoever reads can write the same line again.

An absent or null value is an empty cell, a text stands as it is, everything else
as its canonical JSON. A text that a spreadsheet would run as a formula, or that
begins with an apostrophe, gets an apostrophe before it. Lines are those of RFC 4180.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from audit.proofs.canonical import canonical_json

OF_ENTRY = ("log", "position", "scope", "uid", "actor", "logged_at", "record_sha256")
OF_PART = ("log", "position", "number")
LINE_END = "\r\n"
SPECIAL = (",", '"', "\r", "\n")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


def cell(value: Any) -> str:
    """Return one value as it stands in a line of CSV."""
    kind = type(value)
    if kind is str:
        text = f"'{value}" if value.startswith(FORMULA) else value
        return quoted(text) if text == "" or needs_quotes(text) else text
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
        own = {name: entry.get(name) for name in ("scope", "uid", "actor", "record_sha256")}
        yield {**payload, "log": log, "position": position, **own, "logged_at": entry.get("at")}
        return
    for number, part in enumerate(payload.get(field, ()), start=1):
        yield {**part, "log": log, "position": position, "number": number}


def value_at(row: Mapping[str, Any], column: str) -> Any:
    """Return a row's value by its name, or what lies within it by names with dots, as in the files that come in."""
    if column in row or "." not in column:
        return row.get(column)
    value: Any = row
    for step in column.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def fixed_columns(table: str) -> Sequence[str]:
    return OF_PART if "." in table else OF_ENTRY
