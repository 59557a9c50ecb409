"""Being a witness, as C2SP tlog-witness wants it: what is cosigned, and with which status the rest is refused."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connections
from django.db.utils import DatabaseError

from audit.log.models import Entry
from audit.proofs import notes
from audit.proofs.cosignatures import AddCheckpoint, cosignatures_on, write_request
from audit.proofs.merkle import consistency_proof, root
from audit.witnesses.actions import register_log
from audit.witnesses.cosigning import SIZE_TYPE, add_checkpoint, own_key
from audit.witnesses.models import WitnessedLog

LEAVES = [sha256(bytes([number])).digest() for number in range(20)]
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\7" * 32)
KEY = notes.PublicKey(name="elsewhere.example/log/a", key=PRIVATE.public_key().public_bytes_raw())


def note(size, *, leaves=LEAVES, key=KEY, private=PRIVATE):
    text = notes.Checkpoint(origin=KEY.name, size=size, root=root(leaves[:size])).text
    return notes.sign_note(text, key=key, sign=private.sign).encode()


def request(size, *, old, leaves=LEAVES, proof=None, **signing):
    if proof is None:
        proof = consistency_proof(leaves[:size], old) if 0 < old < size else []
    return write_request(AddCheckpoint(old_size=old, proof=tuple(proof), note=note(size, leaves=leaves, **signing)))


@pytest.fixture
def known(db, now):
    return register_log(keys=[KEY.text], by="test", now=now)


def test_a_first_checkpoint_is_cosigned_with_the_witnesss_own_key_and_time(known, now):
    answer = add_checkpoint(request(5, old=0), now=now)
    assert answer.status == 200
    found = cosignatures_on(notes.parse_note(note(5) + answer.body.encode()), witnesses=[own_key()])
    assert [each.seconds for each in found] == [int(now.timestamp())]


def test_what_extends_the_last_one_is_cosigned_and_so_is_the_same_again(known, now):
    for size, old in ((5, 0), (13, 5), (13, 13), (20, 13)):
        assert add_checkpoint(request(size, old=old), now=now).status == 200
    assert WitnessedLog.objects.get().size == 20


def test_an_unknown_log_is_404_and_a_known_one_under_another_key_403(known, now):
    other = Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)
    forged = notes.PublicKey(name=KEY.name, key=other.public_key().public_bytes_raw())
    assert add_checkpoint(request(5, old=0, key=forged, private=other), now=now).status == 403
    WitnessedLog.objects.update(ended_at=now)
    assert add_checkpoint(request(5, old=0), now=now).status == 404


def test_another_old_size_is_409_and_names_the_size_that_is_remembered(known, now):
    add_checkpoint(request(13, old=0), now=now)
    answer = add_checkpoint(request(20, old=5), now=now)
    assert (answer.status, answer.body, answer.content_type) == (409, "13\n", SIZE_TYPE)


def test_a_rollback_is_never_cosigned(known, now):
    add_checkpoint(request(13, old=0), now=now)
    assert add_checkpoint(request(5, old=5), now=now).status == 409
    assert add_checkpoint(request(5, old=13), now=now).status == 400
    assert add_checkpoint(request(5, old=0), now=now).status == 409
    assert WitnessedLog.objects.get().size == 13


def test_a_fork_is_never_cosigned_and_its_signed_note_is_kept_as_evidence(known, now):
    forked = [sha256(b"forged").digest(), *LEAVES[1:]]
    add_checkpoint(request(13, old=0), now=now)
    assert add_checkpoint(request(13, old=13, leaves=forked), now=now).status == 409
    assert add_checkpoint(request(20, old=13, leaves=forked), now=now).status == 422
    assert Entry.objects.filter(kind="witness.refused", organisation="operator").count() == 2
    assert bytes(WitnessedLog.objects.get().root) == root(LEAVES[:13])


@pytest.mark.parametrize("proof", [[], [b"\0" * 32], [b"\0" * 32] * 63])
def test_a_proof_that_does_not_hold_is_422(known, now, proof):
    add_checkpoint(request(13, old=0), now=now)
    assert add_checkpoint(request(20, old=13, proof=proof), now=now).status == 422


def test_a_proof_where_none_is_needed_is_422(known, now):
    assert add_checkpoint(request(13, old=0, proof=[b"\0" * 32]), now=now).status == 422


@pytest.mark.parametrize("body", [b"", b"old 0\n\n", b"old 01\n\nx", b"old 0\nx\n\nx", b"\xff", b"old 0\n\nno\nnote\n"])
def test_what_is_no_request_is_400(known, now, body):
    assert add_checkpoint(body, now=now).status == 400


def test_the_address_answers_anybody_by_the_logs_signature_alone(known, client):
    answer = client.post("/witness/add-checkpoint", request(5, old=0), content_type="text/plain")
    assert answer.status_code == 200
    assert client.post("/witness/add-checkpoint", b"x" * 70_000, content_type="text/plain").status_code == 413
    assert client.get("/witness/add-checkpoint").status_code == 405


def test_of_two_forks_asked_for_at_once_one_alone_is_cosigned(committed_database, now):
    register_log(keys=[KEY.text], by="test", now=now)
    add_checkpoint(request(5, old=0), now=now)
    forked = [*LEAVES[:5], *[sha256(b"x" + leaf).digest() for leaf in LEAVES[5:]]]

    def ask(leaves):
        try:
            return add_checkpoint(request(13, old=5, leaves=leaves), now=now).status
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(ask, [LEAVES, forked] * 8))
    assert statuses.count(200) == 1
    assert set(statuses) == {200, 409}


def test_the_database_lets_the_memory_grow_and_nothing_else(committed_database, now):
    register_log(keys=[KEY.text], by="test", now=now)
    add_checkpoint(request(13, old=0), now=now)
    for alias in ("default", "owner"):
        for statement in (
            "UPDATE audit_witnessedlog SET size = 5",
            "UPDATE audit_witnessedlog SET root = sha256('x')",
            "UPDATE audit_witnessedlog SET origin = 'another'",
            "DELETE FROM audit_witnessedlog",
            "TRUNCATE audit_witnessedlog",
        ):
            with pytest.raises(DatabaseError, match=r"append-only|permission denied"):
                connections[alias].cursor().execute(statement)
