"""Adds a delta to the daily sums: one statement for many rows, merged by the database."""

import json

from django.db import connection

from monitoring.rollups.folding import Delta
from monitoring.rollups.models import DailySum

ROWS_A_STATEMENT = 10_000

ADD = """
    INSERT INTO monitoring_dailysum AS kept (deployment_id, version, finding, rule, day, dimension, value, counts)
    SELECT deployment_id, version, finding, rule, day, dimension, value, counts
    FROM jsonb_to_recordset(%s::jsonb) AS new (
        deployment_id text, version text, finding text, rule text, day date, dimension text, value text, counts jsonb
    )
    ON CONFLICT (deployment_id, finding, rule, dimension, value, day, version) DO UPDATE SET counts = (
        SELECT coalesce(jsonb_object_agg(cell, number), '{}')
        FROM (
            SELECT cell, sum(number::int) AS number
            FROM (
                SELECT * FROM jsonb_each_text(kept.counts)
                UNION ALL
                SELECT * FROM jsonb_each_text(excluded.counts)
            ) AS both_counts (cell, number)
            GROUP BY cell
            HAVING sum(number::int) <> 0
        ) AS added
    )
"""
DROP_EMPTY = "DELETE FROM monitoring_dailysum WHERE counts = '{}'"


def add_to_sums(delta: Delta) -> None:
    """Add counts to the daily sums in a fixed order; a row that comes to nothing goes."""
    changed = {
        key: kept
        for key, counts in delta.items()
        if (kept := {cell: number for cell, number in counts.items() if number})
    }
    keys = sorted(changed)
    falls = any(number < 0 for counts in changed.values() for number in counts.values())
    with connection.cursor() as cursor:
        for start in range(0, len(keys), ROWS_A_STATEMENT):
            some = keys[start : start + ROWS_A_STATEMENT]
            rows = [key._asdict() | {"day": key.day.isoformat(), "counts": changed[key]} for key in some]
            cursor.execute(ADD, [json.dumps(rows)])
        if falls:
            cursor.execute(DROP_EMPTY)


def forget_sums() -> None:
    """Empty the daily sums before they are made again."""
    DailySum.objects.all().delete()
