"""Logging in with a second factor, page by page."""

import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audit.access.actions import GrantValues, add_grant
from audit.access.models import AccessRules, Notice, User
from audit.factors import totp
from audit.factors.actions import Holder, begin_app, confirm_app, make_codes
from audit.factors.models import Factor
from audit.log.models import Entry
from tests.audit.access.people import PASSWORD, make_user
from tests.audit.factors.soft_key import SoftKey

pytestmark = pytest.mark.django_db
LOG_IN, STEP, ACCOUNT = "/log-in/", "/log-in/second-step/", "/account/"
ON_LOCALHOST = {"HTTP_HOST": "localhost"}


@pytest.fixture(autouse=True)
def home(settings, tmp_path):
    settings.RADVIGIL_HOME = tmp_path


def kinds() -> list[str]:
    return list(Entry.objects.order_by("id").values_list("kind", flat=True))


def own(user: User) -> Holder:
    return Holder(user_id=user.pk, username=user.username, organisation="north-group")


def with_app() -> tuple[User, bytes]:
    """Somebody whose app was confirmed a while ago, so that the code of now is fresh."""
    user = make_user(organisation="north-group")
    then = timezone.now() - timedelta(minutes=5)
    secret = begin_app(own(user), now=then)
    confirm_app(own(user), code=totp.code_at(secret, step=totp.step_at(then)), name="phone", now=then)
    return user, secret


def give_password(client: Client, *, onward: str = ACCOUNT):
    return client.post(LOG_IN, {"username": "quality_officer", "password": PASSWORD, "next": onward})


def fresh_code(secret: bytes) -> str:
    return totp.code_at(secret, step=totp.step_at(timezone.now()))


def options_on(page: bytes) -> dict:
    return json.loads(re.search(rb'<script id="key-options"[^>]*>(.*?)</script>', page, re.S).group(1))


def test_the_password_alone_opens_nothing(client):
    with_app()
    answer = give_password(client)
    assert answer.url == STEP
    assert client.get(ACCOUNT).status_code == 302
    assert "logged_in" not in kinds()


def test_the_code_of_the_app_opens_the_session_and_leads_on(client):
    _, secret = with_app()
    give_password(client)
    before = client.session.session_key
    answer = client.post(STEP, {"code": fresh_code(secret)})
    assert (answer.status_code, answer.url) == (302, ACCOUNT)
    assert client.session.session_key != before
    assert client.get(ACCOUNT).status_code == 200
    assert b'["password","app"]' in bytes(Entry.objects.get(kind="logged_in").body)


def test_a_code_is_taken_once_also_in_another_browser(client):
    _, secret = with_app()
    code = fresh_code(secret)
    for browser, status in ((client, 302), (Client(), 422)):
        give_password(browser)
        assert browser.post(STEP, {"code": code}).status_code == status


def test_a_recovery_code_opens_once_and_the_person_is_told(client):
    user, _ = with_app()
    code = make_codes(own(user), now=timezone.now())[3]
    for browser, status in ((client, 302), (Client(), 422)):
        give_password(browser)
        assert browser.post(STEP, {"code": code}).status_code == status
    assert "recovery_code_used" in kinds()
    assert "9 are left" in Notice.objects.get().text


def test_five_wrong_codes_lock_the_step_and_the_person_is_told(client):
    _, secret = with_app()
    for number in range(5):
        give_password(client)
        answer = client.post(STEP, {"code": f"00000{number}"})
    assert b"locked for a quarter of an hour" in answer.content
    give_password(client)
    assert client.post(STEP, {"code": fresh_code(secret)}).status_code == 422
    assert kinds().count("second_factor_failed") == 5
    assert kinds().count("second_factor_locked") == 1
    assert "knows your password" in Notice.objects.get().text


def test_the_step_is_for_who_gave_the_password_and_for_ten_minutes(client, monkeypatch):
    assert client.get(STEP).url == LOG_IN
    _, secret = with_app()
    give_password(client)
    session = client.session
    session["entering"] = session["entering"] | {"at": timezone.now().timestamp() - 600}
    session.save()
    assert client.post(STEP, {"code": fresh_code(secret)}).url == LOG_IN


@pytest.mark.parametrize("meanwhile", ["closed", "another password"])
def test_what_happens_to_the_log_in_meanwhile_ends_the_way_in(client, meanwhile):
    user, secret = with_app()
    give_password(client)
    if meanwhile == "closed":
        User.objects.update(is_active=False)
    else:
        user.set_password("another good password")
        user.save()
    assert client.post(STEP, {"code": fresh_code(secret)}).url == LOG_IN
    assert "logged_in" not in kinds()


def test_a_password_is_no_second_step(client):
    with_app()
    give_password(client)
    assert client.post(STEP, {"password": PASSWORD, "code": ""}).status_code == 422


def test_a_key_is_added_on_the_account_and_opens_the_next_session(client):
    user = make_user(organisation="north-group")
    client.force_login(user)
    key = SoftKey()
    options = options_on(client.get("/account/factors/key/", **ON_LOCALHOST).content)
    page = client.post("/account/factors/key/", {"name": "blue", "credential": key.make(options)}, **ON_LOCALHOST)
    assert b"Keep these codes" in page.content
    assert page.content.count(b"<li><code>") == 10

    browser = Client(**ON_LOCALHOST)
    assert give_password(browser).url == STEP
    options = options_on(browser.get(STEP).content)
    said = key.answer(options)
    assert browser.post(STEP, {"credential": said}).url == ACCOUNT
    assert b'["password","key"]' in bytes(Entry.objects.filter(kind="logged_in").latest("id").body)

    other = Client(**ON_LOCALHOST)
    give_password(other)
    other.get(STEP)
    assert other.post(STEP, {"credential": said}).status_code == 422


