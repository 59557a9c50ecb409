"""Writes the entries of a package as CSV, one table a kind, while they pass: each line follows from its entry alone."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import IO, Any, Self

from audit.packages.bags import BagWriter
from audit.packages.errors import UnknownColumnError
from audit.proofs.canonical import parse_json
from audit.proofs.tables import csv_line, fact_rows, fixed_columns, value_at

FACTS = "data/facts/"
Also = Callable[[str, Mapping[str, Any]], None]


class FactTables:
    """The tables under way. Entries come in the order of the logs' names, then of their positions.

    `columns` gives each table, `KIND` or `KIND.FIELD`, the names that its payload may have.
    `also` gets each row, for whoever writes it in another form.
    """

    def __init__(self, bag: BagWriter, *, columns: Mapping[str, Sequence[str]], also: Also | None = None) -> None:
        self._also = also
        self._open = ExitStack()
        self._columns = {name: (*fixed_columns(name), *more) for name, more in columns.items()}
        self._files: dict[str, IO[bytes]] = {}
        self._tables: dict[str, list[str]] = {}
        for name, header in self._columns.items():
            about = f"Entries of kind {name} as CSV; follows from data/logs line by line"
            self._files[name] = self._open.enter_context(bag.aside(f"{FACTS}{name}.csv", about=about))
            self._files[name].write(csv_line(header).encode())
            self._tables.setdefault(name.partition(".")[0], []).append(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def add(self, *, log: str, position: int, body: bytes) -> None:
        entry = parse_json(body)
        for name in self._tables.get(entry["kind"], ()):
            for row in fact_rows(name, log=log, position=position, entry=entry):
                self._write(name, row)

    def _write(self, name: str, row: Mapping[str, Any]) -> None:
        columns = self._columns[name]
        if unknown := row.keys() - set(columns):
            raise UnknownColumnError(table=name, names=sorted(unknown))
        self._files[name].write(csv_line([value_at(row, column) for column in columns]).encode())
        if self._also is not None:
            self._also(name, row)

    def close(self) -> None:
        self._open.close()
