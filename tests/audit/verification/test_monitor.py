"""A monitor on a log that behaves, and on logs that do not; each told in one sentence."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.proofs.merkle import leaf_hash, root
from audit.proofs.notes import Checkpoint, PublicKey, sign_note
from audit.proofs.tiles import WIDTH, tiles_of
from audit.verification.monitor import CONSISTENT, NOT_CONSISTENT, UNREADABLE, main

PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
KEY = PublicKey(name="example.org/log/a", key=PRIVATE.public_key().public_bytes_raw())


def leaves(count, kind="true"):
    return [leaf_hash(f"{kind} {number}".encode()) for number in range(count)]


def publish(folder, hashes, *, size=None, signed=None):
    """Write the files that a log serves; `signed` is a root to sign instead of its own."""
    size = len(hashes) if size is None else size
    for name in tiles_of(size):
        span = WIDTH**name.level
        first = name.index * WIDTH
        row = [root(hashes[place * span : (place + 1) * span]) for place in range(first, first + name.width)]
        path = folder / name.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(row))
    text = Checkpoint(origin=KEY.name, size=size, root=signed or root(hashes[:size])).text
    (folder / "checkpoint").write_text(sign_note(text, key=KEY, sign=PRIVATE.sign))


def watch(folder, *, key=KEY):
    return main([str(folder), "--key", key.text, "--memory", str(folder / "memory")])


@pytest.mark.parametrize("sizes", [(1, 2, 3), (255, 256, 257), (1, 300, 70_000)])
def test_a_log_that_grows_is_followed(tmp_path, capsys, sizes):
    hashes = leaves(sizes[-1])
    for size in sizes:
        publish(tmp_path, hashes, size=size)
        assert watch(tmp_path) == CONSISTENT
    assert f"{sizes[-1]} entries, extends" in capsys.readouterr().out


def test_a_log_rolled_back_is_named(tmp_path, capsys):
    hashes = leaves(20)
    publish(tmp_path, hashes)
    watch(tmp_path)
    publish(tmp_path, hashes, size=19)

    assert watch(tmp_path) == NOT_CONSISTENT
    assert "Rolled back: the log had 20 entries and now has 19." in capsys.readouterr().out


@pytest.mark.parametrize("size", [20, 21])
def test_a_tree_rebuilt_with_the_real_key_is_named(tmp_path, capsys, size):
    publish(tmp_path, leaves(20))
    watch(tmp_path)
    publish(tmp_path, [leaf_hash(b"edited"), *leaves(size)[1:]])

    assert watch(tmp_path) == NOT_CONSISTENT
    assert "Forked" in capsys.readouterr().out


def test_what_was_remembered_outlives_a_refusal(tmp_path):
    publish(tmp_path, leaves(20))
    watch(tmp_path)
    before = (tmp_path / "memory").read_bytes()
    publish(tmp_path, leaves(30, kind="other"))

    assert watch(tmp_path) == watch(tmp_path) == NOT_CONSISTENT
    assert (tmp_path / "memory").read_bytes() == before


def test_tiles_that_do_not_make_the_signed_root_are_named(tmp_path, capsys):
    publish(tmp_path, leaves(20))
    watch(tmp_path)
    publish(tmp_path, leaves(30), signed=hashlib.sha256(b"another").digest())

    assert watch(tmp_path) == NOT_CONSISTENT
    assert "another root than it signed for 30 entries" in capsys.readouterr().out


def test_another_key_a_missing_file_and_a_torn_note_are_unreadable_and_not_consistent(tmp_path):
    assert watch(tmp_path) == UNREADABLE
    publish(tmp_path, leaves(3))
    other = PublicKey(name=KEY.name, key=b"\x01" * 32)
    assert watch(tmp_path, key=other) == UNREADABLE
    (tmp_path / "checkpoint").write_text("torn")
    assert watch(tmp_path) == UNREADABLE
    assert not (tmp_path / "memory").exists()
