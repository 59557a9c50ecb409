"""Many rows at once, in PostgreSQL's binary form.

Django's own rows cost several times as much (text, converters, one parameter
for each id), and counting reads every fact of a batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from django.db import connection
from psycopg import Cursor
from psycopg.types.json import set_json_loads


def fetch(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a statement; lists go in as arrays, for `= ANY(%b)`."""
    connection.ensure_connection()
    with Cursor(connection.connection) as cursor:
        set_json_loads(orjson.loads, cursor)
        return cursor.execute(statement, parameters, binary=True).fetchall()


def selected(table: str, columns: Sequence[str], *, where: str, order: str = "") -> str:
    """Return a statement that reads columns of a fact table, aliased `f`, with its entry, aliased `e`."""
    ordered = f" ORDER BY {order}" if order else ""
    return f"SELECT {', '.join(columns)} FROM {table} f JOIN audit_entry e ON e.id = f.entry_id WHERE {where}{ordered}"  # noqa: S608
