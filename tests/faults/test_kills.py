"""`kill -9` of every part, 24 times at random points of a load: afterwards every row is there once, the log intact.

`RADVIGIL_FAULT_ROWS` sets the load; 50,000 rows are the full run.
"""

import logging
import os
import random
import time

import pytest

from tests.deploy.sites import wait_until
from tests.faults.afterwards import KILLS_OF_EACH, assert_all_there_once
from tests.faults.hospital import Traffic, send_messages, store_objects
from tests.faults.installation import Sent, batches, send_all, together

ROWS = int(os.environ.get("RADVIGIL_FAULT_ROWS", "10000"))
BATCHES = 100
PARTS = ("web", "worker", "database", "broker", "HL7 listener", "DICOM listener")
BESIDE = 60  # messages, and objects
logger = logging.getLogger(__name__)
SEED = 20261124
SECONDS = 280.0 if ROWS <= 10_000 else 1_500.0


def plan(chance):
    """Return (how much of the load is done, part) for each kill, in order."""
    parts = [part for part in PARTS for _ in range(KILLS_OF_EACH)]
    chance.shuffle(parts)
    return sorted(zip((chance.uniform(0.01, 0.95) for _ in parts), parts, strict=True))


def kill_by(site, moments, *, sent, chance, total):
    until = time.monotonic() + SECONDS
    for share, part in moments:
        while sent.done < share * total:
            assert not sent.failed and time.monotonic() < until, "the load stands still"
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.3))
        assert site.process.poll() is None, "the installation gave up"
        wait_until(lambda part=part: site.pids(part), seconds=60)
        site.kill_one(part, chance=chance)


@pytest.mark.slow
def test_two_dozen_kills_lose_nothing_and_double_nothing(site):
    chance, sent = random.Random(SEED), Sent()
    work = batches(rows=ROWS, size=max(1, ROWS // BATCHES))
    moments = plan(chance)
    assert len(moments) == 24
    site.start()
    began, traffic = time.monotonic(), Traffic(count=BESIDE, batches=len(work), sent=sent, seconds=SECONDS)
    together(
        lambda: send_all(site, work[0::2], sent=sent, seconds=SECONDS),
        lambda: send_all(site, work[1::2], sent=sent, seconds=SECONDS),
        lambda: send_messages(site, traffic=traffic),
        lambda: store_objects(site, traffic=traffic),
        lambda: kill_by(site, moments, sent=sent, chance=chance, total=len(work)),
    )
    took = time.monotonic() - began
    logger.info("in %.0f s: statuses %s, rows %s", took, dict(sent.statuses), dict(sent.became))
    assert set(sent.became) <= {"stored", "duplicate"}
    assert_all_there_once(site, rows=ROWS, messages=BESIDE, objects=BESIDE)
