"""A log whose key was rotated, and that a witness cosigned: the next package leads from the old key to the new."""

import zipfile
from datetime import timedelta

import pytest

from audit.log.models import Checkpoint, LogKey
from audit.log.signing import mark_compromised, rotate_key
from audit.proofs.notes import PublicKey
from audit.witnesses.actions import keep_cosignatures, register_log, register_witness
from audit.witnesses.asking import request_for
from audit.witnesses.cosigning import add_checkpoint, own_key
from tests.factories import inference_row, send
from tests.monitoring.evidence.conftest import export, run_verifier

pytestmark = pytest.mark.django_db
LOG = "north-group"


def names_in(path):
    with zipfile.ZipFile(path) as archive:
        return [each.removeprefix(f"data/logs/{LOG}/") for each in archive.namelist() if f"/logs/{LOG}/" in each]


def test_the_key_of_the_package_before_still_opens_the_one_after_a_rotation(package, now):
    old = package.keys[LOG]
    new = rotate_key(LOG, overlap=timedelta(days=1), by="test", now=now).fingerprint
    second = package.folder / "second.zip"
    keys = export(second, "--site", "north", "--previous", str(package.path))
    assert keys == {LOG: new}
    assert {"keys", "rotations/1"} <= set(names_in(second))
    for pin in (old, new):
        assert run_verifier(str(second), "--key", pin) == (0, "Every file, entry and figure holds.\n")


def test_a_key_that_was_given_up_no_longer_opens_a_package(package, now):
    rotate_key(LOG, overlap=timedelta(0), by="test", now=now)
    mark_compromised(LOG, fingerprint=package.keys[LOG], since=now, by="test", now=now)
    second = package.folder / "second.zip"
    keys = export(second, "--site", "north")
    code, said = run_verifier(str(second), "--key", package.keys[LOG])
    assert code == 1
    assert "was given up as stolen" in said
    assert run_verifier(str(second), "--key", keys[LOG])[0] == 0


def test_what_a_witness_saw_travels_with_the_package(package, now):
    key = LogKey.objects.get(organisation=LOG)
    register_log(keys=[PublicKey(name=key.origin, key=bytes(key.public_key)).text], by="test", now=now)
    witness = register_witness(key=own_key().text, way="print", place="", by="test", now=now)
    checkpoint = Checkpoint.objects.filter(organisation=LOG).order_by("-size").first()
    answer = add_checkpoint(request_for(checkpoint, old_size=0), now=now)
    keep_cosignatures(checkpoint, witness=witness, lines=answer.body, now=now)
    second = package.folder / "second.zip"
    keys = export(second, "--site", "north")
    assert {"witnesses", f"cosigned/{checkpoint.size}"} <= set(names_in(second))
    code, said = run_verifier(str(second), "--key", keys[LOG], "--witness", own_key().text)
    assert (code, "cosigned" in said) == (0, True)
    assert run_verifier(str(second), "--key", keys[LOG], "--witness", "0" * 64)[0] == 1


def test_a_run_too_large_for_its_entry_is_proved_from_beside_the_log(package, now):
    row = inference_row(40, score=0.9)
    row["predictions"][0]["marks"] = [
        {"mark_uid": f"m{each}", "x": each, "y": 1, "width": 3, "height": 4, "score": 0.5} for each in range(1_500)
    ]
    send("inferences", row, now=now)
    second = package.folder / "second.zip"
    keys = export(second, "--site", "north")
    assert "payloads.ndjson" in names_in(second)
    assert run_verifier(str(second), "--key", keys[LOG]) == (0, "Every file, entry and figure holds.\n")
