"""Asking witnesses: over HTTP to ourselves as another installation would, and by files in a folder."""

from datetime import timedelta

import pytest

from audit.errors import WitnessError
from audit.log.actions import record_act
from audit.log.checkpoints import sign_checkpoints
from audit.log.models import Checkpoint, Entry, LogKey
from audit.log.sequencing import sequence
from audit.proofs.cosignatures import cosignatures_on
from audit.proofs.notes import PublicKey, parse_note
from audit.witnesses.actions import keep_cosignatures, register_log, register_witness
from audit.witnesses.asking import Reply, ask_witnesses
from audit.witnesses.cosigning import own_key
from audit.witnesses.dropping import answer_requests, read_cosigned, write_requests
from audit.witnesses.models import Cosignature, Witness

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
LOG = "north-group"


def grow(now, count=3):
    for number in range(count):
        record_act("test.act", organisation=LOG, subject=str(number), actor="test", at=now)
    settle(now)


def settle(now):
    sequence(now=now)
    sign_checkpoints(now=now, interval=timedelta(0))


@pytest.fixture
def log(now):
    grow(now)
    key = LogKey.objects.get(organisation=LOG)
    register_log(keys=[PublicKey(name=key.origin, key=bytes(key.public_key)).text], by="test", now=now)


@pytest.fixture
def witness(log, now):
    place = "http://witness.example/witness"
    return register_witness(key=own_key().text, way="address", place=place, by="test", now=now)


@pytest.fixture
def post(client):
    def send(url, body):
        answer = client.post(url.removeprefix("http://witness.example"), body, content_type="text/plain")
        return Reply(status=answer.status_code, body=answer.content.decode())

    return send


def ours():
    return Cosignature.objects.filter(organisation=LOG)


def test_a_grown_log_is_cosigned_and_served_with_the_cosignature(witness, post, client, now):
    ask_witnesses(now=now, post=post)
    served = parse_note(client.get(f"/log/{LOG}/checkpoint").content)
    assert len(cosignatures_on(served, witnesses=[own_key()])) == 1
    assert Entry.objects.filter(organisation=LOG, kind="witness.cosigned").count() == 1


def test_a_log_that_rests_is_not_asked_for_for_ever(witness, post, now):
    for minute in range(5):
        ask_witnesses(now=now + minute * MINUTE, post=post)
        settle(now + minute * MINUTE)
    assert ours().count() == 1
    grow(now + 6 * MINUTE)
    ask_witnesses(now=now + 6 * MINUTE, post=post)
    assert ours().count() == 2


def test_a_witness_that_is_away_is_asked_later_and_later_and_hinders_nobody(witness, now):
    def away(url, body):
        raise OSError("no route to host")

    assert ask_witnesses(now=now, post=away) == 0
    ask_witnesses(now=now + 2 * MINUTE, post=away)
    witness.refresh_from_db()
    assert (witness.failures, witness.ask_after) == (2, now + 4 * MINUTE)
    assert "no route" in witness.last_answer


def test_a_restored_log_asks_from_where_the_witness_says_it_stands(witness, post, now):
    ask_witnesses(now=now, post=post)
    grow(now + MINUTE)
    Witness.objects.update(key=own_key().text)
    asked = []

    def forgetful(url, body):
        asked.append(body.split(b"\n")[0])
        return post(url, body.replace(asked[-1], b"old 1", 1) if len(asked) == 1 else body)

    ask_witnesses(now=now + MINUTE, post=forgetful)
    assert asked[:2] == [b"old 4", b"old 4"]
    assert ours().count() == 2


def test_a_witness_that_has_seen_more_says_that_the_log_was_cut_off(witness, now):
    ask_witnesses(now=now, post=lambda url, body: Reply(status=409, body="99999\n"))
    witness.refresh_from_db()
    assert "cut off" in witness.last_answer


def test_an_answer_that_is_no_cosignature_of_the_witness_is_not_kept(witness, now):
    checkpoint = Checkpoint.objects.filter(organisation=LOG).latest("size")
    for lines in ("", "hello\n", checkpoint.note.split("\n\n")[1]):
        with pytest.raises(WitnessError):
            keep_cosignatures(checkpoint, witness=witness, lines=lines, now=now)
    assert not ours().exists()


def test_a_folder_carries_requests_there_and_cosignatures_back(log, now, tmp_path):
    witness = register_witness(key=own_key().text, way="folder", place=str(tmp_path), by="test", now=now)
    names = {path.name for path in write_requests(witness)}
    assert f"{LOG}.request" in names
    statuses = dict(answer_requests(tmp_path, now=now))
    assert statuses[f"{LOG}.request"] == 200
    grow(now + MINUTE)
    assert read_cosigned(witness, now=now + MINUTE) == 1
    assert ours().get().size < Checkpoint.objects.filter(organisation=LOG).latest("size").size
    assert not list(tmp_path.glob(f"{LOG}.*"))


def test_a_key_that_is_none_of_a_witness_is_refused(log, now):
    key = LogKey.objects.get(organisation=LOG)
    text = PublicKey(name=key.origin, key=bytes(key.public_key)).text
    with pytest.raises(WitnessError, match="witness"):
        register_witness(key=text, way="print", place="", by="test", now=now)
    with pytest.raises(WitnessError, match="folder"):
        register_witness(key=own_key().text, way="folder", place="", by="test", now=now)
