"""Keys of a log: rotated with an overlap, given up after a theft, and kept on a token that never shows them."""

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from audit.errors import KeyStoreError, MissingKeyError
from audit.log.actions import record_act
from audit.log.checkpoints import sign_checkpoints
from audit.log.keyhistory import rotations_of
from audit.log.keystores import SESSIONS, open_key
from audit.log.models import Checkpoint, LogKey
from audit.log.sequencing import sequence
from audit.log.signing import mark_compromised, rotate_key
from audit.log.stated import verify_fast
from audit.log.verifying import verify_log
from audit.proofs.notes import NoteError, PublicKey, open_checkpoint
from audit.proofs.rotations import follow

DAY = timedelta(days=1)
LOG = "north-group"
SOFTHSM = Path("/usr/lib/softhsm/libsofthsm2.so")


def grow(now):
    record_act("test.act", organisation=LOG, subject="x", actor="test", at=now)
    sequence(now=now)
    sign_checkpoints(now=now, interval=timedelta(0))
    return Checkpoint.objects.filter(organisation=LOG).latest("size")


def keys():
    rows = LogKey.objects.filter(organisation=LOG).order_by("id")
    return [PublicKey(name=row.origin, key=bytes(row.public_key)) for row in rows]


def opens(checkpoint, key):
    try:
        open_checkpoint(checkpoint.note.encode(), keys=[key])
    except NoteError:
        return False
    return True


@pytest.mark.django_db
class TestRotation:
    def test_both_keys_sign_during_the_overlap_and_the_new_one_alone_after_it(self, now):
        before = grow(now)
        rotate_key(LOG, overlap=7 * DAY, by="test", now=now)
        during, after = grow(now + DAY), grow(now + 8 * DAY)
        old, new = keys()
        assert [opens(each, old) for each in (before, during, after)] == [True, True, False]
        assert [opens(each, new) for each in (before, during, after)] == [False, True, True]
        assert list(verify_log(LOG)) == []

    def test_a_chain_leads_from_the_pinned_key_to_the_newest(self, now):
        grow(now)
        for day in (1, 2):
            rotate_key(LOG, overlap=DAY, by="test", now=now + day * DAY)
            grow(now + day * DAY)
        notes = [each.note.encode() for each in rotations_of(LOG, using="default")]
        assert follow(keys()[0], notes) == keys()
        assert follow(keys()[2], notes) == keys()[2:]

    def test_a_key_that_no_earlier_one_introduces_is_named(self, now):
        grow(now)
        origin = keys()[0].name
        LogKey.objects.create(organisation=LOG, origin=origin, public_key=b"\1" * 32, created_at=now)
        assert ["no earlier key introduces it" in str(each) for each in verify_log(LOG)] == [True]

    def test_what_a_compromised_key_signs_from_then_on_is_not_believed(self, now):
        grow(now)
        rotate_key(LOG, overlap=7 * DAY, by="test", now=now + DAY)
        old = keys()[0]
        mark_compromised(LOG, fingerprint=old.fingerprint, since=now + DAY / 2, by="test", now=now + DAY)
        assert not opens(grow(now + 2 * DAY), old)
        assert list(verify_log(LOG)) == []
        mark_compromised(LOG, fingerprint=old.fingerprint, since=now - DAY, by="test", now=now + 2 * DAY)
        grow(now + 3 * DAY)
        assert any("not signed as it stands" in str(each) for each in verify_log(LOG))

    def test_the_key_that_signs_is_rotated_before_it_is_given_up(self, now):
        grow(now)
        with pytest.raises(KeyStoreError, match="rotate it first"):
            mark_compromised(LOG, fingerprint=keys()[0].fingerprint, since=now, by="test", now=now)


def test_a_key_of_the_environment_is_given_and_never_made(settings):
    settings.RADVIGIL_LOG_KEYS = "environment"
    settings.RADVIGIL_LOG_SECRETS = "log-a=" + "07" * 32
    key = open_key("log-a", may_create=True)
    assert verify_fast(public_key=key.public_key, message=b"x", signature=key.sign(b"x"))
    with pytest.raises(MissingKeyError):
        open_key("log-b", may_create=True)


@pytest.mark.skipif(not SOFTHSM.exists() or not shutil.which("softhsm2-util"), reason="needs SoftHSM2")
def test_a_token_signs_with_a_key_that_it_keeps(settings, tmp_path, monkeypatch):
    pytest.importorskip("pkcs11", reason="needs python-pkcs11")
    (tmp_path / "tokens").mkdir()
    (tmp_path / "conf").write_text(f"directories.tokendir = {tmp_path}/tokens\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "conf"))
    made = ["softhsm2-util", "--init-token", "--free", "--label", "radvigil", "--so-pin", "1234", "--pin", "1234"]
    subprocess.run(made, check=True, capture_output=True)
    settings.RADVIGIL_LOG_KEYS = "pkcs11"
    settings.RADVIGIL_PKCS11_MODULE, settings.RADVIGIL_PKCS11_TOKEN = str(SOFTHSM), "radvigil"
    settings.RADVIGIL_PKCS11_PIN = "1234"
    SESSIONS.clear()
    with pytest.raises(MissingKeyError):
        open_key("log-a", may_create=False)
    key = open_key("log-a", may_create=True)
    assert verify_fast(public_key=key.public_key, message=b"x", signature=key.sign(b"x"))
    assert open_key("log-a", may_create=False).public_key == key.public_key
