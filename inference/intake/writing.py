"""Facts and their parts go in by COPY, many at once."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, JSONField, Model

from audit.log.models import Fact
from inference.intake.context import Context


def write_facts(facts: Sequence[Fact], *, context: Context) -> None:
    """Write facts of one kind, and their parts under the ids they got."""
    if not facts:
        return
    for fact, pk in zip(facts, reserve_ids(type(facts[0]), count=len(facts)), strict=True):
        fact.pk = pk
    copy_rows(facts)
    if context.kind.part_table is not None:
        parts = [part for fact in facts for part in fact.parts_with_key()]
        for part, pk in zip(parts, reserve_ids(context.kind.part_table, count=len(parts)), strict=True):
            part.pk = pk
        copy_rows(parts)


def reserve_ids(table: type[Model], *, count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [table._meta.db_table, count],
        )
        return [pk for (pk,) in cursor.fetchall()]


def copy_rows(rows: Sequence[Model]) -> None:
    if not rows:
        return
    fields = rows[0]._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    with connection.cursor() as cursor:
        statement = f'COPY "{rows[0]._meta.db_table}" ({columns}) FROM STDIN'
        with cursor.cursor.copy(statement) as copy:
            for values in row_values(rows, fields=fields):
                copy.write_row(values)


def row_values(rows: Iterable[Model], *, fields: "Sequence[Field[Any, Any]]") -> Iterable[tuple[Any, ...]]:
    columns = [(field.attname, isinstance(field, JSONField)) for field in fields]
    for row in rows:
        yield tuple(column_value(getattr(row, name), is_json=is_json) for name, is_json in columns)


def column_value(value: Any, *, is_json: bool) -> Any:
    return json.dumps(value) if is_json and value is not None else value
