"""The log's pages and tiles: what is public, who sees what, and that the proofs shown hold."""

import pytest
from django.db import connection

from audit.access.actions import create_token
from audit.log.actions import record_act
from audit.log.checkpoints import sign_checkpoints
from audit.log.models import Entry, LogKey
from audit.log.sequencing import sequence
from audit.proofs.merkle import leaf_hash, root
from audit.proofs.notes import PublicKey, open_checkpoint
from tests.audit.access.people import make_user

pytestmark = pytest.mark.django_db
LOG = "/log/north-group/"


@pytest.fixture
def log(now):
    for number in range(300):
        record_act("test.act", organisation="north-group", subject=f"act {number}", actor="test", at=now)
    record_act("test.act", organisation="south-clinic", subject="x", actor="test", at=now)
    sequence(now=now)
    sign_checkpoints(now=now)


def public_key():
    key = LogKey.objects.get(organisation="north-group")
    return PublicKey(name=key.origin, key=bytes(key.public_key))


def test_a_stranger_can_follow_the_log_by_its_tiles(client, log):
    checkpoint = open_checkpoint(client.get(LOG + "checkpoint").content, keys=[public_key()])
    first = client.get(LOG + "tile/0/000").content
    last = client.get(LOG + f"tile/0/001.p/{checkpoint.size - 256}").content
    hashes = [(first + last)[i : i + 32] for i in range(0, len(first + last), 32)]
    assert root(hashes) == checkpoint.root


@pytest.mark.parametrize("path", ["tile/0/005", "tile/0/1", "tile/9/000", "tile/0/001", "tile/0/000.p/0", "tile/../x"])
def test_a_tile_that_is_not_there_is_404(client, log, path):
    assert client.get(LOG + path).status_code == 404
    assert client.get("/log/nobody/checkpoint").status_code == 404


def test_entries_need_a_regulators_token(client, log, now):
    path = LOG + "tile/entries/000"
    assert client.get(path).status_code == 401
    assert client.get(path, headers={"authorization": "Bearer wrong"}).status_code == 401
    regulator, officer = make_user("regulator"), make_user("quality_officer", organisation="north-group")
    for user, expected in ((regulator, 200), (officer, 404)):
        _, secret = create_token(user=user, by="test", now=now)
        assert client.get(path, headers={"authorization": f"Bearer {secret}"}).status_code == expected


def test_the_entry_bundle_holds_the_leaves_of_its_tile(client, log):
    client.force_login(make_user("regulator"))
    data, hashes = client.get(LOG + "tile/entries/000").content, b""
    while data:
        length = int.from_bytes(data[:2], "big")
        hashes += leaf_hash(data[2 : 2 + length])
        data = data[2 + length :]
    assert hashes == client.get(LOG + "tile/0/000").content


@pytest.mark.parametrize("path", ["/log/", LOG, LOG + "entries/0/"])
def test_a_stranger_is_sent_to_log_in(client, log, path):
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer.url.startswith("/log-in/")


@pytest.mark.parametrize("path", [LOG, LOG + "entries/0/", LOG + "verification/"])
def test_another_organisations_officer_gets_404(client, log, path):
    client.force_login(make_user("quality_officer", organisation="south-clinic"))
    assert client.get(path).status_code == 404
    assert client.post(LOG + "verify/").status_code == 404


def test_a_wrong_role_gets_404(client, log):
    client.force_login(make_user("radiologist", organisation="north-group"))
    assert client.get("/log/").status_code == 404


def test_a_sites_officer_sees_no_whole_log(client, log):
    client.force_login(make_user("quality_officer", site="north"))
    assert client.get(LOG).status_code == 404
    assert b"No log within your reach" in client.get("/log/").content


def test_the_page_shows_checkpoint_fingerprint_and_lag(client, log, now):
    record_act("test.late", organisation="north-group", subject="x", actor="test", at=now)
    client.force_login(make_user("regulator"))
    page = client.get(LOG).content.decode()
    assert public_key().fingerprint in page
    assert "— radvigil.local/log/north-group" in page
    assert "1 wait for theirs" in page
    assert "test.late" in page


def test_filters_stand_in_the_address(client, log):
    client.force_login(make_user("regulator"))
    assert client.get(LOG, {"kind": "key"}).context["page"].paginator.count == 1
    assert client.get(LOG, {"kind": "test", "page": "2"}).context["page"].number == 2
    assert client.get(LOG, {"since": "2026-03-03"}).context["page"].paginator.count == 0


def test_an_entry_is_proved_and_shown_to_a_regulator(client, log):
    client.force_login(make_user("regulator"))
    page = client.get(LOG + "entries/7/")
    assert page.context["proved"].holds
    assert "act 6" in page.content.decode() or "act 7" in page.content.decode()


def test_an_officer_sees_the_proof_but_not_the_body(client, log):
    client.force_login(make_user("quality_officer", organisation="north-group"))
    page = client.get(LOG + "entries/7/")
    assert page.context["proved"].holds
    assert page.context["body"] == ""


def test_verifying_says_intact_and_is_an_act(client, log):
    client.force_login(make_user("quality_officer", organisation="north-group"))
    page = client.post(LOG + "verify/", follow=True).content.decode()
    assert "Intact" in page
    assert Entry.objects.filter(kind="log.verified", organisation="north-group").count() == 1


def test_verifying_names_what_is_wrong(client, log):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE audit_act DISABLE TRIGGER append_only_rows")
        cursor.execute("UPDATE audit_act SET subject = 'forged' WHERE subject = 'act 9'")
    client.force_login(make_user("regulator"))
    page = client.post(LOG + "verify/", follow=True).content.decode()
    assert "Not intact" in page
    assert "forged" in page


def test_pages_cost_the_same_for_many_entries(client, log, now, django_assert_num_queries):
    client.force_login(make_user("regulator"))
    with django_assert_num_queries(11):
        client.get(LOG)
    for number in range(60):
        record_act("test.act", organisation="north-group", subject=f"more {number}", actor="test", at=now)
    sequence(now=now)
    with django_assert_num_queries(11):
        client.get(LOG)
