"""Rows of one inference become one: the first says what the run was, each adds a prediction.

Where the rows of a run stand together they stream through. Where they do not
(a file sorted by finding), they are sorted on disk first, so memory stays flat.
"""

import json
import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from inference.connectors.cells import FlatRow
from inference.intake.kinds import Kind, RawRow

SPILL = "CREATE TABLE spilled (uid BLOB, number INTEGER, said TEXT)"
SPILLED_IN_ORDER = """
    SELECT number, said FROM spilled JOIN (SELECT uid, min(number) AS first FROM spilled GROUP BY uid) USING (uid)
    ORDER BY first, number
"""


def stands_together(uids: Iterable[Any]) -> bool:
    """Return whether equal uids follow each other; eight bytes are kept for each run of them."""
    starts, last = array("q"), object()
    for uid in uids:
        if uid != last or not uid:
            last = uid
            if uid:
                starts.append(hash(str(uid)))
    return len(np.unique(np.frombuffer(starts, dtype=np.int64))) == len(starts) if starts else True


def spilled(rows: Iterable[FlatRow], *, uid_field: str) -> Iterator[FlatRow]:
    """Yield the rows with those of one uid together, in the order in which the uids first appear."""
    with sqlite3.connect("") as spill:  # a database without a name lives in a temporary file
        spill.execute(SPILL)
        spill.executemany("INSERT INTO spilled VALUES (?, ?, ?)", (packed(row, uid_field=uid_field) for row in rows))
        spill.execute("CREATE INDEX spilled_by_uid ON spilled (uid, number)")
        for number, said in spill.execute(SPILLED_IN_ORDER):
            base, part, problem_field, problem = json.loads(said)
            yield FlatRow(number, base, part, problem_field, problem)


def packed(row: FlatRow, *, uid_field: str) -> tuple[bytes, int, str]:
    uid = row.base.get(uid_field)
    said = json.dumps([row.base, row.part, row.problem_field, row.problem], default=str)
    key = str(uid) if uid else f"\x00{row.number}"
    return (key.encode("utf-8", "surrogatepass"), row.number, said)


def grouped(rows: Iterable[FlatRow], *, kind: Kind) -> Iterator[RawRow]:
    def run_of(row: FlatRow) -> Any:
        return row.base.get(kind.uid_field) or -row.number

    for _, together in groupby(rows, key=run_of):
        yield one_row(list(together), kind=kind)


def one_row(rows: Sequence[FlatRow], *, kind: Kind) -> RawRow:
    """Return the one row that the rows of a run make; the first problem among them is its problem."""
    first = rows[0]
    if len(rows) == 1 and kind.flat not in first.base:
        value = first.base | {kind.flat: [first.part]} if first.part else first.base
        return RawRow(number=first.number, value=value, problem_field=first.problem_field, problem=first.problem)
    value = dict(first.base)
    parts = [row.part for row in rows if row.part]
    if parts:
        value[kind.flat] = [*(value.get(kind.flat) or []), *parts]
    number, field, reason = first_problem(rows)
    return RawRow(number=number, value=value, problem_field=field, problem=reason)


def first_problem(rows: Sequence[FlatRow]) -> tuple[int, str, str]:
    first = rows[0]
    for row in rows:
        if row.problem:
            return row.number, row.problem_field, row.problem
        for name in row.base.keys() | first.base.keys():
            if row.base.get(name) != first.base.get(name):
                return row.number, name, f"is not what row {first.number} of the same run says"
    return first.number, "", ""
