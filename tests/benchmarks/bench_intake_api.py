"""Batches of 1,000 rows over the API in one process, against the aim of the design.

Bodies are made before the clock starts; the wait for the database counts. `note` has single rows, the rows that a core
of the web process takes (its processor time alone), and what a streamed body of `STREAMED_MB` takes of memory beyond
what its first quarter took.
"""

import json
import time
from collections.abc import Callable, Iterable

from tests.benchmarks.database import DEPLOYMENT, SITE, scratch_network
from tests.benchmarks.memory import now_mb
from tests.benchmarks.table import Result

BATCHES, BATCH, SINGLES = 20, 1_000, 200
AIM_ROWS_A_SECOND, AIM_SINGLE_MS = 4_000, 25
STREAMED_MB, ROW_KB = 200, 50


def run() -> Result:
    with scratch_network():
        send = sender()
        batches = [body_of(range(start, start + BATCH)) for start in range(0, BATCHES * BATCH, BATCH)]
        send(body_of([10**6]), 1)  # sustained: a process that has read its addresses and templates
        began, busy = time.perf_counter(), time.process_time()
        for body in batches:
            send(body, BATCH)
        rate = BATCHES * BATCH / (time.perf_counter() - began)
        of_a_core = BATCHES * BATCH / (time.process_time() - busy)
        singles = sorted(seconds(send, body_of([BATCHES * BATCH + number])) for number in range(SINGLES))
        grown_mb = streamed_memory()
    slowest_ms = 1000 * singles[int(0.99 * len(singles))]
    return Result(
        name="intake_api",
        ours=rate,
        theirs=AIM_ROWS_A_SECOND,
        unit="rows/s",
        ratio=rate / AIM_ROWS_A_SECOND,
        aim=f"≥ 1 of the aim, single row p99 ≤ {AIM_SINGLE_MS} ms",
        reached=rate >= AIM_ROWS_A_SECOND and slowest_ms <= AIM_SINGLE_MS,
        note=f"single row p50 {1000 * singles[len(singles) // 2]:.1f} ms, p99 {slowest_ms:.1f} ms; "
        f"{of_a_core:,.0f} rows/s a core; {STREAMED_MB} MB streamed grow by {grown_mb:.0f} MB",
    )


def body_of(numbers: Iterable[int]) -> bytes:
    """Return runs by number as NDJSON."""
    from tests.factories import inference_row

    return "\n".join(json.dumps(inference_row(number)) for number in numbers).encode()


def seconds(send: Callable[[bytes, int], None], body: bytes) -> float:
    began = time.perf_counter()
    send(body, 1)
    return time.perf_counter() - began


def sender() -> Callable[[bytes, int], None]:
    """Return a function that posts a body of so many rows, reads the answer and makes sure that all are stored."""
    from django.test import Client
    from django.utils import timezone

    from audit.access.actions import create_token

    _, secret = create_token(deployment=DEPLOYMENT, by="benchmark", now=timezone.now())
    client = Client(headers={"Authorization": f"Bearer {secret}"})

    def send(body: bytes, count: int) -> None:
        answer = client.post("/api/v1/inferences", body, content_type="application/x-ndjson")
        content = b"".join(answer) if answer.streaming else answer.content
        if answer.status_code != 200 or content.count(b'"stored') != count:
            raise RuntimeError(f"the API answered {answer.status_code}: {content[:300]!r}")

    return send


class Lines:
    """A body that is made as it is read, and notes the memory meanwhile."""

    def __init__(self, count: int) -> None:
        from tests.factories import inference_row

        padding = "x" * 1024 * ROW_KB
        numbers = range(10_000_000, 10_000_000 + count)
        self.rows = (json.dumps(inference_row(each, note=padding)).encode() + b"\n" for each in numbers)
        self.waiting = b""
        self.seen_mb: list[float] = []

    def read(self, most: int) -> bytes:
        self.seen_mb.append(now_mb())
        while len(self.waiting) < most and (row := next(self.rows, b"")):
            self.waiting += row
        piece, self.waiting = self.waiting[:most], self.waiting[most:]
        return piece


def streamed_memory() -> float:
    """Stream a long body and return by how many MB the memory grew after the first batches were in."""
    from django.utils import timezone

    from inference.connectors.bodies import Body
    from inference.connectors.kinds import KINDS
    from inference.connectors.streaming import Stream, answered
    from inference.intake.kinds import Source

    lines = Lines(STREAMED_MB * 1024 // ROW_KB)
    stream = Stream(
        kind=KINDS["inferences"],
        source=Source(site_key=SITE, actor="benchmark", origin="api"),
        head=b"",
        body=Body(source=lines, announced=None),
        largest=10**12,
        longest_line=2**25,
        clock=timezone.now,
    )
    stored = sum(piece.count(b'"stored') for piece in answered(stream))
    if stored != STREAMED_MB * 1024 // ROW_KB:
        raise RuntimeError(f"{stored} rows of the stream were stored")
    early = lines.seen_mb[: len(lines.seen_mb) // 4]
    return max(lines.seen_mb) - max(early)
