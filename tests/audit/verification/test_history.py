"""Keys that followed each other, witnesses and time stamps, all checked offline from what the package holds."""

import base64
from hashlib import sha256

import pytest

from audit.packages.history import History
from audit.proofs.cosignatures import WitnessKey, cosign
from audit.proofs.rotations import introduce
from audit.proofs.timestamps import TokenError, read_stamp
from audit.verification.checking import check_package
from tests.audit.verification.packaging import (
    KeyPair,
    content_files,
    files_in,
    packed,
    refitted,
    scored_log,
    write_package,
)

LOG = "data/logs/north-group/"
ORIGIN = "test.example/log/north-group"
SECONDS = 1_772_452_800


def introduced(old, new, *, size=3):
    return introduce(new.public, old=old.public, size=size, sign=old.sign)


class Rotated:
    """A log of three keys; the third signs. Both rotations are entries."""

    def __init__(self, folder):
        self.log, self.rows = scored_log()
        self.pairs = [KeyPair(ORIGIN, number) for number in (5, 6, 7)]
        self.log.number = 7
        self.notes = [introduced(self.pairs[0], self.pairs[1]), introduced(self.pairs[1], self.pairs[2])]
        self.folder = folder

    def write(self, *, notes=None, acts=(), logged=None):
        for note in self.notes if logged is None else logged:
            self.log.add("key.rotated", {"details": {"note": note}})
        for details in acts:
            self.log.add("key.compromised", {"details": details})
        history = History(keys=[each.public for each in self.pairs], notes=notes or self.notes)
        files = content_files(self.rows)
        return write_package(
            self.folder / "rotated.zip", {"north-group": self.log}, files=files, history=lambda log: history
        )

    def said(self, path, *, pin=0, checkpoints=()):
        report = check_package(path, pins=[self.pairs[pin].public.fingerprint], checkpoints=checkpoints)
        return "\n".join([*report.problems, *report.unpinned])


@pytest.fixture
def rotated(tmp_path):
    return Rotated(tmp_path)


@pytest.mark.parametrize("pin", [0, 1, 2])
def test_any_key_of_the_chain_may_be_pinned(rotated, pin):
    assert rotated.said(rotated.write(), pin=pin) == ""


def test_a_checkpoint_signed_by_a_key_of_before_is_extended(rotated):
    path = rotated.write()
    rotated.log.number = 5
    old = rotated.log.note(size=9).encode()
    assert rotated.said(path, pin=2, checkpoints=[old]) == ""


def test_a_key_that_nobody_introduced_is_refused(rotated):
    stranger = KeyPair(ORIGIN, 9)
    path = rotated.write(notes=[rotated.notes[0], introduced(stranger, rotated.pairs[2])])
    assert "log of north-group does not hold: none of the known keys signed the note" in rotated.said(path)


def test_a_rotation_for_another_key_is_refused(rotated):
    path = rotated.write(notes=[rotated.notes[0], introduced(rotated.pairs[1], KeyPair(ORIGIN, 9))])
    assert "is introduced by no earlier key" in rotated.said(path)


def test_a_chain_left_out_leaves_the_old_pin_without_a_log(rotated):
    path = rotated.write()
    files = {name: data for name, data in files_in(path).items() if "/rotations/" not in name and name != LOG + "keys"}
    assert rotated.said(packed(refitted(files), rotated.folder / "x.zip")) == "north-group"


def test_a_rotation_that_the_log_does_not_record_is_named(rotated):
    assert "is introduced outside the log" in rotated.said(rotated.write(logged=rotated.notes[:1]))


def test_a_pinned_key_that_was_given_up_is_not_believed(rotated):
    stolen = {"public_key": rotated.pairs[0].public.key.hex(), "since": "2026-03-01T00:00:00.000000Z"}
    path = rotated.write(acts=[stolen])
    assert "was given up as stolen, since 2026-03-01" in rotated.said(path)
    assert rotated.said(path, pin=2) == ""


# Witnesses.

SEER = KeyPair("witness.example", 40)
WITNESS = WitnessKey(name="witness.example", key=SEER.public.key)


def cosigned(folder, *, spoil=lambda note: note, keys=(WITNESS,)):
    log, rows = scored_log()
    note = log.note(size=10)
    text = note.rpartition("\n\n")[0] + "\n"
    line = cosign(text, witness=WITNESS, seconds=SECONDS, sign=SEER.sign)
    history = History(keys=[log.pair.public], witnesses=[each.text for each in keys], cosigned={10: spoil(note + line)})
    path = write_package(
        folder / "cosigned.zip", {"north-group": log}, files=content_files(rows), history=lambda log: history
    )
    return path, log.pair.public.fingerprint