def test_an_answer_is_taken_for_one_question_alone(client):
    """The challenge goes with the first answer, so that it can be guessed at once."""
    user = make_user()
    client.force_login(user)
    options = options_on(client.get("/account/factors/key/", **ON_LOCALHOST).content)
    wrong = SoftKey(origin="http://elsewhere.example").make(options)
    assert client.post("/account/factors/key/", {"credential": wrong}, **ON_LOCALHOST).status_code == 422
    right = SoftKey().make(options)
    assert client.post("/account/factors/key/", {"credential": right}, **ON_LOCALHOST).status_code == 422
    assert not Factor.objects.exists()


def test_an_app_is_added_on_the_account(client):
    client.force_login(make_user())
    page = client.get("/account/factors/app/").content.decode()
    assert "data:image/svg+xml;base64," in page
    secret = begin_app(own(User.objects.get()), now=timezone.now())
    assert totp.shown(secret)[:4] in page
    assert client.post("/account/factors/app/", {"code": "000000"}).status_code == 422
    done = client.post("/account/factors/app/", {"code": fresh_code(secret), "name": "phone"})
    assert b"Keep these codes" in done.content
    assert b"phone" in client.get(ACCOUNT).content


def test_a_role_that_needs_a_factor_adds_one_on_the_way_in(client, settings):
    settings.RADVIGIL_SECOND_FACTOR_ROLES = ["quality_officer"]
    user = make_user()
    assert give_password(client).url == "/account/factors/add/"
    assert client.get(ACCOUNT).status_code == 302
    assert client.get("/account/factors/add/").status_code == 200
    client.get("/account/factors/app/")
    secret = begin_app(own(user), now=timezone.now())
    page = client.post("/account/factors/app/", {"code": fresh_code(secret)})
    assert b"Keep these codes" in page.content
    assert f'href="{ACCOUNT}"'.encode() in page.content
    assert client.get(ACCOUNT).status_code == 200


def test_an_organisation_can_ask_for_a_factor_of_its_roles(client):
    AccessRules.objects.create(organisation="north-group", factor_roles=["quality_officer"])
    make_user(organisation="north-group")
    assert give_password(client).url == "/account/factors/add/"


def test_who_has_a_factor_cannot_add_another_before_showing_it(client, settings):
    settings.RADVIGIL_SECOND_FACTOR_ROLES = ["quality_officer"]
    with_app()
    give_password(client)
    for address in ("/account/factors/add/", "/account/factors/app/", "/account/factors/key/"):
        assert client.get(address).url == f"{LOG_IN}?next={ACCOUNT}"


def test_removing_a_factor_asks_who_is_there_when_that_is_a_while_ago(client):
    user, secret = with_app()
    client.force_login(user)
    session = client.session
    session["opened_at"] -= 16 * 60
    session.save()
    address = f"/account/factors/{Factor.objects.get().pk}/remove/"
    assert client.post(address).url.startswith("/log-in/again/")
    assert client.post("/log-in/again/", {"password": "wrong", "next": ACCOUNT}).status_code == 422
    assert client.post("/log-in/again/", {"code": fresh_code(secret), "next": ACCOUNT}).url == ACCOUNT
    assert client.post(address).url == ACCOUNT
    assert not Factor.objects.exists()
    assert "removed" in Notice.objects.latest("id").text


def test_nobody_touches_the_factor_of_somebody_else(client):
    with_app()
    client.force_login(make_user(role="radiologist"))
    factor = Factor.objects.get()
    client.post(f"/account/factors/{factor.pk}/name/", {"name": "mine"})
    client.post(f"/account/factors/{factor.pk}/remove/")
    factor.refresh_from_db()
    assert factor.name == "phone"


def test_the_demo_needs_the_password_alone(client, settings):
    settings.RADVIGIL_DEMO, settings.RADVIGIL_SECOND_FACTOR_ROLES = True, ["quality_officer"]
    make_user()
    assert give_password(client).url == ACCOUNT


@pytest.mark.parametrize(("role", "still_in"), [("administrator", False), ("radiologist", True)])
def test_a_role_that_needs_a_factor_is_not_taken_up_in_a_session_without_one(client, settings, role, still_in):
    settings.RADVIGIL_SECOND_FACTOR_ROLES = ["administrator"]
    user = make_user(organisation="north-group")
    give_password(client)
    add_grant(user=user, values=GrantValues(role=role, organisation="north-group"), by="test", now=timezone.now())
    assert (client.get(ACCOUNT).status_code == 200) == still_in
    assert ("session_ended" in kinds()) != still_in


def test_who_came_with_a_factor_stays_when_a_role_asks_for_one(client, settings):
    settings.RADVIGIL_SECOND_FACTOR_ROLES = ["administrator"]
    user, secret = with_app()
    give_password(client)
    client.post(STEP, {"code": fresh_code(secret)})
    add_grant(
        user=user, values=GrantValues(role="administrator", organisation="north-group"), by="test", now=timezone.now()
    )
    assert client.get(ACCOUNT).status_code == 200
