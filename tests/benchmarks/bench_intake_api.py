"""Batches of 1,000 rows over the API in one process, against the aim of the design.

`note` has single rows, and what a streamed body of `STREAMED_MB` takes of memory beyond what a tenth of it takes.
The client's own work and the wait for the database count; `a core` counts the time of the web process alone.
"""

import json
import time
from collections.abc import Callable

from tests.benchmarks.database import DEPLOYMENT, SITE, scratch_network
from tests.benchmarks.memory import now_mb
from tests.benchmarks.table import Result

BATCHES, BATCH, SINGLES = 10, 1_000, 200
AIM_ROWS_A_SECOND, AIM_SINGLE_MS = 4_000, 25
STREAMED_MB, ROW_KB = 200, 50


def run() -> Result:
    with scratch_network():
        send = sender()
        numbers = iter(range(1, BATCHES * BATCH + SINGLES + 1))
        batches = [[next(numbers) for _ in range(BATCH)] for _ in range(BATCHES)]
        began = time.process_time()
        rate = BATCHES * BATCH / sum(send(batch) for batch in batches)
        of_a_core = BATCHES * BATCH / (time.process_time() - began)
        singles = sorted(send([number]) for number in numbers)
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


def sender() -> Callable[[list[int]], float]:
    """Return a function that posts runs by number as NDJSON and returns the seconds until the answer was read."""
    from django.test import Client
    from django.utils import timezone

    from audit.access.actions import create_token
    from tests.factories import inference_row

    _, secret = create_token(deployment=DEPLOYMENT, by="benchmark", now=timezone.now())
    client = Client(headers={"Authorization": f"Bearer {secret}"})

    def send(numbers: list[int]) -> float:
        body = "\n".join(json.dumps(inference_row(number)) for number in numbers)
        began = time.perf_counter()
        answer = client.post("/api/v1/inferences", body, content_type="application/x-ndjson")
        content = b"".join(answer) if answer.streaming else answer.content
        if answer.status_code != 200 or content.count(b'"stored') != len(numbers):
            raise RuntimeError(f"the API answered {answer.status_code}: {content[:300]!r}")
        return time.perf_counter() - began

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
