"""Sessions: where they lie, when they end, and who ends them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audit.access.actions import deactivate
from audit.access.models import AccessRules, Session
from audit.access.session_store import row_key
from audit.log.models import Entry
from tests.audit.access.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db
ACCOUNT = "/account/"


def browser_of(name: str = "quality_officer", *, agent: str = "Firefox") -> Client:
    browser = Client(headers={"user-agent": agent})
    browser.post("/log-in/", {"username": name, "password": PASSWORD})
    return browser


def age(browser: Client, **seconds: float) -> None:
    session = browser.session
    for name, back in seconds.items():
        session[name] -= back
    session.save()


def kinds() -> list[str]:
    return list(Entry.objects.order_by("id").values_list("kind", flat=True))


def test_the_table_opens_no_session(client):
    make_user()
    browser = browser_of()
    key = browser.cookies["sessionid"].value
    row = Session.objects.get()
    assert row.pk == row_key(key)
    assert key not in row.session_data
    thief = Client()
    thief.cookies["sessionid"] = row.pk
    assert thief.get(ACCOUNT).status_code == 302


@pytest.mark.parametrize(
    ("aged", "why"),
    [({"seen_at": 31 * 60}, "idle"), ({"opened_at": 13 * 3600}, "longest"), ({"seen_at": 29 * 60}, "")],
)
def test_a_session_ends_when_nobody_is_there_and_at_its_longest(aged, why):
    make_user()
    browser = browser_of()
    age(browser, **aged)
    answer = browser.get(ACCOUNT)
    assert answer.status_code == (302 if why else 200)
    assert ("session_ended" in kinds()) is bool(why)
    if why:
        assert f'"why":"{why}"'.encode() in bytes(Entry.objects.get(kind="session_ended").body)
        assert b"You were logged out" in browser.get("/log-in/").content


def test_a_click_keeps_a_session_alive():
    make_user()
    browser = browser_of()
    for _ in range(3):
        age(browser, seen_at=20 * 60)
        assert browser.get(ACCOUNT).status_code == 200


def test_an_organisation_can_ask_for_shorter_sessions():
    make_user(organisation="north-group")
    AccessRules.objects.create(organisation="north-group", idle_minutes=5)
    browser = browser_of()
    age(browser, seen_at=6 * 60)
    assert browser.get(ACCOUNT).status_code == 302


def test_a_session_without_its_times_is_over():
    make_user()
    browser = browser_of()
    session = browser.session
    del session["seen_at"]
    session.save()
    assert browser.get(ACCOUNT).status_code == 302


def test_the_account_lists_ones_sessions_and_ends_one():
    make_user()
    here, there = browser_of(), browser_of(agent="Telephone")
    assert b"Telephone" in here.get(ACCOUNT).content
    here.post("/account/sessions/end/", {"session": row_key(there.session.session_key)})
    assert there.get(ACCOUNT).status_code == 302
    assert here.get(ACCOUNT).status_code == 200
    assert b'"why":"ended_by_user"' in bytes(Entry.objects.latest("id").body)


def test_all_others_end_and_nobody_elses():
    make_user()
    make_user("radiologist")
    here, there, other = browser_of(), browser_of(), browser_of("radiologist")
    here.post("/account/sessions/end/", {"session": row_key(other.session.session_key)})
    here.post("/account/sessions/end/")
    assert [each.get(ACCOUNT).status_code for each in (here, there, other)] == [200, 302, 200]


def test_a_changed_password_ends_the_other_sessions():
    make_user()
    here, there = browser_of(), browser_of()
    new = "a much better password"
    here.post(ACCOUNT, {"current": PASSWORD, "new": new, "again": new})
    assert here.get(ACCOUNT).status_code == 200
    assert there.get(ACCOUNT).status_code == 302
    assert b'"why":"password_changed"' in bytes(Entry.objects.get(kind="session_ended").body)


def test_a_closed_log_in_has_no_session_left():
    user = make_user()
    browser = browser_of()
    deactivate(user=user, by="test", now=timezone.now())
    assert not Session.objects.filter(user=user).exists()
    assert browser.get(ACCOUNT).status_code == 302


def test_cookies_are_for_this_site_and_no_script(client, settings):
    make_user()
    settings.SESSION_COOKIE_SECURE = True
    answer = client.post("/log-in/", {"username": "quality_officer", "password": PASSWORD})
    cookie = answer.cookies["sessionid"]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, True, "Lax", "")
    assert answer.cookies["radvigil_known"]["httponly"]


def test_an_expired_row_opens_nothing():
    make_user()
    browser = browser_of()
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert browser.get(ACCOUNT).status_code == 302
