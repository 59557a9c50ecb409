"""Keys, links and tokens that somebody put in past the log: each is named by the verification."""

from datetime import timedelta

import pytest
from django.db import connection

from audit.access.actions import create_token
from audit.access.models import Identity
from audit.access.ways_in import check_factors, check_identities, check_tokens
from audit.factors.actions import Holder, begin_app, confirm_app, remove
from audit.factors.models import Factor
from audit.factors.totp import code_at, step_at
from audit.federation.actions import link
from tests.audit.access.people import make_user

pytestmark = pytest.mark.django_db

EDITS = {
    "A second factor of user/radiologist is not the one that was added: sha256": "UPDATE audit_factor "
    "SET material = '1'",
    "A second factor of user/radiologist is not the one that was added: user": "UPDATE audit_factor SET user_id = "
    "(SELECT id FROM audit_user WHERE username = 'administrator')",
    "A second factor of user/administrator has no act": "INSERT INTO audit_factor (user_id, kind, name, material, "
    "credential, transports, counter, created_at, confirmed_at) SELECT id, 'key', 'mine', '1', '1', '{}', 0, now(), "
    "now() FROM audit_user WHERE username = 'administrator'",
    "A link to single sign-on of user/radiologist is not the one that was added: sha256": "UPDATE audit_identity "
    "SET subject = 'mallory'",
    "A link to single sign-on of user/administrator has no act": "INSERT INTO audit_identity (user_id, issuer, "
    "subject, linked_at) SELECT id, 'https://login.example', 'mallory', now() FROM audit_user "
    "WHERE username = 'administrator'",
    "A token of site/north is not the one that was added: sha256": "UPDATE audit_token SET digest = repeat('0', 64)",
    "A token of site/north is not the one that was added: user": "UPDATE audit_token SET site = 'south'",
}


def sentences() -> list[str]:
    checks = (check_factors, check_identities, check_tokens)
    return [problem.sentence for check in checks for problem in check("default")]


@pytest.fixture
def ways_in(settings, tmp_path, now):
    settings.RADVIGIL_HOME = tmp_path
    reader = make_user("radiologist", organisation="north-group")
    make_user("administrator", organisation="north-group")
    own = Holder(user_id=reader.pk, username=reader.username, organisation="north-group")
    for moment in (now, now + timedelta(hours=1)):
        secret = begin_app(own, now=moment)
        confirm_app(own, code=code_at(secret, step=step_at(moment)), name="", now=moment)
    remove(own, factor_id=Factor.objects.earliest("id").pk, now=now)
    link(reader, {"iss": "https://login.example", "sub": "anna"}, now=now)
    create_token(site="north", organisation="north-group", by="test", now=now)
    assert sentences() == []


@pytest.mark.parametrize("sentence", EDITS)
def test_a_way_in_that_was_edited_is_named(ways_in, sentence):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(EDITS[sentence])
        assert cursor.rowcount
    assert [each for each in sentences() if sentence in each]


def test_a_factor_put_back_after_its_removal_is_named(ways_in, now):
    row = Factor.objects.get()
    own = Holder(user_id=row.user_id, username="radiologist", organisation="north-group")
    remove(own, factor_id=row.pk, now=now)
    row.save(force_insert=True)
    assert ["is in force, but was removed" in each for each in sentences()] == [True]


def test_the_log_names_nobody_at_the_provider(ways_in):
    from audit.log.models import Entry

    assert Identity.objects.get().subject == "anna"
    assert b"anna" not in b"".join(bytes(each) for each in Entry.objects.values_list("body", flat=True))
