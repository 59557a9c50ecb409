"""Entries appended and given their place, against a plain loop over the same entries and a binary COPY of them.

The loop parses, canonicalises and hashes each entry with the standard library.
`verify_log` over the same log is set against the loop alone, in the note.
"""

import json
import time
from datetime import UTC, datetime
from hashlib import sha256

from tests.benchmarks.bench_intake_bulk import copy_seconds
from tests.benchmarks.database import scratch_network
from tests.benchmarks.table import Result

ENTRIES, BATCH, MOST_APPEND = 100_000, 5_000, 1.5
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def run() -> Result:
    with scratch_network():
        from audit.log.models import Entry

        ours = append_seconds()
        bodies = [bytes(body) for body in Entry.objects.order_by("id").values_list("body", flat=True)]
        plain = plain_seconds(bodies)
        theirs = plain + copy_seconds("audit_entry")
        verified = verify_seconds()
    return Result(
        name="audit",
        ours=ours,
        theirs=theirs,
        unit="s",
        ratio=ours / theirs,
        aim=f"append ≤ {MOST_APPEND}, verify ≤ 1",
        reached=ours / theirs <= MOST_APPEND and verified <= plain,
        note=f"verify_log {verified:.1f} s against {plain:.1f} s of the plain loop, ratio {verified / plain:.2f}",
    )


def append_seconds() -> float:
    from audit.log.actions import record_facts
    from audit.log.models import Act
    from audit.log.sequencing import sequence

    began = time.perf_counter()
    for start in range(0, ENTRIES, BATCH):
        acts = [(act(Act, number), f"act-{number}") for number in range(start, start + BATCH)]
        record_facts(acts, scope="organisation/north-group", kind="benchmark", actor="benchmark")
    sequence(now=NOW)
    return time.perf_counter() - began


def act(table: type, number: int) -> object:
    details = {"score": number / ENTRIES, "finding": "nodule", "decision": "negative", "version": "1.0"}
    return table(organisation="north-group", subject=f"study/{number}", details=details, received_at=NOW)


def plain_seconds(bodies: list[bytes]) -> float:
    began = time.perf_counter()
    for body in bodies:
        text = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        sha256(b"\x00" + text.encode()).digest()
    return time.perf_counter() - began


def verify_seconds() -> float:
    from audit.log.verifying import verify_log

    began = time.perf_counter()
    problems = list(verify_log("north-group"))
    if problems:
        raise RuntimeError(f"the log of the benchmark does not verify: {problems[0]}")
    return time.perf_counter() - began
