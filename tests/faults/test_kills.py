"""`kill -9` of every part at random points of a load: afterwards every row is there once, and the log is intact.

`RADVIGIL_FAULT_ROWS` sets the load; 50,000 rows are the full run.
"""

import logging
import os
import random
import time

import pytest

from tests.faults.installation import Sent, assert_all_there_once, batches, send_all, send_messages, together

ROWS = int(os.environ.get("RADVIGIL_FAULT_ROWS", "10000"))
BATCHES = 100
PARTS = ("web", "worker", "database", "broker", "listener")
KILLS_OF_EACH = 4
MESSAGES = 60
logger = logging.getLogger(__name__)
SEED = 20261124
SECONDS = 280.0


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
        site.kill_one(part, chance=chance)


@pytest.mark.slow
def test_twenty_kills_lose_nothing_and_double_nothing(site):
    chance, sent = random.Random(SEED), Sent()
    work = batches(rows=ROWS, size=max(1, ROWS // BATCHES))
    moments = plan(chance)
    assert len(moments) == 20
    site.start()
    together(
        lambda: send_all(site, work[0::2], sent=sent, seconds=SECONDS),
        lambda: send_all(site, work[1::2], sent=sent, seconds=SECONDS),
        lambda: send_messages(site, messages=MESSAGES, sent=sent, seconds=SECONDS),
        lambda: kill_by(site, moments, sent=sent, chance=chance, total=len(work)),
    )
    logger.info("statuses %s, rows %s", dict(sent.statuses), dict(sent.became))
    assert set(sent.became) <= {"stored", "duplicate"}
    assert_all_there_once(site, rows=ROWS, messages=MESSAGES)
