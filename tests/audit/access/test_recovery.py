"""A second factor that was lost, reset by an administrator on the user's page."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audit.access.models import Session
from audit.factors.actions import Holder, begin_app, confirm_app
from audit.factors.models import Factor
from audit.factors.totp import code_at, step_at
from audit.log.models import Entry
from tests.audit.access.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db
RESET = "/users/radiologist/factors/"


@pytest.fixture
def reader(settings, tmp_path):
    settings.RADVIGIL_HOME = tmp_path
    user, then = make_user("radiologist", organisation="north-group"), timezone.now() - timedelta(hours=1)
    own = Holder(user_id=user.pk, username=user.username, organisation="north-group")
    secret = begin_app(own, now=then)
    confirm_app(own, code=code_at(secret, step=step_at(then)), name="phone", now=then)
    return user


def administrator(organisation: str = "north-group") -> Client:
    client = Client()
    client.force_login(make_user("administrator", organisation=organisation, username=f"admin-{organisation}"))
    return client


def test_a_reset_takes_the_factors_ends_sessions_and_is_told(reader, client):
    own = Client()
    own.force_login(reader)
    administrator().post(RESET, {"reason": "telephone lost, seen in person"})
    assert not Factor.objects.exists()
    assert not Session.objects.filter(user=reader).exists()
    entry = Entry.objects.get(kind="factors_reset")
    assert (entry.organisation, entry.actor) == ("north-group", "user:admin-north-group")
    assert b"seen in person" in bytes(entry.body)
    client.post("/log-in/", {"username": "radiologist", "password": PASSWORD, "next": "/account/"})
    assert b"seen in person" in client.get("/account/").content


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_reset_without_a_reason_is_none(reader, reason):
    administrator().post(RESET, {"reason": reason})
    assert Factor.objects.count() == 1


def test_an_administrator_of_another_organisation_resets_nothing(reader):
    assert administrator("south-clinic").post(RESET, {"reason": "mine"}).status_code == 404
    assert Factor.objects.count() == 1


def test_a_reset_asks_who_is_there_when_that_is_a_while_ago(reader):
    admin = administrator()
    session = admin.session
    session["opened_at"] -= 16 * 60
    session.save()
    assert admin.post(RESET, {"reason": "lost"}).url.startswith("/log-in/again/")
    assert Factor.objects.count() == 1


def test_the_page_says_how_many_there_are(reader):
    assert b"1 in force" in administrator().get("/users/radiologist/").content
