"""The recorder against the installation itself: what a device logged is in, once, whatever happened on the way."""

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from urllib.request import urlopen

import pytest

from audit.access.actions import create_token
from inference.client import Recorder
from inference.events.models import Event
from inference.results.models import Inference
from tests.factories import make_network, study_part
from tests.inference.client.test_recorder import wait_for

pytestmark = pytest.mark.slow


@pytest.fixture
def address():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


def start_server(database, address):
    command = [sys.executable, "-m", "gunicorn", "deploy.wsgi:application", "--bind", address, "--log-level", "error"]
    server = subprocess.Popen(command, env=database.environment, start_new_session=True)
    wait_for(lambda: is_up(address))
    return server


def kill(server):
    """Kill the master and its workers at once, in the middle of whatever they do."""
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def is_up(address):
    try:
        urlopen(f"http://{address}/log-in/", timeout=5).close()
    except OSError:
        return False
    return True


def test_a_server_killed_again_and_again_has_every_row_once(committed_database, address, tmp_path):
    make_network()
    _token, secret = create_token(deployment="cxr-north", by="test", now=datetime.now(UTC))
    server = start_server(committed_database, address)
    try:
        recorder = Recorder(f"http://{address}", secret, spool=tmp_path, deployment="cxr-north", version="1.0")
        uids = []
        for number in range(900):
            uids.append(recorder.log([{"finding": "nodule", "score": 0.5}], study=study_part(number)))
            recorder.displayed(uids[-1], to="R1")
            if number % 300 == 299:
                time.sleep(0.3)
                kill(server)
                server = start_server(committed_database, address)
        assert recorder.flush(timeout=60)
        assert recorder.state.quarantined == 0
        recorder.close()
    finally:
        kill(server)

    assert Inference.objects.count() == Inference.objects.values("study").distinct().count() == len(set(uids)) == 900
    assert Event.objects.count() == 900
