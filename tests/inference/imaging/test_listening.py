"""Objects over a real association: acknowledged when durable, taken in once, whoever is killed when."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest
from pydicom.data import get_testdata_file
from pynetdicom import AE
from pynetdicom.sop_class import CTImageStorage, Verification

from inference.imaging.inbox import Inbox, InboxFullError
from inference.imaging.listening import DicomListener, Listening
from inference.management.commands.listen_dicom import context_of
from inference.studies.models import StoredImage
from inference.studies.pseudonyms import keyring_of
from tests.certificates import make_certificate, trusting
from tests.factories import make_network
from tests.inference.imaging.objects import ct_slice, encoded

ALLOWED = ("PACS",)


@pytest.fixture
def network(committed_database, settings, tmp_path):
    settings.RADVIGIL_PIXELS = tmp_path / "pixels"
    make_network()
    return committed_database


@pytest.fixture
def listener(network, now, tmp_path):
    inbox = Inbox(folder=tmp_path / "inbox", keyring=keyring_of("north-group"), least_free_bytes=0)
    listening = Listening(site="north", ae_title="RADVIGIL", host="127.0.0.1", port=0, allowed=ALLOWED)
    running = DicomListener(listening, inbox=inbox, clock=lambda: now)
    running.start()
    yield running
    running.stop()


def send(port, *datasets, title="PACS", called="RADVIGIL"):
    """Store datasets over one association and return the statuses; none where the association is refused."""
    entity = AE(ae_title=title)
    entity.add_requested_context(CTImageStorage)
    entity.add_requested_context(Verification)
    association = entity.associate("127.0.0.1", port, ae_title=called)
    if not association.is_established:
        return []
    statuses = [association.send_c_store(each).Status for each in datasets] or [association.send_c_echo().Status]
    association.release()
    return statuses


def wait_for(condition, seconds=20):
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return condition()


def test_an_image_is_acknowledged_and_then_a_study_and_a_copy_of_it_changes_nothing(listener):
    assert send(listener.port, ct_slice(), ct_slice()) == [0x0000, 0x0000]

    assert wait_for(lambda: StoredImage.objects.count() == 1)
    assert wait_for(lambda: not list(listener.inbox.folder.glob("*.object")))


def test_only_titles_on_the_list_may_send_and_only_to_ours(listener):
    assert send(listener.port) == [0x0000]
    assert send(listener.port, title="STRANGER") == [] and send(listener.port, called="OTHER") == []


def test_a_full_inbox_makes_senders_wait_and_loses_nothing(network, now, tmp_path):
    inbox = Inbox(folder=tmp_path / "inbox", keyring=keyring_of("north-group"), most=0, least_free_bytes=0)
    listening = Listening(site="north", ae_title="RADVIGIL", host="127.0.0.1", port=0)
    running = DicomListener(listening, inbox=inbox, clock=lambda: now)
    running.start()
    try:
        assert send(running.port, ct_slice()) == [0xA700]
    finally:
        running.stop()
    assert not StoredImage.objects.exists()


def test_what_waits_in_the_inbox_is_sealed_and_whole(network, tmp_path):
    inbox = Inbox(folder=tmp_path / "inbox", keyring=keyring_of("north-group"), least_free_bytes=0)
    data = encoded(ct_slice())
    path = inbox.put(data, calling_ae="PACS")

    (waiting,) = inbox.waiting()
    assert (waiting.data, waiting.calling_ae) == (data, "PACS")
    assert b"CompressedSamples" not in path.read_bytes() and path.stat().st_mode & 0o077 == 0
    with pytest.raises(InboxFullError, match="nearly full"):
        Inbox(folder=tmp_path / "inbox", keyring=keyring_of("north-group"), least_free_bytes=1 << 60).put(
            data, calling_ae=""
        )


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("storescu") is None, reason="dcmtk's storescu is not installed")
def test_dcmtk_stores_objects_as_any_modality_would(listener):
    files = [str(get_testdata_file(name)) for name in ("CT_small.dcm", "MR_small.dcm")]
    command = ["storescu", "-aet", "PACS", "-aec", "RADVIGIL", "127.0.0.1", str(listener.port), *files]
    plain = subprocess.run(command, capture_output=True, check=False)

    assert plain.returncode == 0, plain.stderr
    assert wait_for(lambda: StoredImage.objects.count() == 2)


def free_port():
    with socket.socket() as plain:
        plain.bind(("127.0.0.1", 0))
        return plain.getsockname()[1]


@pytest.mark.slow
def test_an_acknowledged_object_outlives_the_kill_of_the_listener(network, tmp_path):
    port = free_port()
    command = [sys.executable, "manage.py", "listen_dicom", "--site", "north", "--port", str(port), "--allow", "PACS"]
    environment = network.environment | {"RADVIGIL_HOME": str(tmp_path / "home")}
    images = []
    for number in range(12):
        image = ct_slice()
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
        images.append(image)
    acknowledged = 0
    for batch in (images[:4], images[4:8], images[8:]):
        running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
        assert wait_for(lambda: send(port) == [0x0000])
        acknowledged += send(port, *batch).count(0x0000)
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        assert acknowledged == 12
        assert wait_for(lambda: StoredImage.objects.count() == 12)
    finally:
        running.terminate()
        running.wait(20)


def test_over_tls_the_server_shows_its_certificate_and_plain_senders_get_nowhere(network, now, tmp_path):
    certificate = make_certificate(tmp_path / "both.pem")
    inbox = Inbox(folder=tmp_path / "inbox", keyring=keyring_of("north-group"), least_free_bytes=0)
    listening = Listening(
        site="north", ae_title="RADVIGIL", host="127.0.0.1", port=0, context=context_of(certificate, None)
    )
    running = DicomListener(listening, inbox=inbox, clock=lambda: now)
    running.start()
    try:
        assert send(running.port) == []
        entity = AE(ae_title="PACS")
        entity.add_requested_context(CTImageStorage)
        secured = {"tls_args": (trusting(certificate), "127.0.0.1")}
        association = entity.associate("127.0.0.1", running.port, ae_title="RADVIGIL", **secured)
        assert association.is_established and association.send_c_store(ct_slice()).Status == 0x0000
        association.release()
    finally:
        running.stop()
