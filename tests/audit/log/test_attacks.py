"""Attacks by a real superuser, committed on a database of its own: each is named by verify_log in one sentence."""

import os
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.core.management import call_command

from audit.log.actions import record_act
from audit.log.checkpoints import sign_checkpoints
from audit.log.models import Act, Checkpoint, Entry, LogKey
from audit.log.queries import tiled_tree
from audit.log.sequencing import sequence
from audit.proofs.merkle import verify_inclusion
from audit.proofs.notes import PublicKey
from audit.proofs.tiles import inclusion_from_tiles
from audit.witnesses.actions import register_log, register_witness
from audit.witnesses.asking import Reply, ask_witnesses
from audit.witnesses.cosigning import add_checkpoint, own_key
from audit.witnesses.models import Witness
from tests.audit.signatures.test_signing import give, person

LOG, DAY = "north-group", timedelta(days=1)
TABLES = ("audit_act", "audit_entry", "audit_checkpoint", "audit_signature", "audit_cosignature", "audit_logkey")


@pytest.fixture
def log(committed_database, now):
    """Nine acts, a signature of a person, a second log, signed by the log and cosigned by a witness."""
    anna = person("anna")
    for number in range(9):
        record_act("test.act", organisation=LOG, subject=f"act {number}", actor="test", at=now)
    record_act("test.act", organisation="south-clinic", subject="other", actor="test", at=now)
    give(anna, now=now)
    settle(now)
    key = LogKey.objects.get(organisation=LOG)
    register_log(keys=[PublicKey(name=key.origin, key=bytes(key.public_key)).text], by="test", now=now)
    register_witness(key=own_key().text, way="address", place="http://witness/x", by="test", now=now)
    ask_witnesses(now=now, post=post)
    settle(now)
    return committed_database


def post(url, body):
    answer = add_checkpoint(body, now=Checkpoint.objects.latest("signed_at").signed_at)
    return Reply(status=answer.status, body=answer.body)


def settle(now):
    sequence(now=now)
    sign_checkpoints(now=now, interval=timedelta(0))


@contextmanager
def superuser(database):
    """Open the database as PostgreSQL's superuser, with every trigger and foreign key off for the session."""
    address = os.environ.get("RADVIGIL_TEST_SUPERUSER_URL")
    if not address:
        pytest.skip("needs RADVIGIL_TEST_SUPERUSER_URL, which `make test` sets for its own servers")
    session = psycopg.connect(urlunsplit(urlsplit(address)._replace(path=f"/{database.name}")), autocommit=True)
    with session:
        session.execute("SET session_replication_role = replica")
        # The guards are ENABLE ALWAYS: they hold even so, until the superuser switches each off.
        for table in TABLES:
            session.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        yield session
        for table in TABLES:
            session.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")


def attack(database, statement, *values):
    with superuser(database) as session:
        assert session.execute(statement, values).rowcount > 0


