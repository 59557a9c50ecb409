"""A binary COPY of a table's own rows into an empty twin: what storing them costs who checks and proves nothing."""

import io
import time

FOREIGN_KEYS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'
"""


def copy_seconds(table: str, *, with_keys: bool = False) -> float:
    """Copy a table's rows into a twin with its columns, checks and indexes and return the seconds until the commit.

    `with_keys` gives the twin the foreign keys too, so that it is the same table in everything that a row must pass.
    """
    from django.db import connection

    rows = io.BytesIO()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE copy_of_{table} (LIKE {table} INCLUDING ALL)")
        cursor.execute(FOREIGN_KEYS, [table])
        for name, definition in cursor.fetchall() if with_keys else ():
            cursor.execute(f"ALTER TABLE copy_of_{table} ADD CONSTRAINT copy_of_{name[:50]} {definition}")
        with cursor.cursor.copy(f"COPY {table} TO STDOUT (FORMAT BINARY)") as leaving:
            for block in leaving:
                rows.write(block)
        began = time.perf_counter()
        with cursor.cursor.copy(f"COPY copy_of_{table} FROM STDIN (FORMAT BINARY)") as arriving:
            arriving.write(rows.getvalue())
        spent = time.perf_counter() - began
        cursor.execute(f"DROP TABLE copy_of_{table}")
    return spent
