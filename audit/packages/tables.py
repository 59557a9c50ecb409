"""Writes the entries of a package as CSV, one table a kind, while they pass: each line follows from its entry alone."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from itertools import chain
from types import TracebackType
from typing import IO, Any, Self

from audit.packages.bags import BagWriter
from audit.proofs.tables import csv_line, fact_tables, fixed_columns

FACTS = "data/facts/"
Also = Callable[[str, Mapping[str, Any]], None]


class FactTables:
    """The tables under way. Entries come in the order of the logs' names, then of their positions.

    `columns` gives each table, `KIND` or `KIND.FIELD`, the names that its payload may have.
    `also` gets each row, for whoever writes it in another form.
    """

    def __init__(
        self,
        bag: BagWriter,
        *,
        columns: Mapping[str, Sequence[str]],
        also: Also | None = None,
        folder: str = FACTS,
    ) -> None:
        self._also = also
        self._open = ExitStack()
        self._tables = fact_tables({name: (*fixed_columns(name), *more) for name, more in columns.items()})
        self._files: dict[str, IO[bytes]] = {}
        for table in chain.from_iterable(self._tables.values()):
            about = f"Entries of kind {table.name} as CSV; follows from data/logs line by line"
            self._files[table.name] = self._open.enter_context(bag.aside(f"{folder}{table.name}.csv", about=about))
            self._files[table.name].write(csv_line(table.header).encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def add(self, *, log: str, position: int, entry: Mapping[str, Any]) -> None:
        """Write the rows of one entry.

        Raises:
            UnknownColumnsError: it says something for which its table has no column.
        """
        for table in self._tables.get(entry["kind"], ()):
            for row in table.rows(log=log, position=position, entry=entry):
                self._files[table.name].write(table.line(row).encode())
                if self._also is not None:
                    self._also(table.name, row)

    def close(self) -> None:
        self._open.close()
