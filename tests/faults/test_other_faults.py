"""Two clients with the same rows, a broker that is away, a database whose disk is full."""

import subprocess
import time
from pathlib import Path

import pytest

from tests.deploy.sites import clear, wait_until
from tests.factories import inference_row
from tests.faults.afterwards import assert_all_there_once, counted
from tests.faults.conftest import free_port
from tests.faults.installation import Sent, batches, installed, post_rows, send_all, together

ROWS = 2_000
SECONDS = 120.0
DISK = "900m"


@pytest.mark.slow
def test_two_clients_that_send_the_same_rows_at_once_store_each_once(site):
    sent, work = Sent(), batches(rows=ROWS, size=200)
    site.start()
    together(
        lambda: send_all(site, work, sent=sent, seconds=SECONDS),
        lambda: send_all(site, work, sent=sent, seconds=SECONDS),
    )

    assert sent.became == {"stored": ROWS, "duplicate": ROWS}
    assert set(sent.statuses) == {200}
    assert_all_there_once(site, rows=ROWS)


@pytest.mark.slow
def test_a_load_goes_in_while_the_broker_is_away(site):
    sent = Sent()
    site.start(RADVIGIL_REDIS_URL="redis://127.0.0.1:1/0")
    send_all(site, batches(rows=ROWS, size=200), sent=sent, seconds=SECONDS)

    assert (sent.became, set(sent.statuses)) == ({"stored": ROWS}, {200})
    assert_all_there_once(site, rows=ROWS)


@pytest.fixture
def small_disk(tmp_path):
    """A home whose database lies on a disk of 900 megabytes."""
    home = tmp_path / "home"
    folder = home / "postgres"
    folder.mkdir(parents=True, mode=0o700)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0700", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"a disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    try:
        with installed(home, ports=[free_port() for _ in range(3)]) as found:
            yield found
    finally:
        clear(home)
        time.sleep(0.5)
        subprocess.run(["umount", "-l", str(folder)], check=False)


def fill(folder: Path) -> Path:
    """Take what is left of the disk."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:  # a buffer would be written again when it closes
        try:
            while True:
                file.write(b"\0" * 65_536)
        except OSError:
            return ballast


@pytest.mark.slow
def test_a_full_disk_is_said_and_nothing_is_half_stored_and_it_goes_on_with_room(small_disk):
    site, sent = small_disk, Sent()
    site.start()
    send_all(site, batches(rows=200, size=100), sent=sent, seconds=SECONDS)
    ballast = fill(site.home / "postgres")
    rows = [inference_row(number) for number in range(201, 10_201)]
    refused = [post_rows(site, rows[first : first + 1_000]) for first in range(0, len(rows), 1_000)]
    statuses = {status for status, _ in refused}
    stored = 200 + 1_000 * sum(status == 200 for status, _ in refused)
    ballast.unlink()

    assert statuses & {503, 507} and statuses <= {200, 503, 507}
    assert {answer["status"] for status, answer in refused if status in (503, 507)} <= {503, 507}
    wait_until(lambda: post_rows(site, rows[:1])[0] == 200, seconds=60)
    assert counted(site, "SELECT count(*) FROM inference_inference") >= stored
    send_all(site, [rows[first : first + 500] for first in range(0, len(rows), 500)], sent=sent, seconds=SECONDS)
    assert_all_there_once(site, rows=10_200)
