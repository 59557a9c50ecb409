"""How an entry, or a row of a table, stands in CSV: one rule, so that whoever reads can write the same line again.

An absent or null value is an empty cell, a text stands as it is, everything else
as its canonical JSON. A text that a spreadsheet would run as a formula, or that
begins with an apostrophe, gets an apostrophe before it. Lines are those of RFC 4180.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from audit.proofs.canonical import canonical_json, number_text
from audit.proofs.lines import canonical_text

OF_ENTRY = ("log", "position", "scope", "uid", "actor", "logged_at", "record_sha256")
OF_PART = ("log", "position", "number")
LINE_END = "\r\n"
SPECIAL = (",", '"', "\r", "\n")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
# Where none of these stands anywhere, every text is its own cell. A minus matters where a cell begins.
SUSPECT = ("\0-", *SPECIAL, "=", "+", "@", "\t", "'")


def csv_line(values: Iterable[Any]) -> str:
    """Return a line of CSV. Objects and lists among the values came out of canonical JSON."""
    cells = list(values)
    texts = [value for value in cells if type(value) is str]
    together = "\0" + "\0".join(texts)
    if is_suspect(together):
        return ",".join([cell(value) for value in cells]) + LINE_END
    for index, value in enumerate(cells):
        if value is None:
            cells[index] = ""
        elif type(value) is not str:
            cells[index] = other(value)
        elif not value:
            cells[index] = '""'
    return ",".join(cells) + LINE_END


def is_suspect(text: str) -> bool:
    return any([each in text for each in SUSPECT])  # noqa: C419 - a list is twice as fast as a generator here


def cell(value: Any) -> str:
    """Return one value as it stands in a line of CSV."""
    if type(value) is str:
        text = f"'{value}" if value.startswith(FORMULA) else value
        return quoted(text) if text == "" or any(each in text for each in SPECIAL) else text
    return "" if value is None else other(value)


def other(value: Any) -> str:
    if type(value) is int:
        return int.__repr__(value)
    if type(value) is float:
        return number_text(value)
    if type(value) is list and all([type(each) is str for each in value]):  # noqa: C419 - faster than a generator
        return list_of_texts(tuple(value))
    if type(value) in (dict, list):
        return quoted(canonical_text(value))
    return canonical_json(value).decode()


@lru_cache(maxsize=1_024)
def list_of_texts(value: tuple[str, ...]) -> str:
    """Return a list of texts as a cell: flags and the like, which many rows share."""
    return quoted(canonical_json(value).decode())


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def value_at(row: Mapping[str, Any], column: str) -> Any:
    """Return a row's value by its name, or what lies within it by names with dots, as in the files that come in."""
    if "." not in column:
        return row.get(column)
    value: Any = row
    for step in column.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


class Columns:
    """The columns of a table, in order, and the values that a row has in them."""

    def __init__(self, header: Sequence[str]) -> None:
        self._stretches = stretches_of(header)

    def values(self, row: Mapping[str, Any]) -> list[Any]:
        values: list[Any] = []
        for path, names in self._stretches:
            within: Any = row
            for step in path:
                within = within.get(step) if isinstance(within, dict) else None
            values += map(within.get, names) if isinstance(within, dict) else [None] * len(names)
        return values


class FactTable:
    """One table of a package: `KIND` with a row for each entry, or `KIND.FIELD` with one for each of its parts.

    `header` are its columns in order; `apart` the fields that have tables of their own.
    """

    def __init__(self, name: str, header: Sequence[str], *, apart: Iterable[str] = ()) -> None:
        self.name, self.header = name, tuple(header)
        self.kind, _, self.field = name.partition(".")
        self._known, self._apart = frozenset((*header, *apart)), tuple(apart)
        self._columns = Columns(header)

    def rows(self, *, log: str, position: int, entry: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        payload = entry.get("payload", {})
        if self.field:
            for number, part in enumerate(payload.get(self.field, ()), start=1):
                yield {**part, "log": log, "position": position, "number": number}
            return
        row = {**payload, "log": log, "position": position, "logged_at": entry.get("at")}
        for name in self._apart:
            row.pop(name, None)
        for name in ("scope", "uid", "actor", "record_sha256"):
            row[name] = entry.get(name)
        yield row

    def lines(self, *, log: str, position: int, entry: Mapping[str, Any]) -> str:
        """Return the lines of an entry.

        Raises:
            UnknownColumnsError: the entry says something for which the table has no column.
        """
        return "".join([self.line(row) for row in self.rows(log=log, position=position, entry=entry)])

    def line(self, row: Mapping[str, Any]) -> str:
        if not row.keys() <= self._known:
            raise UnknownColumnsError(self.name, sorted(row.keys() - self._known))
        return csv_line(self._columns.values(row))


def stretches_of(header: Sequence[str]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return columns that stand together and lie within the same value: the path to it, and their names there."""
    found: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    for column in header:
        *path, name = column.split(".")
        if found and found[-1][0] == tuple(path):
            found[-1] = (tuple(path), (*found[-1][1], name))
        else:
            found.append((tuple(path), (name,)))
    return found


class UnknownColumnsError(ValueError):
    def __init__(self, table: str, names: Sequence[str]) -> None:
        super().__init__(f"the table {table} has no column for {', '.join(names)}")


def fact_tables(columns: Mapping[str, Sequence[str]]) -> dict[str, list[FactTable]]:
    """Return the tables of each kind from their headers by name."""
    found: dict[str, list[FactTable]] = {}
    for name, header in columns.items():
        apart = [each.partition(".")[2] for each in columns if each.startswith(f"{name}.")]
        table = FactTable(name, header, apart=apart)
        found.setdefault(table.kind, []).append(table)
    return found


def fixed_columns(table: str) -> Sequence[str]:
    return OF_PART if "." in table else OF_ENTRY
