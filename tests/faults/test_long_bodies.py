"""One NDJSON body much longer than memory through the served application: memory stays flat, receipts come in order.

`RADVIGIL_BODY_MB` sets the length, 1024 is the full run; `RADVIGIL_BODY_NOTE_KB` says how much of each row is a field
that is not kept.
Its figures are logged, and stand in docs/intake.md.
"""

import http.client
import json
import logging
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories import inference_row
from tests.faults.afterwards import counted
from tests.faults.installation import Installation, post_rows

MEGABYTES = int(os.environ.get("RADVIGIL_BODY_MB", "48"))
PIECE = 1 << 20
NOTE = "x" * 1024 * int(os.environ.get("RADVIGIL_BODY_NOTE_KB", "16"))
EARLY_MB = max(24, MEGABYTES // 8)  # by then the first whole batches were stored
MORE = {"note": NOTE} if NOTE else {}
MOST_GROWTH_MB = 128  # a body held whole takes many times its length
logger = logging.getLogger(__name__)
RECEIPT = re.compile(rb'"row":\s*(\d+),[^{}]*?"status":\s*"(\w+)"')


class Body:
    """Lines made as they are sent, so that the client holds none of them; notes the memory of the server meanwhile."""

    def __init__(self, site: Installation, *, megabytes: int) -> None:
        self.site, self.megabytes, self.rows = site, megabytes, 0
        self.peaks: list[float] = []

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(self.megabytes):
            piece = bytearray()
            while len(piece) < PIECE:
                self.rows += 1
                piece += json.dumps(inference_row(self.rows) | MORE).encode() + b"\n"
            yield bytes(piece)
            self.peaks.append(peak_mb(self.site))


def peak_mb(site: Installation) -> float:
    """Return the most memory that any web process has held so far."""
    return max(kilobytes(pid, "VmHWM") for pid in site.pids("web")) / 1024


def kilobytes(pid: int, name: str) -> int:
    said = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+)", said)[1])


def send(site: Installation, body: Body) -> Iterator[tuple[int, bytes]]:
    """Send the body in chunks and yield row and status of each receipt as it comes."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=3_600)
    headers = {"Authorization": f"Bearer {site.token}", "Content-Type": "application/x-ndjson"}
    connection.request("POST", "/api/v1/inferences", iter(body), headers, encode_chunked=True)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read(500)
    waiting, last = b"", b""
    while piece := answer.read(PIECE):
        waiting += piece
        end = waiting.rfind(b"}") + 1
        yield from ((int(row), status) for row, status in RECEIPT.findall(waiting[:end]))
        waiting = last = waiting[end:]
    assert last.strip().endswith(b"]"), "the answer was cut short"
    connection.close()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not say how much memory is held")
def test_a_body_longer_than_memory_goes_in_with_flat_memory_and_receipts_in_order(site):
    site.start()
    post_rows(site, [inference_row(10_000_000)])
    idle, began, body = peak_mb(site), time.monotonic(), Body(site, megabytes=MEGABYTES)

    expected = 0
    for row, status in send(site, body):
        expected += 1
        assert row == expected and status in (b"stored", b"stored_flagged")

    took, early, peak = time.monotonic() - began, body.peaks[EARLY_MB], peak_mb(site)
    rate = f"{body.rows:,} rows in {took:.0f} s ({body.rows / took:,.0f} rows/s)"
    held = f"{idle:.0f} MB before, {early:.0f} MB after {EARLY_MB} MB, {peak:.0f} MB at most"
    logger.warning("%d MB: %s; the web process held %s", MEGABYTES, rate, held)
    assert expected == body.rows == counted(site, "SELECT count(*) FROM inference_inference") - 1
    assert peak - early < MOST_GROWTH_MB
