"""The chain of a log's keys: followed from a pinned one, never from or to another log's."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.proofs.notes import NoteError, PublicKey
from audit.proofs.rotations import follow, introduce, introduced


def made(number, name="a.example/log/a"):
    private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    return PublicKey(name=name, key=private.public_key().public_bytes_raw()), private


def note(old, new, **names):
    (key, private), (other, _) = made(old), made(new, **names)
    return introduce(other, old=key, size=7, sign=private.sign).encode()


def test_a_chain_is_followed_from_any_key_in_it():
    chain = [note(1, 2), note(2, 3)]
    assert follow(made(1)[0], chain) == [made(1)[0], made(2)[0], made(3)[0]]
    assert follow(made(2)[0], chain) == [made(2)[0], made(3)[0]]
    assert follow(made(9)[0], chain) == [made(9)[0]]


def test_another_logs_key_and_an_edited_note_are_refused():
    with pytest.raises(NoteError, match="another log"):
        introduced(note(1, 2, name="a.example/log/b"), keys=[made(1)[0]])
    with pytest.raises(NoteError, match="does not hold"):
        introduced(note(1, 2).replace(b"\n7\n", b"\n8\n"), keys=[made(1)[0]])
