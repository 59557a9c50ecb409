"""The recorder against servers and disks that do their worst; the device must not notice, and no row may be lost."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime

import numpy as np
import pytest

from inference.client import Recorder
from inference.client.rows import line_of, parsed
from tests.inference.client.servers import Receiver, serving

STUDY = {"study_uid": "1.2.3", "patient_id": "P1"}
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def receiver():
    return Receiver()


@pytest.fixture
def url(receiver):
    with serving(receiver) as address:
        yield address


def test_a_run_arrives_with_what_the_recorder_was_told_once(tmp_path, receiver, url):
    with Recorder(url, "t", spool=tmp_path, deployment="cxr-north", version="3.1") as recorder:
        uid = recorder.log([{"finding": "nodule", "score": 0.83}], study=STUDY)
        shown = recorder.displayed(uid, to="R1")
        assert recorder.flush()

    row, event = receiver.rows[uid], receiver.rows[shown]
    assert (row["deployment"], row["version"], row["status"]) == ("cxr-north", "3.1", "ok")
    assert row["predictions"] == [{"finding": "nodule", "score": 0.83}] and row["study"] == STUDY
    assert (event["kind"], event["inference_uid"], event["to"], event["deployment"]) == (
        "displayed", uid, "R1", "cxr-north",
    )  # fmt: skip


def test_a_context_times_the_run_and_an_error_is_a_failed_run_and_still_the_devices_error(tmp_path, receiver, url):
    with Recorder(url, "t", spool=tmp_path) as recorder:
        with recorder.inference(study=STUDY) as good:
            good.predict("nodule", score=0.5, region=None)
        with pytest.raises(ZeroDivisionError), recorder.inference(study=STUDY) as bad:
            1 / 0  # noqa: B018
        with pytest.raises(TimeoutError), recorder.inference(study=STUDY) as late:
            raise TimeoutError
        with recorder.inference(study=STUDY) as refused:
            refused.reject()
        assert recorder.flush()

    rows = receiver.rows
    assert rows[good.inference_uid]["predictions"] == [{"finding": "nodule", "score": 0.5}]
    assert datetime.fromisoformat(rows[good.inference_uid]["started_at"]) <= datetime.fromisoformat(
        rows[good.inference_uid]["finished_at"]
    )
    assert [rows[each.inference_uid]["status"] for each in (good, bad, late, refused)] == [
        "ok", "failed", "timed_out", "rejected_input",
    ]  # fmt: skip


def test_a_decorated_device_gives_what_it_gave_whether_it_waits_or_not(tmp_path, receiver, url):
    with Recorder(url, "t", spool=tmp_path) as recorder:
        watch = recorder.watch(
            study=lambda image: {"study_uid": f"1.{image}"},
            predictions=lambda score: [{"finding": "nodule", "score": score}],
        )

        @watch
        def device(image):
            return image / 10

        @watch
        async def slow_device(image):
            await asyncio.sleep(0)
            return image / 10

        assert device(3) == 0.3 and asyncio.run(slow_device(4)) == 0.4
        assert recorder.flush()

    said = {row["study"]["study_uid"]: row["predictions"][0]["score"] for row in receiver.rows.values()}
    assert said == {"1.3": 0.3, "1.4": 0.4}


def test_functions_that_cannot_tell_cost_the_description_and_not_the_run(tmp_path, receiver, url):
    with Recorder(url, "t", spool=tmp_path) as recorder:
        device = recorder.watch(study=lambda: STUDY["nothing"], predictions=lambda _: 5 / 0)(lambda: "result")
        assert device() == "result"
        assert recorder.flush()

    (row,) = receiver.rows.values()
    assert row["status"] == "partial" and "study" not in row


@pytest.mark.parametrize(
    "value",
    [np.float32(0.5), np.array([1.0, 2.0]), float("nan"), {1, 2}, object(), datetime.now(UTC), b"\xff", "é\ud800"],
)
def test_any_value_becomes_a_line_that_is_read_again(value):
    line = line_of("inferences", {"score": value})

    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert "score" in json.loads(parsed(line.rstrip(b"\n")).payload)


def test_a_value_that_holds_itself_is_kept_as_text():
    endless = []
    endless.append(endless)

    assert parsed(line_of("inferences", {"score": endless}).rstrip(b"\n")) is not None


def test_a_damaged_line_is_counted_and_costs_no_other(tmp_path, receiver, url):
    with Recorder(NOBODY, "t", spool=tmp_path) as recorder:
        for number in range(3):
            recorder.log(study=STUDY, inference_uid=f"r{number}")
        recorder.close(timeout=0.1)
    (segment,) = tmp_path.glob("lane-*/*.rows")
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 1
    segment.write_bytes(content[:-20])

    with Recorder(url, "t", spool=tmp_path) as recorder:
        recorder.flush()
        wait_for(lambda: recorder.state.damaged == 2)
    assert set(receiver.rows) == {"r0"}


GARBAGE = [
    (200, b"<html>log in to the guest network</html>"),
    (200, b"[]"),
    (200, b'[{"uid": "somebody else", "status": "stored"}]'),
    (200, b'[{"uid": "r0", "status": "perhaps"}]'),
    (200, b"[null]"),
    (302, b""),
    (401, b"{}"),
    (500, b"\x00\xff"),
    (503, b"{}"),
]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_a_server_that_answers_garbage_is_asked_again_until_the_row_is_in(tmp_path, receiver, url, garbage):
    receiver.instead = [garbage]
    with Recorder(url, "t", spool=tmp_path) as recorder:
        recorder.log(study=STUDY, inference_uid="r0")
        assert recorder.flush()

    assert set(receiver.rows) == {"r0"} and receiver.requests == 2


def test_a_row_too_large_for_the_server_is_kept_in_a_file_and_the_others_go_in(tmp_path, receiver, url):
    receiver.largest = 2_000
    with Recorder(url, "t", spool=tmp_path) as recorder:
        for number in range(20):
            recorder.log(
                study=STUDY, inference_uid=f"r{number}", covariates={"note": "x" * (5_000 if number == 7 else 100)}
            )
        assert recorder.flush(timeout=20)
        assert recorder.state.refused == 1

    assert len(receiver.rows) == 19 and "r7" not in receiver.rows
    assert json.loads((tmp_path / "too-large.ndjson").read_text())["inference_uid"] == "r7"


def test_a_server_away_gets_everything_when_it_is_back(tmp_path, receiver):
    recorder = Recorder(NOBODY, "t", spool=tmp_path, version="1")
    for number in range(2_000):
        recorder.log(study=STUDY, inference_uid=f"r{number}")
    assert not recorder.close(timeout=0.2)

    with serving(receiver) as address, Recorder(address, "t", spool=tmp_path) as later:
        assert wait_for(lambda: len(receiver.rows) == 2_000)
        assert later.flush()
        assert later.state.delivered == 2_000
    assert not list(tmp_path.glob("lane-*"))


DEVICE = """
import sys, os
from inference.client import Recorder
recorder = Recorder(sys.argv[1], "t", spool=sys.argv[2], memory_bytes=int(sys.argv[3]))
number = 0
while True:
    recorder.log(study={"study_uid": "1.2"}, inference_uid=f"{os.getpid()}-{number}")
    number += 1
    print(number, flush=True)
