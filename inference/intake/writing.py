"""Facts and their parts go in by COPY, many at once."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db.models import Model

from audit.log.copying import copy_rows, reserve_ids
from inference.intake.context import Context
from inference.intake.kinds import Row


@cache
def defaults_of(table: type[Model]) -> dict[str, Any]:
    """Return what stands in each column that nothing is said of, by attribute."""
    fields = (field for field in table._meta.concrete_fields if not field.primary_key)
    return {field.attname: field.get_default() for field in fields}


def with_defaults(columns: dict[str, Any], *, table: type[Model]) -> dict[str, Any]:
    return defaults_of(table) | columns


def write_facts(rows: Sequence[Row], *, entry_ids: Sequence[int], context: Context) -> None:
    """Write the facts of rows of one kind, whose columns are complete, and their parts under the ids they got."""
    table, part_table = context.kind.table, context.kind.part_table
    for row, entry_id in zip(rows, entry_ids, strict=True):
        row.columns["entry_id"] = entry_id
    if part_table is None:
        copy_rows(table, [row.columns for row in rows])
        return
    ids = reserve_ids(table._meta.db_table, count=len(rows))
    for row, pk in zip(rows, ids, strict=True):
        row.columns["id"] = pk
        for part in row.parts:
            part["inference_id"] = pk
    copy_rows(table, [row.columns for row in rows])
    copy_rows(part_table, [part for row in rows for part in row.parts])
