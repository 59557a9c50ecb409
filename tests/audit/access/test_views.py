import pytest
from django.test import Client

from audit.access.models import User
from audit.access.secrets import DEMO_PASSWORD
from audit.log.models import Entry
from tests.audit.access.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db

LOG_IN = "/log-in/"


def attempt(client: Client, *, username: str = "quality_officer", password: str = PASSWORD, onward: str = ""):
    return client.post(LOG_IN, {"username": username, "password": password, "next": onward})


def kinds() -> list[str]:
    return list(Entry.objects.order_by("id").values_list("kind", flat=True))


def test_logging_in_leads_on_and_is_in_the_log(client):
    make_user()
    answer = attempt(client, onward="/account/")
    assert (answer.status_code, answer.url) == (302, "/account/")
    assert kinds()[-1] == "logged_in"


def test_logging_in_never_leads_to_another_host(client):
    make_user()
    assert attempt(client, onward="https://elsewhere.example/").url == "/"


@pytest.mark.parametrize("onward", ["foo", "?x", "//elsewhere.example", "/\\elsewhere.example", "javascript:alert(1)"])
def test_an_address_that_is_no_page_of_ours_leads_to_the_front(client, onward):
    make_user()
    assert attempt(client, onward=onward).url == "/"


def test_a_wrong_password_is_refused_and_in_the_log_without_its_text(client):
    make_user()
    answer = attempt(client, password="hunter2 hunter2")
    assert answer.status_code == 422
    assert kinds()[-1] == "log_in_failed"
    assert b"hunter2" not in bytes(Entry.objects.latest("id").body)


def test_a_name_that_does_not_exist_is_counted_without_its_text_and_gets_the_same_answer(client):
    make_user()
    known = attempt(client, password="wrong wrong wrong").content
    unknown = attempt(client, username="hunter2hunter2", password="wrong wrong wrong").content
    entry = Entry.objects.latest("id")
    assert (entry.kind, entry.organisation) == ("log_in_failed", "operator")
    assert b"hunter2" not in bytes(entry.body)
    assert b"is not right" in known
    assert b"is not right" in unknown


def test_a_closed_log_in_stays_out(client):
    user = make_user()
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert attempt(client).status_code == 422


def test_five_failures_lock_the_name_and_the_right_password_waits_too(client):
    make_user()
    for _ in range(5):
        answer = attempt(client, password="wrong wrong wrong")
    assert answer.status_code == 429
    assert b"Too many attempts" in answer.content
    assert kinds()[-1] == "locked_out"
    assert attempt(client).status_code == 429
    assert kinds().count("locked_out") == 1


def test_the_demo_password_works_in_demo_mode_only(client, settings):
    user = make_user()
    user.set_password(DEMO_PASSWORD)
    user.save()
    assert attempt(client, password=DEMO_PASSWORD).status_code == 422
    settings.RADVIGIL_DEMO = True
    assert attempt(client, password=DEMO_PASSWORD).status_code == 302


def test_the_log_in_page_names_the_demo_log_ins_in_demo_mode_only(client, settings):
    assert DEMO_PASSWORD.encode() not in client.get(LOG_IN).content
    settings.RADVIGIL_DEMO = True
    page = client.get(LOG_IN).content
    assert DEMO_PASSWORD.encode() in page
    assert b"Synthetic demonstration data" in page


def test_logging_out_takes_a_post_and_is_in_the_log(client):
    client.force_login(make_user(), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/log-out/").status_code == 405
    assert client.post("/log-out/").url == LOG_IN
    assert kinds()[-1] == "logged_out"
    assert client.get("/account/").status_code == 302


def test_a_stranger_at_the_account_is_sent_to_log_in(client):
    assert client.get("/account/").url == f"{LOG_IN}?next=/account/"


def logged_in(client: Client) -> User:
    user = make_user(organisation="north-group")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user


def change(client: Client, **given: str):
    fields = {"current": PASSWORD, "new": "a much better password", "again": "a much better password"}
    return client.post("/account/", fields | given)


def test_the_account_shows_what_one_may_do(client):
    logged_in(client)
    page = client.get("/account/").content.decode()
    assert "quality officer" in page
    assert "north-group" in page


def test_a_changed_password_keeps_this_session(client):
    user = logged_in(client)
    assert change(client).status_code == 302
    assert client.get("/account/").status_code == 200
    user.refresh_from_db()
    assert user.check_password("a much better password")


@pytest.mark.parametrize(
    "given",
    [
        {"current": "not mine"},
        {"again": "something else entirely"},
        {"new": "short", "again": "short"},
        {"new": DEMO_PASSWORD, "again": DEMO_PASSWORD},
    ],
)
def test_a_password_that_will_not_do_changes_nothing(client, given):
    user = logged_in(client)
    assert change(client, **given).status_code == 422
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_a_form_without_its_token_is_refused_in_plain_words():
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(LOG_IN, {"username": "a", "password": "b"})
    assert answer.status_code == 403
    assert b"The form is too old" in answer.content


def test_every_answer_says_what_the_browser_may_load(client):
    policy = client.get(LOG_IN).headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


def test_a_page_of_somebody_logged_in_is_not_kept_by_the_browser(client):
    logged_in(client)
    assert "no-store" in client.get("/account/").headers["Cache-Control"]


def test_an_address_that_does_not_exist_says_so_in_the_frame(client):
    answer = client.get("/nothing/here/")
    assert answer.status_code == 404
    assert b"Nothing here" in answer.content
    assert "Content-Security-Policy" in answer.headers
