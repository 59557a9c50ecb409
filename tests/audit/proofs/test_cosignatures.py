"""Cosignatures of witnesses under checkpoints, and the requests that ask for them."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.proofs.cosignatures import (
    AddCheckpoint,
    WitnessKey,
    cosign,
    cosignatures_on,
    parse_request,
    parse_witness_key,
    write_request,
)
from audit.proofs.notes import Checkpoint, NoteError, PublicKey, open_checkpoint, parse_note, sign_note

LOG = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
WITNESS = Ed25519PrivateKey.from_private_bytes(b"\x09" * 32)
LOG_KEY = PublicKey(name="example.org/log/a", key=LOG.public_key().public_bytes_raw())
KEY = WitnessKey(name="witness.example", key=WITNESS.public_key().public_bytes_raw())
NOTE = sign_note(Checkpoint(origin=LOG_KEY.name, size=7, root=b"\x01" * 32).text, key=LOG_KEY, sign=LOG.sign)
TEXT = parse_note(NOTE.encode()).text


def cosigned(seconds=1_700_000_000):
    return NOTE + cosign(TEXT, witness=KEY, seconds=seconds, sign=WITNESS.sign)


def test_a_cosignature_says_who_and_when_and_leaves_the_logs_own_signature_alone():
    data = cosigned().encode()
    (found,) = cosignatures_on(parse_note(data), witnesses=[KEY])

    assert (found.witness, found.seconds) == (KEY, 1_700_000_000)
    assert open_checkpoint(data, keys=[LOG_KEY]).size == 7


def test_the_message_is_the_standards():
    # C2SP tlog-cosignature: "cosignature/v1", "time N", then the whole text of the note.
    line = cosigned(5).rstrip("\n").rpartition(" ")[2]
    signature = parse_note(cosigned(5).encode()).signatures[-1].signature[8:]

    WITNESS.public_key().verify(signature, b"cosignature/v1\ntime 5\n" + TEXT.encode())
    assert len(line) == 104  # base64 of 4 + 8 + 64 bytes


def test_a_witness_key_is_told_from_a_logs():
    assert parse_witness_key(KEY.text) == KEY
    for text in (LOG_KEY.text, KEY.text.replace("witness", "other"), "nothing"):
        with pytest.raises(NoteError):
            parse_witness_key(text)


@pytest.mark.parametrize("place", [-10, -40, -85])
def test_a_cosignature_that_was_touched_rejects_the_note(place):
    data = cosigned()
    changed = data[:place] + ("A" if data[place] != "A" else "B") + data[place + 1 :]

    with pytest.raises(NoteError):
        assert cosignatures_on(parse_note(changed.encode()), witnesses=[KEY])


def test_unknown_witnesses_are_left_alone():
    assert cosignatures_on(parse_note(cosigned().encode()), witnesses=[]) == []


@pytest.mark.parametrize("proof", [(), (b"\x02" * 32,), (b"\x02" * 32, b"\x03" * 32)])
def test_a_request_comes_back(proof):
    asked = AddCheckpoint(old_size=5, proof=proof, note=NOTE.encode())

    assert parse_request(write_request(asked)) == asked


@pytest.mark.parametrize(
    "body",
    [b"", b"old\n\n", b"old 05\n\n", b"old 5\nAAA\n\nx", b"old 5\nAAAA\n\nx", b"old -1\n\n", b"old 5", b"\xff\n\n"],
)
def test_a_malformed_request_is_refused(body):
    with pytest.raises(NoteError):
        parse_request(body)
