"""Every fact about the studies of a package, as tables: rows made from the very entries that it proves."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from audit.packages.bags import BagWriter
from audit.packages.tables import FactTables
from monitoring.evidence.dictionary import fact_tables
from monitoring.evidence.entries import bodies_at, shown_with_age_band
from monitoring.evidence.tables import ParquetTables
from monitoring.evidence.under_way import Making

Frozen = Mapping[str, "array[int]"]
"""The positions of the facts that go into a package, by log, fixed before anything of them is written."""


def write_facts(bag: BagWriter, making: Making, *, frozen: Frozen) -> None:
    columns = {each.name: each.own_columns for each in fact_tables()}
    with ParquetTables(bag, fact_tables()) as parquet, FactTables(bag, columns=columns, also=parquet.add) as tables:
        for log, positions in sorted(frozen.items()):
            entries = entries_at(log, positions)
            for position, entry in making.counted(entries, step=f"writing the facts of {log}", of=len(positions)):
                tables.add(log=log, position=position, entry=entry)


def entries_at(log: str, positions: Sequence[int]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield entries as the package shows them: in full, or with an age as 90+."""
    for position, body in zip(positions, bodies_at(log, positions), strict=True):
        shown = shown_with_age_band(body)
        yield position, orjson.loads(body) if shown is None else shown
