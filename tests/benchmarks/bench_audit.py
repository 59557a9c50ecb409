"""Entries appended and given their place, against a plain loop over the same entries and a binary COPY of them.

The loop parses, canonicalises and hashes each entry with the standard library; COPY fills a table of the same
columns and indexes. The sequencer runs beside the writer, as it does in an installation, and the clock stops when the
last entry has its place. A package of as many entries is verified against the loop over those; `verify_log`, which
reads facts too, stands beside it in the note. `RADVIGIL_BENCH_ENTRIES` sets how many entries there are; the aim
speaks of 1,000,000.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.copying import copy_seconds
from tests.benchmarks.database import scratch_network
from tests.benchmarks.table import Result
from tests.benchmarks.verified_package import measure

ENTRIES, BATCH, MOST_APPEND = int(os.environ.get("RADVIGIL_BENCH_ENTRIES", "100000")), 5_000, 1.5
ORGANISATION = "north-group"
SCOPE, KIND = f"organisation/{ORGANISATION}", "benchmark"
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def run() -> Result:
    with scratch_network():
        from audit.log.models import Entry

        ours = append_seconds()
        facts = store_facts()
        bodies = [bytes(body) for body in Entry.objects.filter(kind=KIND).order_by("id").values_list("body", flat=True)]
        plain = plain_seconds(bodies)
        theirs = plain + copy_seconds("audit_entry")
        verified = verify_seconds()
    with TemporaryDirectory(prefix="radvigil-bench-") as folder:
        package = measure(Path(folder) / "package.zip", entries=ENTRIES)
    return Result(
        name="audit",
        ours=ours,
        theirs=theirs,
        unit="s",
        ratio=ours / theirs,
        aim=f"append ≤ {MOST_APPEND}, verify ≤ 1",
        reached=ours / theirs <= MOST_APPEND and package.ratio <= 1,
        note=f"{ENTRIES:,} entries; plain loop {plain:.1f} s, their facts {facts:.1f} s more; "
        f"verify_log {verified:.1f} s, {verified / plain:.2f} of the plain loop; package {package.ours:.1f} s, "
        f"{package.ratio:.2f} of its plain loop, {package.megabytes:.0f} MB",
    )


def append_seconds() -> float:
    """Append entries by batches, each committed, while the sequencer of another process gives them their places."""
    from audit.log.actions import append_entries

    with sequencer() as finish:
        began = time.perf_counter()
        for start in range(0, ENTRIES, BATCH):
            append_entries([draft(number) for number in range(start, min(start + BATCH, ENTRIES))])
        finish()
        return time.perf_counter() - began


@contextmanager
def sequencer() -> Iterator[object]:
    """Start a sequencer and yield what tells it to place what is left and waits until it has."""
    from django.db import connections

    connections.close_all()  # a child must not speak on its parent's connection
    context = get_context("fork")
    is_ready, is_written = context.Event(), context.Event()
    child = context.Process(target=sequence_until, args=(is_ready, is_written))
    child.start()
    is_ready.wait()

    def finish() -> None:
        is_written.set()
        child.join()
        if child.exitcode:
            raise RuntimeError("the sequencer ended early")

    try:
        yield finish
    finally:
        child.kill()
        child.join()


def sequence_until(is_ready: object, is_written: object) -> None:
    from django.db import connection

    from audit.log.sequencing import sequence

    connection.ensure_connection()
    is_ready.set()
    is_last = False
    while not is_last:
        is_last = is_written.wait(0.05)
        sequence(now=NOW)


def draft(number: int) -> object:
    """Return an entry to append, its record digest taken, as `record_facts` makes it."""
    from audit.log.actions import EntryDraft
    from audit.log.canonical_bytes import canonical_bytes

    payload = said(number)
    written = canonical_bytes(payload)
    digest = sha256(written).digest()
    return EntryDraft(ORGANISATION, SCOPE, KIND, f"act-{number}", "benchmark", NOW, digest, payload, written)


def said(number: int) -> dict[str, object]:
    details = {"score": number / ENTRIES, "finding": "nodule", "decision": "negative", "version": "1.0"}
    return {"subject": f"study/{number}", "details": details}


def store_facts() -> float:
    """Store what the entries say, so that the log can be verified, and return the seconds it took."""
    from audit.log.copying import copy_rows
    from audit.log.models import Act, Entry

    entries = Entry.objects.filter(kind=KIND).values_list("uid", "id").iterator()
    common = {"organisation": ORGANISATION, "received_at": NOW}
    began = time.perf_counter()
    while some := list(islice(entries, BATCH)):
        copy_rows(Act, [common | said(int(uid.removeprefix("act-"))) | {"entry_id": pk} for uid, pk in some])
    return time.perf_counter() - began


def plain_seconds(bodies: list[bytes]) -> float:
    began = time.perf_counter()
    for body in bodies:
        text = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        sha256(b"\x00" + text.encode()).digest()
    return time.perf_counter() - began


def verify_seconds() -> float:
    from audit.log.verifying import verify_log

    began = time.perf_counter()
    problems = list(verify_log(ORGANISATION))
    if problems:
        raise RuntimeError(f"the log of the benchmark does not verify: {problems[0]}")
    return time.perf_counter() - began