def test_a_witness_is_told_and_may_be_required(tmp_path):
    path, pin = cosigned(tmp_path)
    report = check_package(path, pins=[pin])
    assert report.problems == []
    assert "witness.example cosigned" in report.notices[0]
    assert "its key was not compared" in report.notices[0]
    required = check_package(path, pins=[pin], witnesses=[WITNESS.text])
    assert (required.problems, "compared" in required.notices[0]) == ([], False)
    assert check_package(path, pins=[pin], witnesses=[sha256(WITNESS.key).hexdigest()]).problems == []


def test_a_witness_that_is_required_and_absent_is_named(tmp_path):
    path, pin = cosigned(tmp_path)
    absent = "0" * 64
    assert "No checkpoint in the package is cosigned" in check_package(path, pins=[pin], witnesses=[absent]).problems[0]


def test_a_cosignature_with_another_time_does_not_hold(tmp_path):
    def later(note):
        head, _, line = note.rstrip("\n").rpartition(" ")
        data = bytearray(base64.b64decode(line))
        data[11] ^= 1
        return f"{head} {base64.b64encode(data).decode()}\n"

    path, pin = cosigned(tmp_path, spoil=later)
    assert "the cosignature of witness.example does not hold" in check_package(path, pins=[pin]).problems[0]


def test_a_tree_that_was_built_again_is_found_by_its_witness(tmp_path):
    path, pin = cosigned(tmp_path)
    kept = files_in(path)
    log, rows = scored_log()
    log.bodies[1] = log.bodies[1].replace(b"panel", b"autopsy")
    again = files_in(write_package(tmp_path / "again.zip", {"north-group": log}, files=content_files(rows)))
    own = {name: data for name, data in kept.items() if "/cosigned/" in name or name.endswith("/witnesses")}
    report = check_package(packed(refitted(again | own), tmp_path / "x.zip"), pins=[pin])
    assert "does not extend the checkpoint that was kept: it was rewritten" in "\n".join(report.problems)


# Time stamps.


def der(tag, *parts):
    body = b"".join(parts)
    length = bytes([len(body)]) if len(body) < 128 else bytes([0x82]) + len(body).to_bytes(2, "big")
    return bytes([tag]) + length + body


def token(imprint, *, is_answer=True):
    """Return a time stamp as far as it is read: TSTInfo within SignedData, unsigned."""
    algorithm = der(0x30, der(0x06, b"\x60\x86\x48\x01\x65\x03\x04\x02\x01"))
    info = der(
        0x30, der(0x02, b"\1"), der(0x06, b"\x2a\x03"), der(0x30, algorithm, der(0x04, imprint)), der(0x02, b"\5"),
        der(0x18, b"20260302120000Z"),
    )  # fmt: skip
    content = der(0x30, der(0x06, b"\x2a\x04"), der(0xA0, der(0x04, info)))
    signed = der(0x30, der(0x02, b"\3"), der(0x31), content)
    whole = der(0x30, der(0x06, b"\x2a\x05"), der(0xA0, signed))
    return der(0x30, der(0x30, der(0x02, b"\0")), whole) if is_answer else whole


def stamped(folder, *, imprint=None):
    log, rows = scored_log()
    root = base64.b64decode(log.note(size=10).splitlines()[2])
    made = token(imprint or sha256(root).digest())
    history = History(keys=[log.pair.public], stamped={10: (log.note(size=10), made)})
    path = write_package(
        folder / "stamped.zip", {"north-group": log}, files=content_files(rows), history=lambda log: history
    )
    return check_package(path, pins=[log.pair.public.fingerprint])


def test_a_time_stamp_is_told_with_how_to_check_its_signature(tmp_path):
    report = stamped(tmp_path)
    assert report.problems == []
    assert "A time stamp of 20260302120000Z stands over test.example/log/north-group at 10 entries" in report.notices[0]


def test_a_time_stamp_over_another_root_is_named(tmp_path):
    assert "is over another root" in stamped(tmp_path, imprint=b"\1" * 32).problems[0]


@pytest.mark.parametrize("is_answer", [True, False])
def test_an_answer_and_a_token_read_alike(is_answer):
    stamp = read_stamp(token(b"\7" * 32, is_answer=is_answer))
    assert (stamp.imprint, stamp.moment) == (b"\7" * 32, "20260302120000Z")


def test_a_token_cut_anywhere_is_none():
    whole = token(b"\7" * 32)
    for length in range(len(whole)):
        with pytest.raises(TokenError):
            read_stamp(whole[:length])
