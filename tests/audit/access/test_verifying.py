"""Rights and log-ins that somebody edited past the log: each is named by the verification."""

from datetime import timedelta

import pytest
from django.db import connection

from audit.access.actions import GrantValues, add_grant, deactivate, end_grant, extend_grant
from audit.access.models import Grant
from audit.access.verifying import check_grants, check_users
from tests.audit.access.people import make_user

pytestmark = pytest.mark.django_db

EDITS = {
    "is not as it was given: role": "UPDATE audit_grant SET role = 'administrator' WHERE role = 'radiologist'",
    "is not as it was given: organisation, site": "UPDATE audit_grant SET organisation = 'a', site = 'b' "
    "WHERE role = 'radiologist'",
    "is not as it was given: is ended": "UPDATE audit_grant SET ended_at = NULL",
    "is not as it was given: user": "UPDATE audit_grant SET user_id = (SELECT max(id) FROM audit_user) "
    "WHERE role = 'radiologist'",
    "is in the log alone: it was deleted": "DELETE FROM audit_grant WHERE role = 'radiologist'",
    "(administrator) of user/radiologist has no act": "INSERT INTO audit_grant (user_id, role, organisation, site, "
    "product, level, created_at) SELECT user_id, 'administrator', '', '', '', level, created_at FROM audit_grant "
    "WHERE role = 'radiologist'",
    "The log-in arbiter is open, but it was closed": "UPDATE audit_user SET is_active = true",
    "The log-in radiologist is closed, but no act closed it": "UPDATE audit_user SET is_active = false",
    "The log-in another has no act": "UPDATE audit_user SET username = 'another' WHERE username = 'arbiter'",
    "The log-in user/arbiter is in the log alone": "UPDATE audit_user SET username = 'another' "
    "WHERE username = 'arbiter'",
}  # fmt: skip


def sentences():
    return [problem.sentence for check in (check_grants, check_users) for problem in check("default")]


@pytest.mark.parametrize("sentence", EDITS)
def test_an_edited_right_is_named(sentence, now):
    make_user("radiologist", organisation="north-group")
    arbiter = make_user("arbiter")
    grant = add_grant(user=arbiter, values=GrantValues(role="integrator"), by="test", now=now)
    end_grant(grant=grant, by="test", now=now)
    deactivate(user=arbiter, by="test", now=now)
    assert sentences() == []

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(EDITS[sentence])
        assert cursor.rowcount

    assert [each for each in sentences() if sentence in each]


def test_a_longer_end_given_past_the_log_is_named(now):
    person = make_user("regulator", organisation="north-group")
    grant = person.grants.get()
    extend_grant(grant=grant, until=grant.expires_at + timedelta(days=1), by="test", now=now)
    assert not list(check_grants("default"))
    Grant.objects.update(expires_at=grant.expires_at + timedelta(days=365))
    assert ["its end" in problem.sentence for problem in check_grants("default")] == [True]
