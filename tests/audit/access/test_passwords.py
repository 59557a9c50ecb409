"""Passwords: which are taken, when they must be changed, and what too many failures lead to."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import identify_hasher, make_password
from django.test import Client
from django.utils import timezone

from audit.access.actions import create_user
from audit.access.counting import TOLD_EACH, keyed, note_failure, tell_the_rest
from audit.access.models import AccessRules, Failure, User
from audit.access.recovery import reset_password
from audit.errors import AccessError
from audit.log.models import Entry
from tests.audit.access.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db
NEW = "a much better password"


def attempt(client: Client, password: str = PASSWORD, *, username: str = "quality_officer"):
    return client.post("/log-in/", {"username": username, "password": password, "next": "/account/"})


def kinds() -> list[str]:
    return list(Entry.objects.order_by("id").values_list("kind", flat=True))


def change(client: Client, new: str):
    client.force_login(User.objects.get())
    return client.post("/account/", {"current": PASSWORD, "new": new, "again": new})


@pytest.mark.parametrize(
    "new",
    [
        "eleven-char", "x" * 129, "qwertyuiop123", "quality_officer", "Quality_Officer1", PASSWORD, "radvigil-demo",
    ],
)  # fmt: skip
def test_a_weak_password_is_refused(client, new):
    make_user()
    assert change(client, new).status_code == 422
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.parametrize(
    "new", ["twelve chars", "x7" * 64, "пароль из слов", "🦆🐢 duck & turtle", "only small letters"]
)
def test_length_counts_and_not_which_characters(client, new):
    make_user()
    assert change(client, new).status_code == 302
    assert User.objects.get().check_password(new)


def test_passwords_are_kept_by_argon2(settings):
    from deploy.settings import base

    settings.PASSWORD_HASHERS = base.PASSWORD_HASHERS
    kept = make_password(PASSWORD)
    assert identify_hasher(kept).algorithm == "argon2"
    assert kept.startswith("argon2$argon2id$")


def first(now=None) -> str:
    _, password = create_user(
        username="anna", printed_name="Anna", role="radiologist", by="test", now=now or timezone.now()
    )
    return password


def test_a_first_password_is_changed_before_anything_opens(client):
    password = first()
    assert attempt(client, password, username="anna").url == "/log-in/new-password/"
    assert client.get("/account/").status_code == 302
    assert client.post("/log-in/new-password/", {"new": password, "again": password}).status_code == 422
    assert client.post("/log-in/new-password/", {"new": NEW, "again": NEW}).url == "/account/"
    assert client.get("/account/").status_code == 200
    assert attempt(Client(), NEW, username="anna").url == "/account/"
    assert kinds()[-3:] == ["password_changed", "logged_in", "logged_in"]


def test_a_first_password_left_for_a_week_opens_nothing(client):
    password = first(now=timezone.now() - timedelta(days=7))
    assert attempt(client, password, username="anna").status_code == 422


def test_a_password_grows_old_only_where_somebody_asks_for_it(client, settings):
    user = make_user(organisation="north-group")
    User.objects.update(password_set_at=timezone.now() - timedelta(days=400))
    assert attempt(Client()).url == "/account/"
    AccessRules.objects.create(organisation="north-group", password_days=365)
    assert attempt(client).url == "/log-in/new-password/"
    assert user.actor not in kinds()


def test_an_address_that_fails_locks_the_name_from_there_alone(client):
    make_user()
    make_user("radiologist")
    for _ in range(5):
        attempt(client, "wrong wrong wrong")
    assert attempt(client).status_code == 429
    assert attempt(client, username="radiologist").status_code == 302
    assert attempt(Client(REMOTE_ADDR="10.0.0.7")).status_code == 302


def test_a_name_attacked_from_everywhere_lets_its_own_browser_in(client, settings):
    settings.RADVIGIL_LOGIN_FAILURES_OF_A_NAME = 4
    make_user()
    own = Client()
    attempt(own)
    own.post("/log-out/")
    for number in range(4):
        attempt(Client(REMOTE_ADDR=f"10.0.0.{number}"), "wrong wrong wrong")
    assert attempt(Client(REMOTE_ADDR="10.0.9.9")).status_code == 429
    assert attempt(own).status_code == 302
    stolen = Client(REMOTE_ADDR="10.0.9.9")
    stolen.cookies["radvigil_known"] = own.cookies["radvigil_known"].value + "x"
    assert attempt(stolen).status_code == 429


def test_what_a_stranger_typed_as_a_name_is_kept_nowhere(client):
    attempt(client, "wrong wrong wrong", username="my secret password")
    row = AccessAttempt.objects.get()
    assert row.username == keyed("my secret password")
    kept = [row.post_data, row.get_data, row.username, *Failure.objects.values_list("subject", flat=True)]
    assert not any("secret" in each for each in kept)


def test_a_flood_of_failures_is_a_few_entries_and_a_sum(now):
    for _ in range(50):
        note_failure("log_in_failed", organisation="", subject="log-in", actor="visitor", now=now)
    assert kinds() == ["log_in_failed"] * TOLD_EACH
    assert tell_the_rest(now=now) == 0
    assert tell_the_rest(now=now + timedelta(minutes=1)) == 1
    assert tell_the_rest(now=now + timedelta(minutes=2)) == 0
    assert f'"failures":{50 - TOLD_EACH}'.encode() in bytes(Entry.objects.latest("id").body)
    tell_the_rest(now=now + timedelta(days=2))
    assert not Failure.objects.exists()


def test_the_proxys_word_counts_and_the_browsers_does_not(rf, settings):
    from audit.access.attempts import client_address

    request = rf.get("/", headers={"x-forwarded-for": "6.6.6.6, 10.1.1.1"}, REMOTE_ADDR="172.17.0.2")
    assert client_address(request) == "172.17.0.2"
    settings.RADVIGIL_TLS = True
    assert client_address(request) == "10.1.1.1"


def test_an_administrator_lifts_a_lock_and_it_is_logged(client):
    make_user(organisation="north-group")
    admin = Client()
    admin.force_login(make_user("administrator", organisation="north-group"))
    assert admin.post("/users/quality_officer/unlock/").status_code == 302
    assert "lockout_lifted" not in kinds()
    for _ in range(5):
        attempt(client, "wrong wrong wrong")
    admin.post("/users/quality_officer/unlock/")
    assert attempt(client).status_code == 302
    assert kinds().count("lockout_lifted") == 1


def test_a_reset_password_is_told_logged_with_its_reason_and_good_once(client):
    make_user(organisation="north-group")
    own = Client()
    attempt(own)
    admin = Client()
    admin.force_login(make_user("administrator", organisation="north-group"))
    page = admin.post("/users/quality_officer/password/", {"reason": "forgot it, came in person"})
    password = page.context["password"]
    assert own.get("/account/").status_code == 302
    assert b"came in person" in bytes(Entry.objects.get(kind="password_reset").body)
    assert attempt(client, password).url == "/log-in/new-password/"
    client.post("/log-in/new-password/", {"new": NEW, "again": NEW})
    assert b"came in person" in client.get("/account/").content
    client.post("/account/notices/read/")
    assert b"came in person" not in client.get("/account/").content


def test_one_administrator_does_not_reset_both_halves(now):
    user, admin = make_user(), make_user("administrator")
    reset_password(user=user, reason="forgot", by=admin, now=now)
    from audit.access.recovery import reset_factors

    with pytest.raises(AccessError, match="another administrator"):
        reset_factors(user=user, reason="lost", by=admin, now=now)
    with pytest.raises(AccessError, match="Nobody resets their own"):
        reset_password(user=admin, reason="forgot", by=admin, now=now)


def test_an_organisations_rules_are_set_on_a_page_and_logged(client):
    admin = make_user("administrator", organisation="north-group")
    client.force_login(admin)
    assert client.get("/users/rules/south-clinic/").status_code == 404
    from tests.factories import make_network

    make_network()
    asked = {"factor_roles": ["radiologist"], "idle_minutes": "10", "longest_hours": "", "password_days": "365"}
    assert client.post("/users/rules/north-group/", asked).status_code == 302
    assert b"checked" in client.get("/users/rules/north-group/").content
    entry = Entry.objects.get(kind="access_rules_set")
    assert entry.organisation == "north-group"
    assert b'"idle_minutes":10,"password_days":365' in bytes(entry.body)
    assert client.post("/users/rules/north-group/", asked | {"idle_minutes": "0"}).status_code == 422
