"""Runs taken in from Parquet (facts, identities, receipts, entries), against a binary COPY of the same rows.

COPY fills twins of the same tables, with their columns, checks, indexes and foreign keys; it is spared what makes the
rows: checks, pseudonyms, canonical entries and their hashes. The note has the ratio to twins without foreign keys too.
"""

import os
import tempfile
import time
from pathlib import Path

from tests.benchmarks.copying import copy_seconds
from tests.benchmarks.database import DEPLOYMENT, import_quietly, scratch_network, write_inferences
from tests.benchmarks.memory import now_mb, peak_mb
from tests.benchmarks.table import Result

ROWS, LEAST = int(os.environ.get("RADVIGIL_BENCH_ROWS", "200000")), 0.5
PROCESSES = min(4, os.cpu_count() or 1)
TABLES = (
    "audit_entry", "inference_person", "inference_study", "inference_link", "inference_vaultvalue",
    "inference_inference", "inference_prediction",
)  # fmt: skip


def run() -> Result:
    with tempfile.TemporaryDirectory() as folder, scratch_network():
        path = Path(folder) / "runs.parquet"
        write_inferences(path, count=ROWS)
        before = now_mb()
        began, spent = time.perf_counter(), sum(os.times()[:4])
        import_quietly("import_inferences", path, deployment=DEPLOYMENT, processes=PROCESSES)
        ours, of_a_core = ROWS / (time.perf_counter() - began), ROWS / (sum(os.times()[:4]) - spent)
        memory = max(peak_mb(), peak_of_children_mb())
        theirs = ROWS / sum(copy_seconds(table, with_keys=True) for table in TABLES)
        keyless = ROWS / sum(copy_seconds(table) for table in TABLES)
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
        f"{ours / keyless:.2f} of COPY into tables without foreign keys ({keyless:,.0f} rows/s); "
        f"{before:.0f} MB before, most memory of a process {memory:.0f} MB",
    )


def peak_of_children_mb() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
