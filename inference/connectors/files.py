"""Rows from a CSV, NDJSON or Parquet file, one after the other: a file of any size takes the same memory."""

import csv
import gzip
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from inference.connectors.cells import FlatRow, columns_of, flat_row, layout_of
from inference.connectors.grouping import grouped, spilled, stands_together
from inference.connectors.ndjson import read_lines
from inference.errors import UnreadableFileError
from inference.intake.kinds import Kind, RawRow

LARGEST_CELL = 16 * 1024 * 1024
PARQUET_ROWS = 5_000
LINES = (".ndjson", ".jsonl")
PANDAS_INDEX = "__index_level_"
PLAIN_TYPES = frozenset({pa.float64(), pa.float32(), pa.int64(), pa.int32(), pa.bool_()})


class PlainHeader(tuple[str, ...]):
    """The names of columns whose cells are of types that JSON has, and which of them hold texts."""

    are_texts: Sequence[bool]

    def __new__(cls, names: Sequence[str], are_texts: Sequence[bool]) -> Self:
        header = super().__new__(cls, names)
        header.are_texts = are_texts
        return header


@dataclass(slots=True)
class Progress:
    """How far a file has been read: bytes of a text file, rows of a Parquet file."""

    total: int = 0
    done: int = 0


def read_rows(path: Path | str, kind: Kind, progress: Progress | None = None) -> Iterator[RawRow]:
    """Yield the rows of a file, by its suffix.

    Raises:
        UnreadableFileError: it cannot be read, or not beyond the row that the message names.
    """
    path, progress = Path(path), progress or Progress()
    suffix = kind_of_file(path)
    try:
        if suffix in LINES:
            yield from read_ndjson(path, progress=progress)
        else:
            yield from read_table(path, suffix=suffix, kind=kind, progress=progress)
    except (OSError, EOFError, csv.Error, pa.ArrowException) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise UnreadableFileError(f"{path.name} cannot be read: {reason}.") from error


def kind_of_file(path: Path) -> str:
    suffixes = [each.lower() for each in path.suffixes]
    suffix = suffixes[-2] if len(suffixes) > 1 and suffixes[-1] == ".gz" else suffixes[-1] if suffixes else ""
    if suffix not in {".csv", ".parquet", *LINES}:
        raise UnreadableFileError(f"{path.name} has none of the suffixes .csv, .ndjson, .jsonl and .parquet.")
    return suffix


def read_table(path: Path, *, suffix: str, kind: Kind, progress: Progress) -> Iterator[RawRow]:
    cells = parquet_cells if suffix == ".parquet" else csv_cells
    if not kind.flat:
        for row in flat_rows(cells(path, progress), kind=kind, name=path.name):
            yield RawRow(number=row.number, value=row.base, problem_field=row.problem_field, problem=row.problem)
        return
    rows = flat_rows(cells(path, progress), kind=kind, name=path.name)
    uids = parquet_uids(path, kind=kind) if suffix == ".parquet" else uids_of(cells(path, Progress()), kind=kind)
    if not stands_together(uids):
        rows = spilled(rows, uid_field=kind.uid_field)
    yield from grouped(rows, kind=kind)


def uids_of(table: Iterator[Sequence[Any]], *, kind: Kind) -> Iterator[Any]:
    header = next(table, ())
    place = list(header).index(kind.uid_field) if kind.uid_field in header else None
    for cells in table:
        yield cells[place] if place is not None and place < len(cells) else None


def flat_rows(table: Iterator[Sequence[Any]], *, kind: Kind, name: str) -> Iterator[FlatRow]:
    """Yield the rows below the header, counted from 1."""
    first = next(table, ())
    header = [str(each).strip() for each in first]
    if not any(header):
        raise UnreadableFileError(f"{name} has no header.")
    if len(set(header)) < len(header):
        raise UnreadableFileError(f"{name} has a column twice.")
    columns = columns_of(header, kind=kind)
    layout = layout_of(columns, are_texts=first.are_texts) if isinstance(first, PlainHeader) else None
    for number, cells in enumerate(table, start=1):
        if layout is not None and None not in cells and "" not in cells:
            yield layout.row(cells, number=number)
        elif len(cells) == len(columns):
            yield flat_row(cells, columns=columns, number=number)
        else:
            yield ragged_row(cells, header=header, number=number)


def ragged_row(cells: Sequence[Any], *, header: Sequence[str], number: int) -> FlatRow:
    said = dict(zip(header, cells, strict=False)) | {"more_cells": list(cells[len(header) :])}
    return FlatRow(number=number, base=said, problem=f"has {len(cells)} cells where the header has {len(header)}")


def open_bytes(path: Path) -> tuple[IO[bytes], IO[bytes]]:
    """Return what to read from, and the file below it whose position shows the progress."""
    below = path.open("rb")
    return (gzip.open(below) if path.suffix.lower() == ".gz" else below), below  # type: ignore[return-value]


def read_ndjson(path: Path, *, progress: Progress) -> Iterator[RawRow]:
    progress.total = path.stat().st_size
    lines, below = open_bytes(path)
    with below, lines:
        for row in read_lines(lines):
            progress.done = below.tell()
            yield row


def csv_cells(path: Path, progress: Progress) -> Iterator[Sequence[Any]]:
    csv.field_size_limit(LARGEST_CELL)
    progress.total = path.stat().st_size
    binary, below = open_bytes(path)
    with below, binary:
        lines = text_lines(binary, below=below, progress=progress)
        first = next(lines, "")
        delimiter = max(",;\t", key=first.count)
        yield from (cells for cells in csv.reader(chained(first, lines), delimiter=delimiter) if cells)


def text_lines(binary: IO[bytes], *, below: IO[bytes], progress: Progress) -> Iterator[str]:
    """Yield lines as text. What is not UTF-8 becomes half a surrogate pair, so that only its row is set aside."""
    for number, line in enumerate(binary):
        progress.done = below.tell()
        yield (line.removeprefix(b"\xef\xbb\xbf") if number == 0 else line).decode("utf-8", "surrogateescape")


def chained(first: str, lines: Iterable[str]) -> Iterator[str]:
    yield first
    yield from lines


def parquet_cells(path: Path, progress: Progress) -> Iterator[Sequence[Any]]:
    with pq.ParquetFile(path) as file:
        progress.total = file.metadata.num_rows
        names = [name for name in file.schema_arrow.names if not name.startswith(PANDAS_INDEX)]
        types = [file.schema_arrow.field(name).type for name in names]
        are_texts = [pa.types.is_string(each) or pa.types.is_large_string(each) for each in types]
        is_plain = all(each in PLAIN_TYPES or is_text for each, is_text in zip(types, are_texts, strict=True))
        yield PlainHeader(names, are_texts) if is_plain else names
        for batch in file.iter_batches(batch_size=PARQUET_ROWS, columns=names):
            for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                progress.done += 1
                yield cells


def parquet_uids(path: Path, *, kind: Kind) -> Iterator[Any]:
    with pq.ParquetFile(path) as file:
        names = [name for name in file.schema_arrow.names if name == kind.uid_field]
        for batch in file.iter_batches(batch_size=PARQUET_ROWS, columns=names) if names else ():
            yield from batch.column(0).to_pylist()
