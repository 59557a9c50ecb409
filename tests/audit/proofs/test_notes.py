"""Signed notes and checkpoints: the ecosystem's own example, and notes that must be rejected."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.proofs.notes import (
    Checkpoint,
    NoteError,
    PublicKey,
    open_checkpoint,
    parse_checkpoint,
    parse_note,
    parse_public_key,
    sign_note,
    verify_note,
)

# The example of the Go package golang.org/x/mod/sumdb/note, where the format comes from.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
KEY = PublicKey(name="example.org/log/a", key=PRIVATE.public_key().public_bytes_raw())
OTHER = Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)
OTHER_KEY = PublicKey(name="example.org/log/b", key=OTHER.public_key().public_bytes_raw())
STATE = Checkpoint(origin="example.org/log/a", size=7, root=b"\x01" * 32)


def signed(text: str = STATE.text) -> str:
    return sign_note(text, key=KEY, sign=PRIVATE.sign)


def test_the_example_of_the_format_holds():
    key = parse_public_key(PETER)
    note, signers = verify_note(NEUMANN.encode(), keys=[key])
    assert note.text.endswith("your problem is.\n")
    assert signers == (key,)
    assert key.text == PETER


def test_a_checkpoint_comes_back():
    assert open_checkpoint(signed().encode(), keys=[KEY]) == STATE


def test_extension_lines_are_left_alone():
    assert open_checkpoint(signed(STATE.text + "something\n").encode(), keys=[KEY]) == STATE


def test_an_unknown_signature_is_ignored():
    second = sign_note(STATE.text, key=OTHER_KEY, sign=OTHER.sign).rsplit("\n\n", 1)[1]
    assert open_checkpoint((signed() + second).encode(), keys=[KEY]) == STATE
    assert open_checkpoint((second.join([STATE.text + "\n", signed().rsplit("\n\n", 1)[1]])).encode(), keys=[KEY])


def test_a_known_signature_that_fails_rejects_the_note():
    forged = sign_note(STATE.text, key=OTHER_KEY, sign=PRIVATE.sign).rsplit("\n\n", 1)[1]
    with pytest.raises(NoteError, match="does not hold"):
        open_checkpoint((signed() + forged).encode(), keys=[KEY, OTHER_KEY])


def test_a_signature_of_another_log_is_not_the_logs_own():
    note = sign_note(STATE.text, key=OTHER_KEY, sign=OTHER.sign)
    with pytest.raises(NoteError, match="own signature is missing"):
        open_checkpoint(note.encode(), keys=[KEY, OTHER_KEY])


@pytest.mark.parametrize("change", [("7\n", "8\n"), ("log/a\n", "log/c\n"), ("AQEB", "AQEC")])
def test_a_changed_text_is_rejected(change):
    with pytest.raises(NoteError):
        open_checkpoint(signed().replace(*change, 1).encode(), keys=[KEY])


@pytest.mark.parametrize(
    "data",
    [b"", b"text\n", b"text\n\n", b"\n\n\xe2\x80\x94 a AAAAAAA=\n", b"text\n\n- a AAAAAAA=\n",
     b"text\n\n\xe2\x80\x94 a b\n", b"text\n\n\xe2\x80\x94 a AAAAAAA=",
     b"te\x07xt\n\n\xe2\x80\x94 a AAAAAAA=\n", b"\xff\n\n\xe2\x80\x94 a AAAAAAA=\n",
     b"text\n\n\xe2\x80\x94 a+b AAAAAAA=\n"],
)  # fmt: skip
def test_what_is_no_note_is_rejected(data):
    with pytest.raises(NoteError):
        parse_note(data)


@pytest.mark.parametrize(
    "text",
    ["", "a\n", "a\n7\n", f"a\n07\n{'A' * 43}=\n", f"a\n-1\n{'A' * 43}=\n", f"a\n7\n{'A' * 42}==\n", "a\n7\nAAAA\n",
     f"\n7\n{'A' * 43}=\n", f"a\n7\n{'A' * 43}=", f"a\n7\n{'A' * 43}=\n\n"],
)  # fmt: skip
def test_what_is_no_checkpoint_is_rejected(text):
    with pytest.raises(NoteError):
        parse_checkpoint(text)
