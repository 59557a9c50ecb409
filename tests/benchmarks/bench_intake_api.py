"""Batches of 1,000 rows over the API in one process, against the aim of the design; single rows are in `note`."""

import json
import time
from collections.abc import Callable

from tests.benchmarks.database import DEPLOYMENT, scratch_network
from tests.benchmarks.table import Result

BATCHES, BATCH, SINGLES = 10, 1_000, 200
AIM_ROWS_A_SECOND, AIM_SINGLE_MS = 4_000, 25


def run() -> Result:
    with scratch_network():
        send = sender()
        numbers = iter(range(1, BATCHES * BATCH + SINGLES + 1))
        batches = [[next(numbers) for _ in range(BATCH)] for _ in range(BATCHES)]
        rate = BATCHES * BATCH / sum(send(batch) for batch in batches)
        singles = sorted(send([number]) for number in numbers)
    slowest_ms = 1000 * singles[int(0.99 * len(singles))]
    return Result(
        name="intake_api",
        ours=rate,
        theirs=AIM_ROWS_A_SECOND,
        unit="rows/s",
        ratio=rate / AIM_ROWS_A_SECOND,
        aim=f"≥ 1 of the aim, single row p99 ≤ {AIM_SINGLE_MS} ms",
        reached=rate >= AIM_ROWS_A_SECOND and slowest_ms <= AIM_SINGLE_MS,
        note=f"single row p50 {1000 * singles[len(singles) // 2]:.1f} ms, p99 {slowest_ms:.1f} ms",
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
