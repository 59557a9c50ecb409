"""The demo's data are made once: a start that was killed is finished by the next, and nothing is doubled."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from deploy.demo.planning import plan_network
from deploy.demo.progress import Progress
from deploy.demo.seeding import SEED, begin
from deploy.demo.training import TrainedNetwork
from inference.networks.chest import build_chest_network
from inference.networks.registry import CHEST_CNN
from inference.networks.weights import save_network

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

SIZE = 0.06
TABLES = ("inference", "event", "read", "response", "truth", "storedimage")
TOO_LONG_S = 300


@pytest.fixture
def home(tmp_path):
    """Return a home whose networks are there already; what they say does not matter here."""
    progress = Progress.load(tmp_path)
    progress.networks = [untrained(tmp_path, version).plain() for version in ("1.0", "1.1")]
    begin(progress, seed=SEED, size=SIZE, now=datetime.now(UTC))
    return tmp_path


def untrained(home: Path, version: str) -> TrainedNetwork:
    folder = home / "weights"
    folder.mkdir(exist_ok=True)
    path = folder / f"{version}.safetensors"
    sha256 = save_network(build_chest_network(), path, architecture=CHEST_CNN)
    return TrainedNetwork(version=version, sha256=sha256, path=path.rename(folder / f"{sha256}.safetensors"), auc=0.5)


def start(home, database):
    environment = database.environment | {"RADVIGIL_HOME": str(home), "RADVIGIL_DEMO": "True"}
    command = [sys.executable, "-m", "deploy.demo.seeding"]
    return subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.DEVNULL)


def kill_after(month, *, home, process):
    deadline = time.monotonic() + TOO_LONG_S
    while not Progress.load(home).is_finished(f"month {month}"):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def counts(database):
    with psycopg.connect(database.url("owner")) as connection:
        return {
            table: connection.execute(f"SELECT count(*), count(DISTINCT id) FROM inference_{table}").fetchone()[0]
            for table in TABLES
        }


def test_a_killed_start_is_finished_by_the_next_and_nothing_is_doubled(home, committed_database):
    kill_after(2, home=home, process=start(home, committed_database))
    kill_after(9, home=home, process=start(home, committed_database))
    assert start(home, committed_database).wait(timeout=TOO_LONG_S) == 0

    plan = plan_network(last_day=date.fromisoformat(Progress.load(home).last_day), seed=SEED, size=SIZE)
    runs = sum(not each.is_silent for each in plan.studies) + 1  # one study runs twice
    found = counts(committed_database)
    assert found["inference"] == runs + 1200  # four streams of 300
    assert found["storedimage"] - sum(not each.is_silent for each in plan.studies) in range(4, 7)  # the exhibit
    before = counts(committed_database)
    started = time.monotonic()
    assert start(home, committed_database).wait(timeout=TOO_LONG_S) == 0
    assert counts(committed_database) == before
    assert time.monotonic() - started < 20  # without torch: under a second on an idle machine
