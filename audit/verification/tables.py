"""Compares CSV with what it follows from: facts with the proved entries, any other table with its NDJSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from hashlib import sha256
from typing import Any

from audit.proofs.lines import AT_ONCE, read_lines
from audit.proofs.tables import Columns, csv_line
from audit.verification.bag import BLOCK, Digests, Hashed
from audit.verification.entries import Batch, Outcome, lines_in_table
from audit.verification.findings import Report
from audit.verification.opening import READ_ERRORS, Package

FACTS = "data/facts/"
LONGEST_HEADER = 64 * 1024


class Taking:
    """A file of which so many bytes are taken at a time."""

    def __init__(self, file: Hashed) -> None:
        self._file, self._rest = file, b""

    def take(self, count: int) -> bytes:
        parts, held = [self._rest], len(self._rest)
        while held < count and (data := self._file.read(BLOCK)):
            parts.append(data)
            held += len(data)
        together = b"".join(parts)
        self._rest = together[count:]
        return together[:count]

    def header(self) -> list[str]:
        """Return the names in the first line.

        Raises:
            ValueError: there is none, or a name stands twice.
        """
        head = self.take(LONGEST_HEADER)
        line, end, _ = head.partition(b"\r\n")
        self._rest = head[len(line) + len(end) :] + self._rest
        names = next(csv.reader(io.StringIO(line.decode("utf-8"), newline=""), strict=True), [])
        if not end or not names or len(set(names)) != len(names):
            raise ValueError("it has no header, or a column twice")
        return names

    def is_over(self) -> bool:
        return not self.take(1)


class FactFiles:
    """The tables of facts in a package, each compared with the entries as they pass."""

    def __init__(self, package: Package, *, digests: Digests, report: Report) -> None:
        self._report, self._open = report, ExitStack()
        self._files: dict[str, Taking] = {}
        self._rows: dict[str, int] = {}
        self.headers: dict[str, list[str]] = {}
        for name in sorted(package.sizes):
            if name.startswith(FACTS) and name.endswith(".csv"):
                self._add(
                    name.removeprefix(FACTS).removesuffix(".csv"), self._open.enter_context(digests.reading(name))
                )

    def _add(self, table: str, file: Hashed) -> None:
        taking = Taking(file)
        try:
            self.headers[table] = taking.header()
        except (csv.Error, *READ_ERRORS) as error:
            self._report.wrong(f"{FACTS}{table}.csv cannot be read: {error}.")
            return
        self._files[table], self._rows[table] = taking, 1

    def hold(self, batch: Batch, outcome: Outcome) -> None:
        """Compare the next lines of each table with those that follow from a batch."""
        for table, rows in outcome.rows.items():
            if table not in self._files:
                continue
            if rows.wrong:
                self._end(table, f"{FACTS}{table}.csv does not follow from the entries: {rows.wrong}.")
                continue
            data = self._files[table].take(rows.length)
            if sha256(data).digest() != rows.sha256:
                self._end(table, self._difference(table, batch=batch, data=data))
            self._rows[table] += data.count(b"\r\n")

    def _end(self, table: str, sentence: str) -> None:
        self._report.wrong(sentence)
        del self._files[table]

    def _difference(self, table: str, *, batch: Batch, data: bytes) -> str:
        place, number = 0, self._rows[table]
        for position, line in lines_in_table(batch, table):
            number += 1
            if data[place : place + len(line)] != line:
                where = f"its entry at position {position} of the log of {batch.log}"
                return f"Line {number} of {FACTS}{table}.csv is not what {where} says."
            place += len(line)
        return f"{FACTS}{table}.csv is not what its entries say."

    def close(self) -> None:
        for table, file in list(self._files.items()):
            if not file.is_over():
                self._end(table, f"{FACTS}{table}.csv has more rows than there are entries.")
        self._open.close()


class Twin:
    """A CSV that must say what an NDJSON file beside it says, row by row."""

    def __init__(self, name: str, file: Hashed, *, report: Report) -> None:
        self._name, self._file, self._report = name, Taking(file), report
        header = self._file.header()
        self._columns = Columns(header)
        self._roots = {each.partition(".")[0] for each in header}
        self._row, self._is_open = 1, True

    def hold(self, rows: Sequence[Mapping[str, Any]]) -> None:
        lines = [self._line(row) for row in rows] if self._is_open else []
        expected = "".join(lines).encode("utf-8", "surrogatepass")
        data = self._file.take(len(expected))
        if data != expected:
            self._name_difference(lines, data=data)
        self._row += len(lines)

    def _line(self, row: Mapping[str, Any]) -> str:
        if not row.keys() <= self._roots:
            self._wrong(f"{self._name} has no column for {', '.join(sorted(row.keys() - self._roots))}.")
        return csv_line(self._columns.values(row))

    def _name_difference(self, lines: Sequence[str], *, data: bytes) -> None:
        place = 0
        for number, line in enumerate(lines, start=self._row + 1):
            encoded = line.encode("utf-8", "surrogatepass")
            if data[place : place + len(encoded)] != encoded:
                self._wrong(f"Line {number} of {self._name} is not what line {number - 1} of its NDJSON says.")
                return
            place += len(encoded)

    def _wrong(self, sentence: str) -> None:
        if self._is_open:
            self._report.wrong(sentence)
        self._is_open = False

    def close(self) -> None:
        if self._is_open and not self._file.is_over():
            self._wrong(f"{self._name} has more rows than its NDJSON.")


def rows_with_twin(name: str, package: Package, *, digests: Digests, report: Report) -> Iterator[dict[str, Any]]:
    """Yield the rows of an NDJSON file that are sound, having held its CSV, where there is one, to them.

    Raises:
        READ_ERRORS: one of the two cannot be read.
    """
    csv_name = name.removesuffix(".ndjson") + ".csv"
    with ExitStack() as stack:
        file = stack.enter_context(digests.reading(name))
        twin = None
        if csv_name in package.sizes:
            twin = Twin(csv_name, stack.enter_context(digests.reading(csv_name)), report=report)
        number = 0
        for lines in some_at_once(file):
            read = read_lines(lines)
            for index, why in sorted(read.wrong.items()):
                report.wrong(f"Line {number + index + 1} of {name} is no canonical JSON: {why}.")
            rows = [value for value in read.values if isinstance(value, dict)]
            for index, value in enumerate(read.values if len(rows) < len(lines) else ()):
                if not isinstance(value, dict) and index not in read.wrong:
                    report.wrong(f"Line {number + index + 1} of {name} is no row.")
            if twin is not None:
                twin.hold(rows)
            yield from rows
            number += len(lines)
        if twin is not None:
            twin.close()


def some_at_once(file: Hashed) -> Iterator[list[bytes]]:
    """Yield a file's lines, so few at a time that their values stay in the processor's cache."""
    for lines in file.lines():
        for first in range(0, len(lines), AT_ONCE):
            yield lines[first : first + AT_ONCE]


def check_twins(package: Package, *, but: str, digests: Digests, report: Report) -> None:
    """Hold every other CSV that has NDJSON beside it to that."""
    for name in sorted(package.sizes):
        is_table = name.startswith("data/") and name.endswith(".ndjson") and not name.startswith("data/logs/")
        if not is_table or name == but or name.removesuffix(".ndjson") + ".csv" not in package.sizes:
            continue
        try:
            for _ in rows_with_twin(name, package, digests=digests, report=report):
                pass
        except (csv.Error, *READ_ERRORS) as error:
            report.wrong(f"{name} or its CSV cannot be read: {error}.")
