"""Writes tables as Parquet beside their CSV, a row group at a time, with the same bytes for the same rows."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import IO, Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audit.log.canonical_bytes import canonical_bytes
from audit.packages.bags import BagWriter
from audit.proofs.tables import csv_line, value_at
from monitoring.evidence.dictionary import Table

ROWS_AT_ONCE = 10_000
TYPES = {
    "text": pa.string(), "json": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(),
    "moment": pa.timestamp("us", tz="UTC"), "day": pa.date32(),
}  # fmt: skip


class ParquetFile:
    """One table under construction. Memory holds the rows of one row group."""

    def __init__(self, table: Table, *, file: IO[bytes]) -> None:
        self._columns = table.columns
        self._names = [each.name for each in table.columns]
        self._schema = pa.schema([(each.name, TYPES[each.type]) for each in table.columns])
        self._writer = pq.ParquetWriter(file, self._schema, version="2.6", compression="zstd", store_schema=False)
        self._waiting: list[list[Any]] = []

    def add(self, row: Mapping[str, Any]) -> None:
        self._waiting.append([value_at(row, name) for name in self._names])
        if len(self._waiting) == ROWS_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        values = zip(*self._waiting, strict=True)
        arrays = [array_of(each, type=column.type) for column, each in zip(self._columns, values, strict=True)]
        self._writer.write_table(pa.table(arrays, schema=self._schema), row_group_size=ROWS_AT_ONCE)
        self._waiting.clear()

    def close(self) -> None:
        if self._waiting:
            self._flush()
        self._writer.close()


class ParquetTables:
    """Several tables at once, each in a file beside the bag until it is whole."""

    def __init__(self, bag: BagWriter, tables: Sequence[Table], *, folder: str = "") -> None:
        self._bag, self._tables, self._folder = bag, tables, folder
        self._open = ExitStack()
        self._files: dict[str, ParquetFile] = {}

    def __enter__(self) -> Self:
        for table in self._tables:
            about = f"{table.about} The same rows as its CSV."
            stem = f"{self._folder}{table.name}" if self._folder else table.stem
            aside = self._bag.aside(f"{stem}.parquet", is_packed=False, about=about)
            self._files[table.name] = ParquetFile(table, file=self._open.enter_context(aside))
        return self

    def add(self, name: str, row: Mapping[str, Any]) -> None:
        self._files[name].add(row)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            for file in self._files.values():
                file.close()
        self._open.__exit__(kind, error, trace)


def array_of(values: Sequence[Any], *, type: str) -> pa.Array:
    if type in ("text", "json"):
        return pa.array([plain_text(each) for each in values], pa.string())
    if type in ("moment", "day"):
        return pc.cast(pa.array(values, pa.string()), TYPES[type])
    if type == "number":
        return pa.array([None if each is None else float(each) for each in values], pa.float64())
    return pa.array(values, TYPES[type])


def plain_text(value: Any) -> str | None:
    """Return a value as a text column holds it: text as it is, anything else as canonical JSON."""
    if value is None or isinstance(value, str):
        return value
    return canonical_bytes(value).decode()


class CsvFile:
    """One table as CSV, by the one rule that the verifier has too."""

    def __init__(self, table: Table, *, file: IO[bytes]) -> None:
        self._file, self._names = file, [each.name for each in table.columns]
        file.write(csv_line(self._names).encode())

    def add(self, row: Mapping[str, Any]) -> None:
        self._file.write(csv_line([value_at(row, name) for name in self._names]).encode())
