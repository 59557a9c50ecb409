"""Entries and facts as the database has them, read as plain rows: a log of millions needs no object for each.

Times, ids and JSON come as the text that stands in an entry, so that nothing is taken apart to be put together again.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple

import orjson
from django.contrib.postgres.fields import ArrayField
from django.db import connections, models
from psycopg import Cursor

from audit.log.models import Fact

# A time before our era is written by `to_char` as one of it, and one without end as nothing: those stand as they are.
MOMENT = """
    CASE WHEN isfinite({0}) AND {0} >= '0001-01-01Z'
        THEN to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') ELSE {0}::text END
"""
MICROSECONDS = """
    CASE WHEN at >= '1970-01-01Z' AND at < '10000-01-01Z' THEN (extract(epoch FROM at) * 1000000)::bigint ELSE 0 END
"""
ENTRIES = f"""
    SELECT id, position, scope, kind, uid, actor, {MOMENT.format("at")}, {MICROSECONDS}, record_sha256,
        leaf_hash, body
    FROM audit_entry WHERE organisation = %s AND
"""  # noqa: S608
PLACED = "position >= %s AND position < %s ORDER BY position"
WAITING = "position IS NULL AND id > %s ORDER BY id LIMIT %s"


class EntryRow(NamedTuple):
    """One entry. `at` is its time as text, `microseconds` the same since 1970."""

    pk: int
    position: int | None
    scope: str
    kind: str
    uid: str
    actor: str
    at: str
    microseconds: int
    record_sha256: bytes
    leaf_hash: bytes
    body: bytes


class FactRow(NamedTuple):
    """One fact: what its entry says of it, and where it stands."""

    table: type[Fact]
    pk: int
    organisation: str
    received_at: str
    payload: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.table._meta.db_table} row {self.pk}"


def placed_entries(organisation: str, *, first: int, last: int, using: str) -> list[EntryRow]:
    return [EntryRow(*row) for row in rows_of(ENTRIES + PLACED, [organisation, first, last], using=using)]


def waiting_entries(organisation: str, *, after: int, limit: int, using: str) -> list[EntryRow]:
    return [EntryRow(*row) for row in rows_of(ENTRIES + WAITING, [organisation, after, limit], using=using)]


def rows_of(statement: str, values: Sequence[Any], *, using: str) -> list[tuple[Any, ...]]:
    """Run a statement with its values beside it, and take the answer in binary form."""
    database = connections[using]
    database.ensure_connection()
    with database.wrap_database_errors, Cursor(database.connection) as cursor:
        return cursor.execute(statement, values, binary=True).fetchall()


def fact_rows(table: type[Fact], *, entries: Sequence[int], using: str) -> Iterator[tuple[int, FactRow]]:
    """Yield the facts of these entries in one table, by the entry's id."""
    names = ("pk", "entry_id", "organisation", "received_at", "known_at", "flags", *table.PAYLOAD)
    found = list(columns_where("entry_id", entries, table=table, names=names, using=using))
    parts = parts_of(table, facts=[row["pk"] for row in found], using=using)
    for row in found:
        payload = table.payload_of(row, parts=parts.get(row["pk"], ()))
        yield row["entry_id"], FactRow(table, row["pk"], row["organisation"], row["received_at"], payload)


def parts_of(table: type[Fact], *, facts: Sequence[int], using: str) -> Mapping[int, Sequence[Mapping[str, Any]]]:
    """Return the rows of another table that a fact's payload has too, by the fact's id."""
    found: dict[int, list[Mapping[str, Any]]] = {}
    for name in part_names(table) if facts else ():
        relation: Any = table._meta.get_field(name)
        key = relation.field.attname
        every = tuple(field.attname for field in relation.related_model._meta.concrete_fields)
        for row in columns_where(key, facts, table=relation.related_model, names=every, using=using):
            found.setdefault(row[key], []).append(row)
    return found


@cache
def part_names(table: type[Fact]) -> tuple[str, ...]:
    fetched: Any = table.with_parts(table._default_manager.all())
    return tuple(fetched._prefetch_related_lookups)


def columns_where(
    key: str, values: Sequence[int], *, table: type[models.Model], names: Sequence[str], using: str
) -> Iterator[dict[str, Any]]:
    """Yield the rows whose key is one of these, by attribute name, values as they stand in an entry."""
    fields = [table._meta.pk if name == "pk" else field_by_name(table)[name] for name in names]
    chosen = ", ".join(expression_of(field) for field in fields)
    where = field_by_name(table)[key].column
    statement = f'SELECT {chosen} FROM "{table._meta.db_table}" WHERE "{where}" = ANY(%s::bigint[])'  # noqa: S608
    documents = [name for name, field in zip(names, fields, strict=True) if isinstance(field, models.JSONField)]
    for values_found in rows_of(statement, [list(values)], using=using):
        row = dict(zip(names, values_found, strict=True))
        for name in documents:
            if row[name] is not None:
                row[name] = read_json(row[name])
        yield row


def read_json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        # A number beyond every double, or too many brackets: jsonb can hold it, and no entry can.
        with suppress(RecursionError):
            return json.loads(text)
        return text


@cache
def field_by_name(table: type[models.Model]) -> "Mapping[str, models.Field[Any, Any]]":
    return {field.attname: field for field in table._meta.concrete_fields}


@cache
def expression_of(field: "models.Field[Any, Any]") -> str:
    """Return how a column is read."""
    column, kind = f'"{field.column}"', field
    while isinstance(kind, models.ForeignKey):
        kind = kind.target_field
    if isinstance(kind, models.DateTimeField):
        return MOMENT.format(column)
    if isinstance(kind, ArrayField):
        return f"{column}::text[]"
    if isinstance(kind, models.UUIDField | models.DateField | models.JSONField | models.CharField | models.TextField):
        return f"{column}::text"
    return column
