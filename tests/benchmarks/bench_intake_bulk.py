"""Runs taken in from Parquet (facts, identities, receipts, entries), against a binary COPY of the same rows.

COPY fills tables of the same columns and indexes; it is spared what makes the
rows: checks, pseudonyms, canonical entries and their hashes.
"""

import io
import os
import tempfile
import time
from pathlib import Path

from tests.benchmarks.database import DEPLOYMENT, import_quietly, scratch_network, write_inferences
from tests.benchmarks.memory import peak_mb
from tests.benchmarks.table import Result

ROWS, LEAST = 50_000, 0.5
PROCESSES = min(4, os.cpu_count() or 1)
TABLES = (
    "audit_entry", "inference_person", "inference_study", "inference_link", "inference_vaultvalue",
    "inference_inference", "inference_prediction",
)  # fmt: skip


def run() -> Result:
    with tempfile.TemporaryDirectory() as folder, scratch_network():
        path = Path(folder) / "runs.parquet"
        write_inferences(path, count=ROWS)
        began, spent = time.perf_counter(), sum(os.times()[:4])
        import_quietly("import_inferences", path, deployment=DEPLOYMENT, processes=PROCESSES)
        ours, of_a_core = ROWS / (time.perf_counter() - began), ROWS / (sum(os.times()[:4]) - spent)
        theirs = ROWS / sum(copy_seconds(table) for table in TABLES)
    ratio = ours / theirs
    return Result(
        name="intake_bulk",
        ours=ours,
        theirs=theirs,
        unit="rows/s",
        ratio=ratio,
        aim=f"≥ {LEAST}",
        reached=ratio >= LEAST,
        note=f"{PROCESSES} processes, {of_a_core:,.0f} rows/s a core without the database; "
        f"most memory {peak_mb():.0f} MB",
    )


def copy_seconds(table: str) -> float:
    """Copy a table's rows into an empty twin with its indexes and return the seconds it took."""
    from django.db import connection

    rows = io.BytesIO()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE copy_of_{table} (LIKE {table} INCLUDING ALL)")
        with cursor.cursor.copy(f"COPY {table} TO STDOUT (FORMAT BINARY)") as leaving:
            for block in leaving:
                rows.write(block)
        began = time.perf_counter()
        with cursor.cursor.copy(f"COPY copy_of_{table} FROM STDIN (FORMAT BINARY)") as arriving:
            arriving.write(rows.getvalue())
        return time.perf_counter() - began
