"""Every fact about the studies of a package, as tables: rows made from the very entries that it proves."""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from audit.packages.bags import BagWriter
from audit.packages.tables import FactTables
from inference.corrections.models import Correction
from inference.rescoring.models import Rescore
from monitoring.evidence.dictionary import RESEARCH, fact_tables
from monitoring.evidence.entries import bodies_at, facts_about, in_batches, shown_with_age_band
from monitoring.evidence.research import Disguise, shown_entry
from monitoring.evidence.tables import ParquetTables
from monitoring.evidence.under_way import Making

NOWHERE: Any = None  # what was changed has no place in a log
Frozen = Mapping[str, "array[int]"]
"""The positions of the facts that go into a package, by log, fixed before anything of them is written."""


def write_facts(bag: BagWriter, making: Making, *, frozen: Frozen) -> None:
    columns = {each.name: each.own_columns for each in fact_tables()}
    with ParquetTables(bag, fact_tables()) as parquet, FactTables(bag, columns=columns, also=parquet.add) as tables:
        for log, positions in sorted(frozen.items()):
            entries = entries_at(log, positions)
            for position, entry in making.counted(entries, step=f"writing the facts of {log}", of=len(positions)):
                tables.add(log=log, position=position, entry=entry)


def write_disguised_facts(bag: BagWriter, making: Making, *, studies: Iterable[UUID], disguise: Disguise) -> None:
    """Write the facts for research: study by study, in the order of random ids, so that places tell no time either."""
    columns = {each.name: each.own_columns for each in fact_tables()}
    with (
        ParquetTables(bag, fact_tables(), folder=RESEARCH) as parquet,
        FactTables(bag, columns=columns, also=parquet.add, folder=RESEARCH) as tables,
    ):
        rows = disguised_entries(making, studies=studies, disguise=disguise)
        for log, entry in making.counted(rows, step="writing the facts in disguise"):
            tables.add(log=log, position=NOWHERE, entry=entry)


def disguised_entries(
    making: Making, *, studies: Iterable[UUID], disguise: Disguise
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield entries in disguise; rescores and corrections, which tell of numbers and of identity, are not there."""
    scope = making.scope
    for log in scope.organisations:
        for batch in in_batches(studies):
            for table, condition in facts_about(scope, batch=batch, until=scope.wanted.as_of):
                if table in (Rescore, Correction):
                    continue
                facts = table._default_manager.filter(condition, entry__organisation=log).order_by("study_id", "id")
                entries = [shown_or_whole(bytes(body)) for body in facts.values_list("entry__body", flat=True)]
                disguise.learn(UUID(each["payload"]["person"]) for each in entries if "person" in each["payload"])
                known = (shown_entry(each, disguise=disguise) for each in entries if "person" in each["payload"])
                yield from ((log, each) for each in known if each is not None)


def shown_or_whole(body: bytes) -> Mapping[str, Any]:
    shown = shown_with_age_band(body)
    whole: Mapping[str, Any] = orjson.loads(body) if shown is None else shown
    return whole


def entries_at(log: str, positions: Sequence[int]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield entries as the package shows them: in full, or with an age as 90+."""
    for position, body in zip(positions, bodies_at(log, positions), strict=True):
        yield position, shown_or_whole(body)
