"""A regulator's role ends by itself for pages, tokens and the log's bundles; warned of before, extended by an act."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.access.actions import GrantValues, add_grant, create_token, extend_grant
from audit.access.decisions import may
from audit.access.models import Grant, User
from audit.errors import AccessError
from audit.log.models import Act
from audit.log.sequencing import sequence
from tests.factories import make_network, make_user

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def regulator(db) -> User:
    make_network()
    return make_user(role="regulator", organisation="north-group")


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def ends(user: User, **ago: int) -> None:
    Grant.objects.filter(user=user).update(expires_at=timezone.now() + timedelta(**ago))


def test_a_regulators_role_cannot_be_without_an_end(regulator):
    with pytest.raises(IntegrityError), transaction.atomic():
        Grant.objects.filter(user=regulator).update(expires_at=None)


def test_one_that_names_none_ends_after_ninety_days(now):
    person = make_user(role="radiologist", organisation="north-group")
    grant = add_grant(user=person, values=GrantValues(role="regulator"), by="test", now=now)
    assert grant.expires_at == now + timedelta(days=90)


def test_the_form_asks_for_the_last_day_of_a_regulators_role(regulator):
    client = client_of(make_user(role="administrator"))
    asked = {"role": "regulator", "level": "rows", "organisation": "", "site": "", "product": ""}
    assert client.post("/users/regulator-north-group/grants/", asked).status_code == 422
    day = timezone.localdate() + timedelta(days=30)
    assert client.post("/users/regulator-north-group/grants/", asked | {"expires_at": day}).status_code == 302
    late = timezone.localdate() + timedelta(days=3650)
    assert client.post("/users/regulator-north-group/grants/", asked | {"expires_at": late}).status_code == 422


def test_an_expired_role_opens_no_page(regulator):
    client = client_of(regulator)
    assert client.get("/log/").status_code == 200
    ends(regulator, seconds=-1)
    assert {client.get(page).status_code for page in ("/", "/log/", "/evidence/", "/registry/")} == {404}
    assert b"ended on" in client.get("/account/").content


def test_an_expired_role_opens_no_bundle_of_entries_by_token(regulator, client, now):
    _, secret = create_token(user=regulator, by=regulator, now=timezone.now())
    sequence(now=now)
    size = Act.objects.filter(organisation="north-group", entry__position__isnull=False).count()
    assert size
    registered = Act.objects.filter(organisation="north-group").first()
    assert registered is not None
    address = reverse("log:tile", args=["north-group", f"entries/000.p/{min(1, size)}"])
    sender = {"headers": {"authorization": f"Bearer {secret}"}}
    assert client.get(address, **sender).status_code == 200
    ends(regulator, seconds=-1)
    assert client.get(address, **sender).status_code == 404


def test_the_person_is_warned_two_weeks_before(regulator):
    client = client_of(regulator)
    ends(regulator, days=15)
    assert b"An administrator can extend it" not in client.get("/log/").content
    ends(regulator, days=13)
    assert b"An administrator can extend it" in client.get("/log/").content


def test_administrators_see_who_expires(regulator):
    ends(regulator, days=13)
    assert b"ends " in client_of(make_user(role="administrator")).get("/users/").content


def test_an_administrator_extends_it_by_an_act(regulator):
    ends(regulator, seconds=-1)
    grant = regulator.grants.get()
    day = timezone.localdate() + timedelta(days=60)
    address = reverse("registry:extend_grant", args=[regulator.username, grant.pk])
    client_of(make_user(role="administrator", username="admin")).post(address, {"until": day})
    assert may(User.objects.get(pk=regulator.pk), "see_log")
    act = Act.objects.get(entry__kind="grant_extended")
    assert (act.organisation, act.details["grant"], act.entry.actor) == ("north-group", grant.pk, "user:admin")


def test_nobody_extends_their_own_nor_shortens_anothers(regulator, now):
    grant = regulator.grants.get()
    with pytest.raises(AccessError, match="their own"):
        extend_grant(grant=grant, until=timezone.now() + timedelta(days=9), by=regulator, now=timezone.now())
    with pytest.raises(AccessError, match="lasts that long"):
        extend_grant(grant=grant, until=timezone.now() + timedelta(days=9), by="admin", now=timezone.now())
