"""Rows into a table by PostgreSQL's binary COPY, written a column at a time.

A column that says the same in every row is made once. The server reads the
bytes as it reads those of its own COPY; an array, a time or a JSON value has
one form there, which `FORMS` knows by the field's class.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import chain, repeat
from struct import Struct
from typing import Any

import orjson
from django.contrib.postgres.fields import ArrayField
from django.db import DEFAULT_DB_ALIAS, connections, models

HEAD = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TAIL = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
OID_OF_VARCHAR = 1043

length, count_of = Struct(">i").pack, Struct(">h").pack
small, whole, large, double = (Struct(f">i{letter}").pack for letter in "hiqd")
array_head, empty_array = Struct(">iiIii").pack, Struct(">iiiI").pack(12, 0, 0, OID_OF_VARCHAR)

Form = Callable[[Any], bytes]


def framed(data: bytes) -> bytes:
    return length(len(data)) + data


def of_text(value: str) -> bytes:
    return framed(str(value).encode())


def of_bytes(value: bytes) -> bytes:
    return framed(bytes(value))


def of_json(value: Any) -> bytes:
    return framed(b"\x01" + orjson.dumps(value))


def of_boolean(value: bool) -> bytes:
    return b"\x00\x00\x00\x01\x01" if value else b"\x00\x00\x00\x01\x00"


def of_uuid(value: Any) -> bytes:
    data: bytes = value.bytes
    return b"\x00\x00\x00\x10" + data


def of_moment(value: datetime) -> bytes:
    since = value - EPOCH
    return large(8, (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


def of_double(value: float) -> bytes:
    return double(8, value)


def of_texts(value: Sequence[str]) -> bytes:
    if not value:
        return empty_array
    return framed(array_head(1, 0, OID_OF_VARCHAR, len(value), 1) + b"".join([of_text(each) for each in value]))


FORMS: "Mapping[type[models.Field[Any, Any]], Form]" = {
    models.CharField: of_text,
    models.TextField: of_text,
    models.UUIDField: of_uuid,
    models.DateTimeField: of_moment,
    models.FloatField: of_double,
    models.BooleanField: of_boolean,
    models.BinaryField: of_bytes,
    models.JSONField: of_json,
    models.SmallIntegerField: lambda value: small(2, value),
    models.IntegerField: lambda value: whole(4, value),
    models.BigIntegerField: lambda value: large(8, value),
    models.BigAutoField: lambda value: large(8, value),
    ArrayField: of_texts,
}
REPEATED = (of_text, of_moment)  # forms of values that a column often says again


@cache
def form_of(field: "models.Field[Any, Any]") -> Form:
    """Return how a field's values are written; a key as what it points to."""
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    form = FORMS[type(field)]
    if form is of_texts and type(field.base_field) is not models.CharField:  # type: ignore[attr-defined]
        raise TypeError(f"{field} is an array of something else than texts")
    return form


class Known(dict[Any, bytes]):
    """Values that were written before."""

    def __init__(self, form: Form) -> None:
        super().__init__({None: NULL})
        self._form = form

    def __missing__(self, value: Any) -> bytes:
        made = self[value] = self._form(value)
        return made


def column(form: Form, values: Iterable[Any]) -> list[bytes]:
    """Return the fields of one column; nothing is a NULL."""
    if form in REPEATED:
        known = Known(form)
        return [known[value] for value in values]
    return [NULL if value is None else form(value) for value in values]


def copy_columns(
    table: str, columns: Mapping[str, Iterable[bytes]], *, count: int, using: str = DEFAULT_DB_ALIAS
) -> None:
    """Copy `count` rows into a table, in the caller's transaction. A column may be endless: `repeat(value)`.

    Raises:
        DatabaseError: the one of Django's that fits; the transaction is over.
    """
    if not count:
        return
    names = ", ".join(f'"{name}"' for name in columns)
    rows = zip(repeat(count_of(len(columns)), count), *columns.values(), strict=False)
    connection = connections[using]
    with connection.cursor() as cursor, connection.wrap_database_errors:
        statement = f'COPY "{table}" ({names}) FROM STDIN (FORMAT BINARY)'
        with cursor.cursor.copy(statement) as copy:
            copy.write(HEAD)
            copy.write(b"".join(chain.from_iterable(rows)))
            copy.write(TAIL)


def copy_rows(table: type[models.Model], rows: Sequence[Mapping[str, Any]], *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Copy rows into a model's table. All name the same columns, by attribute; what they leave out is the default."""
    if not rows:
        return
    columns: dict[str, Iterable[bytes]] = {}
    for field in table._meta.concrete_fields:
        form = form_of(field)
        if field.attname in rows[0]:
            name = field.attname
            columns[str(field.column)] = column(form, [row[name] for row in rows])
        elif not isinstance(field, models.AutoField):
            value = field.get_default()
            columns[str(field.column)] = repeat(NULL if value is None else form(value))
    copy_columns(table._meta.db_table, columns, count=len(rows), using=using)


def reserve_ids(table: str, *, count: int, using: str = DEFAULT_DB_ALIAS) -> list[int]:
    """Take ids from a table's sequence."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count])
        return [pk for (pk,) in cursor.fetchall()]