"""


def start_device(url, spool, memory_bytes=0, **options):
    code = textwrap.dedent(DEVICE)
    arguments = [sys.executable, "-c", code, url, str(spool), str(memory_bytes)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, **options)


def test_every_row_logged_before_a_kill_arrives_exactly_once(tmp_path, receiver, url):
    logged = set()
    for _ in range(3):
        device = start_device(url, tmp_path)
        for number, _line in enumerate(device.stdout):
            if number == 400:
                break
        device.send_signal(signal.SIGKILL)
        rest = device.stdout.read().split()
        device.wait()
        logged |= {f"{device.pid}-{number}" for number in range(401 + len(rest))}

    with Recorder(url, "t", spool=tmp_path):
        assert wait_for(lambda: logged <= set(receiver.rows))
    assert len(set(receiver.rows) - logged) <= 3  # a row may be in whose number was not printed any more


def test_two_processes_share_a_spool_and_a_forked_child_has_a_lane_of_its_own(tmp_path, receiver, url):
    with Recorder(url, "t", spool=tmp_path) as recorder:
        recorder.log(study=STUDY, inference_uid="parent-before")
        child = os.fork()
        if child == 0:
            recorder.log(study=STUDY, inference_uid="child")
            os._exit(0 if recorder.flush() else 1)
        recorder.log(study=STUDY, inference_uid="parent-after")
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert recorder.flush()

    assert set(receiver.rows) == {"parent-before", "child", "parent-after"}


def test_a_disk_that_is_full_costs_the_device_nothing_and_what_is_lost_is_counted(tmp_path, receiver):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        recorder = Recorder(NOBODY, "t", spool=disk, memory_bytes=20_000)
        for number in range(3_000):
            recorder.log(study=STUDY, inference_uid=f"r{number}")
        assert recorder.state.lost > 0
        recorder.close(timeout=0.2)
        with serving(receiver) as address, Recorder(address, "t", spool=disk) as later:
            assert later.flush(timeout=30)
            assert wait_for(lambda: later.state.delivered + later.state.lost == 3_000)
            assert len(receiver.rows) == later.state.delivered > 1_000
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


def test_rows_in_memory_reach_the_disk_or_the_server_when_either_is_back(tmp_path, receiver):
    spool = tmp_path / "spool"
    spool.write_text("a file where the folder should be")
    with serving(receiver) as address, Recorder(address, "t", spool=spool) as recorder:
        recorder.log(study=STUDY, inference_uid="r0")
        assert recorder.flush()
    assert set(receiver.rows) == {"r0"}


def test_a_spool_beyond_its_limit_counts_what_it_loses(tmp_path):
    recorder = Recorder(NOBODY, "t", spool=tmp_path, most_bytes=10_000, memory_bytes=0)
    for _ in range(200):
        recorder.log(study=STUDY)
    state = recorder.state
    recorder.close(timeout=0.1)

    assert 0 < state.lost < 200 and state.pending_bytes <= 10_000


def test_what_was_lost_is_told_to_the_server_once(tmp_path, receiver, url):
    recorder = Recorder(url, "t", spool=tmp_path, deployment="cxr-north", most_bytes=1, memory_bytes=0)
    recorder.log(study=STUDY)
    recorder.log(study=STUDY)
    lost = recorder.state.lost
    recorder.flush()
    assert wait_for(lambda: receiver.losses)
    recorder.close()
    with Recorder(url, "t", spool=tmp_path, deployment="cxr-north") as later:
        later.flush()

    assert sum(each["lost"] for each in receiver.losses) == lost > 0
    assert receiver.losses[0]["deployment"] == "cxr-north"


def test_the_spool_is_for_its_owner_alone(tmp_path):
    with Recorder(NOBODY, "t", spool=tmp_path / "spool") as recorder:
        recorder.log(study=STUDY)
        modes = {path: path.stat().st_mode & 0o077 for path in (tmp_path / "spool").rglob("*")}
        recorder.close(timeout=0.1)

    assert len(modes) >= 3 and not any(modes.values())


def test_the_recorder_needs_no_framework():
    code = (
        "import sys, inference.client; print([name for name in ('django', 'numpy', 'celery') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"


def wait_for(condition, seconds=20.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return condition()
