"""What one call of the recorder costs the device, against writing the same row to a file by hand."""

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.table import Result

CALLS, MOST_MS = 20_000, 1.0
NOBODY = "http://127.0.0.1:9"
STUDY = {"study_uid": "1.2.840.113619.2.55.3", "patient_id": "P1", "acquired_at": "2026-03-01T08:15:00+01:00"}
PREDICTIONS = [{"finding": "nodule", "score": 0.83}, {"finding": "effusion", "score": 0.02}]


def run() -> Result:
    from inference.client import Recorder

    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(NOBODY, "t", spool=Path(folder) / "spool", deployment="cxr-north", version="1.0")
        ours = percentile_ms(lambda: recorder.log(PREDICTIONS, study=STUDY))
        recorder.close(timeout=0.1)
        with (Path(folder) / "by-hand.ndjson").open("a") as file:
            theirs = percentile_ms(lambda: by_hand(file))
    return Result(
        name="recorder",
        ours=ours,
        theirs=theirs,
        unit="ms p99",
        ratio=ours / theirs,
        aim=f"p99 < {MOST_MS} ms",
        reached=ours < MOST_MS,
    )


def by_hand(file) -> None:
    file.write(json.dumps({"study": STUDY, "predictions": PREDICTIONS}) + "\n")
    file.flush()


def percentile_ms(call: Callable[[], object]) -> float:
    """Return the time that 99 of 100 calls stay below."""
    taken = []
    for _ in range(CALLS):
        began = time.perf_counter_ns()
        call()
        taken.append(time.perf_counter_ns() - began)
    return sorted(taken)[CALLS * 99 // 100] / 1e6
