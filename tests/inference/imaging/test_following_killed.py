"""A follower that is killed again and again: afterwards everything of the archive is there, each thing once."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from inference.events.models import Event
from inference.imaging.models import Archive, ArchivedObject, ArchivedStudy
from tests.factories import make_network
from tests.inference.imaging.objects import encoded, measurement_report
from tests.inference.imaging.orthanc import Orthanc, needs_orthanc
from tests.inference.imaging.test_following import study_file

pytestmark = pytest.mark.slow
STUDIES, KILLS = 24, 4


def test_a_follower_that_is_killed_takes_everything_once(committed_database, tmp_path):
    needs_orthanc()
    make_network()
    folder = tmp_path / "orthanc"
    folder.mkdir()
    archive = Orthanc(folder).start()
    command = [sys.executable, "manage.py", "follow_dicomweb", "--site", "north", "--url", archive.url, "--once"]
    environment = committed_database.environment | {"RADVIGIL_HOME": str(tmp_path / "home")}
    chance = random.Random(5)
    try:
        for number in range(STUDIES):
            archive.store(study_file("CT_small.dcm", study_on=f"{2004 + number % 20}0119"))
        archive.store(encoded(measurement_report()))
        for _ in range(KILLS):
            running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
            time.sleep(chance.uniform(3.0, 7.0))
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
            running.wait()
        whole = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
    finally:
        archive.stop()

    assert whole.returncode == 0, whole.stderr
    assert Archive.objects.get().compared_at is not None
    assert ArchivedStudy.objects.filter(settled_at__isnull=False).count() == STUDIES + 1
    assert Event.objects.filter(kind__in=("acquired", "available")).count() == STUDIES + 1
    assert ArchivedObject.objects.count() == 1