def verify():
    out = StringIO()
    try:
        call_command("verify_log", stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def entry(number):
    return Act.objects.select_related("entry").get(subject=f"act {number}").entry


def test_nothing_is_wrong_before(log):
    assert verify()[0] == 0, verify()[1]


def test_an_edited_fact_is_named(log):
    attack(log, "UPDATE audit_act SET subject = 'forged' WHERE subject = 'act 3'")
    code, said = verify()
    assert code == 1
    assert f"position {entry_of('forged').position} of the log of {LOG}" in said


def entry_of(subject):
    return Act.objects.select_related("entry").get(subject=subject).entry


def test_a_back_dated_fact_is_named(log):
    attack(log, "UPDATE audit_act SET received_at = received_at - interval '30 days' WHERE subject = 'act 3'")
    code, said = verify()
    assert code == 1
    assert f"position {entry(3).position} of the log of {LOG}" in said


def test_an_entry_back_dated_with_its_fact_is_named(log):
    attack(log, "UPDATE audit_act SET received_at = received_at - interval '30 days' WHERE subject = 'act 3'")
    attack(log, "UPDATE audit_entry SET at = at - interval '30 days' WHERE id = %s", entry(3).pk)
    assert verify()[0] == 1


def test_an_inserted_entry_beyond_the_tree_is_named(log):
    attack(
        log,
        "INSERT INTO audit_entry (organisation, scope, kind, uid, actor, at, record_sha256, leaf_hash, body, position)"
        " SELECT organisation, scope, kind, 'forged', actor, at, record_sha256, leaf_hash, body, 10000"
        " FROM audit_entry WHERE id = %s",
        entry(3).pk,
    )
    code, said = verify()
    assert code == 1
    assert "beyond its tree" in said or "has no fact" in said


def test_two_swapped_facts_are_named(log):
    attack(
        log,
        "UPDATE audit_act SET subject = CASE subject WHEN 'act 3' THEN 'act 4' ELSE 'act 3' END"
        " WHERE subject IN ('act 3', 'act 4')",
    )
    code, said = verify()
    assert code == 1
    assert said.count("position") >= 2


def test_a_signature_that_was_moved_to_another_record_is_named(log):
    attack(log, "UPDATE audit_signature SET subject = 'change/8'")
    code, said = verify()
    assert code == 1
    assert "signature" in said


def test_a_signers_name_that_was_changed_is_named(log):
    attack(log, "UPDATE audit_signature SET printed_name = 'Somebody Else'")
    code, said = verify()
    assert code == 1
    assert "Somebody Else" in said


def test_a_checkpoint_that_was_replaced_by_another_logs_is_named(log):
    attack(
        log,
        "UPDATE audit_checkpoint SET note = (SELECT note FROM audit_checkpoint WHERE organisation = 'south-clinic'"
        " LIMIT 1) WHERE organisation = %s",
        LOG,
    )
    code, said = verify()
    assert code == 1
    assert "not signed as it stands" in said


def test_a_cosignature_that_was_edited_is_named(log):
    attack(log, "UPDATE audit_cosignature SET root = repeat('0', 64) WHERE organisation = %s", LOG)
    code, said = verify()
    assert code == 1
    assert "The cosignature of" in said


def test_a_tree_rebuilt_with_the_real_key_is_found_by_the_cosignature_and_refused_by_the_witness(log, now):
    rebuild(log, now=now)
    code, said = verify()
    assert code == 1
    assert "do not have the root of the cosignature of" in said
    assert "the log was rewritten" in said
    ask_witnesses(now=now + 2 * DAY, post=post)
    assert any(word in Witness.objects.get().last_answer for word in ("409", "422", "cut off"))


def rebuild(database, *, now):
    """Edit a fact with its entry, then make tree and checkpoints anew with the installation's own key."""
    found = entry(3)
    body = bytes(found.body).replace(b'"subject":"act 3"', b'"subject":"forged"')
    attack(database, "UPDATE audit_act SET subject = 'forged' WHERE subject = 'act 3'")
    attack(
        database,
        "UPDATE audit_entry SET body = %s, leaf_hash = sha256('\\x00'::bytea || %s) WHERE id = %s",
        body,
        body,
        found.pk,
    )
    attack(database, "DELETE FROM audit_checkpoint WHERE organisation = %s", LOG)
    attack(database, "DELETE FROM audit_tile WHERE organisation = %s", LOG)
    attack(database, "UPDATE audit_tree SET size = 0, frontier = '' WHERE organisation = %s", LOG)
    attack(database, "UPDATE audit_entry SET position = NULL WHERE organisation = %s", LOG)
    record_act("test.act", organisation=LOG, subject="later", actor="test", at=now)
    settle(now + DAY)


def test_a_proof_of_another_log_does_not_hold(log):
    mine, size = entry(3), Checkpoint.objects.filter(organisation=LOG).latest("size").size
    proof = inclusion_from_tiles(tiled_tree(LOG, size=size), index=mine.position)
    roots = {each.organisation: bytes(each.root) for each in Checkpoint.objects.order_by("size")}
    leaf = bytes(mine.leaf_hash)
    assert verify_inclusion(leaf, mine.position, size, proof, roots[LOG])
    assert not verify_inclusion(leaf, mine.position, size, proof, roots["south-clinic"])
    assert Entry.objects.filter(organisation="south-clinic").exists()


def test_a_clock_that_was_set_back_is_named(log, now):
    record_act("test.act", organisation=LOG, subject="late", actor="test", at=now - 30 * DAY)
    settle(now + DAY)
    code, said = verify()
    assert code == 1
    assert "a clock was set back" in said
