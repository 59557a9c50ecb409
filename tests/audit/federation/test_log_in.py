"""Single sign-on against a provider that runs beside the test: a server of its own on a free port."""

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

import oidc_provider_mock
import pytest
from django.test import Client

from audit.access.actions import GrantValues, add_grant
from audit.access.models import Grant, Identity, User
from audit.errors import SingleSignOnError
from audit.federation.actions import printed_name
from audit.federation.groups import follow_groups
from audit.federation.provider import Client as Registered
from audit.federation.provider import Provider, provider_of
from audit.log.models import Entry
from tests.audit.access.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db
START, BACK = "/log-in/single-sign-on/", "/log-in/single-sign-on/back/"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with oidc_provider_mock.run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(autouse=True)
def configured(settings, issuer, tmp_path):
    provider_of.cache_clear()
    settings.RADVIGIL_HOME = tmp_path
    settings.RADVIGIL_OIDC_ISSUER, settings.RADVIGIL_OIDC_CLIENT = issuer, "radvigil"
    settings.RADVIGIL_OIDC_SECRET = "s3cret"
    settings.RADVIGIL_OIDC_SCOPE = "openid profile"


def person(issuer: str, subject: str, **claims: object) -> None:
    """Register a person at the provider, with what it says of them."""
    address = f"{issuer}/users/{subject}"
    data = json.dumps(claims).encode()
    urlopen(Request(address, data=data, method="PUT", headers={"Content-Type": "application/json"}), timeout=5)


def through_the_provider(address: str, *, subject: str) -> str:
    """Log in at the provider as a person would, and return where it sends the browser."""
    import http.client

    parts = urlsplit(address)
    there = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
    form = urlencode({"sub": subject})
    there.request("POST", f"{parts.path}?{parts.query}", form, {"Content-Type": "application/x-www-form-urlencoded"})
    answer = there.getresponse()
    answer.read()
    sent = urlsplit(answer.headers["Location"])
    return f"{sent.path}?{sent.query}"


def log_in(client: Client, *, subject: str = "anna", onward: str = "/account/"):
    there = client.get(START, {"next": onward})
    return client.get(through_the_provider(there.url, subject=subject))


def kinds() -> list[str]:
    return list(Entry.objects.order_by("id").values_list("kind", flat=True))


def test_the_question_carries_state_nonce_and_a_challenge(client):
    asked = parse_qs(urlsplit(client.get(START).url).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert all(len(asked[name][0]) >= 43 for name in ("state", "nonce", "code_challenge"))
    again = parse_qs(urlsplit(client.get(START).url).query)
    assert asked["state"] != again["state"]


def test_a_first_log_in_makes_a_user_without_any_right(client, issuer):
    person(issuer, "anna", name="Anna Reader", preferred_username="anna", email="admin@north.example")
    answer = log_in(client)
    assert (answer.status_code, answer.url) == (302, "/account/")
    anna = User.objects.get(username="anna")
    assert (anna.printed_name, anna.grants.count(), anna.email) == ("Anna Reader", 0, "")
    assert client.get("/account/").status_code == 200
    assert kinds() == ["user_created", "single_sign_on_linked", "logged_in"]
    assert client.get("/").status_code == 404


def test_the_same_subject_is_the_same_user_and_another_is_not(client, issuer):
    person(issuer, "anna", preferred_username="anna")
    person(issuer, "bob", preferred_username="anna")
    log_in(client)
    log_in(Client())
    log_in(Client(), subject="bob")
    assert User.objects.count() == 2
    assert User.objects.exclude(username="anna").get().username.startswith("sso-")


def test_a_name_or_address_of_somebody_here_is_never_linked(client, issuer):
    quality = make_user()
    person(issuer, "mallory", preferred_username="quality_officer", email="quality_officer@north.example")
    log_in(client, subject="mallory")
    assert not quality.identities.exists()
    assert client.get("/account/").context["user"].pk != quality.pk


def test_who_came_by_single_sign_on_has_no_password_here(client, issuer):
    person(issuer, "anna", preferred_username="anna")
    log_in(client)
    anna = User.objects.get(username="anna")
    anna.set_password(PASSWORD)  # as they may, for signing
    anna.save()
    assert Client().post("/log-in/", {"username": "anna", "password": PASSWORD}).status_code == 422


def test_a_closed_log_in_stays_out(client, issuer):
    person(issuer, "anna", preferred_username="anna")
    log_in(Client())
    User.objects.update(is_active=False)
    answer = log_in(client)
    assert answer.status_code == 422
    assert b"is closed" in answer.content
    assert b'"why":"closed"' in bytes(Entry.objects.latest("id").body)


@pytest.mark.parametrize("wrong", ["state", "no question", "used question", "no code", "another issuer", "old"])
def test_an_answer_to_another_question_is_refused_and_logged(client, issuer, wrong):
    person(issuer, "anna")
    there = client.get(START)
    back = through_the_provider(there.url, subject="anna")
    browser = client
    if wrong == "state":
        back = back.replace("state=", "state=x")
    if wrong == "no question":
        browser = Client()
    if wrong == "used question":
        client.get(back)
        client.post("/log-out/")
    if wrong == "no code":
        back = f"{BACK}?error=access_denied&state={parse_qs(urlsplit(there.url).query)['state'][0]}"
    if wrong == "another issuer":
        back += "&iss=https://evil.example"
    if wrong == "old":
        session = client.session
        session["single_sign_on"] = session["single_sign_on"] | {"at": 0.0}
        session.save()
    before = kinds().count("logged_in")
    answer = browser.get(back)
    assert answer.status_code == 422
    assert b"It did not work" in answer.content
    assert kinds()[-1] == "single_sign_on_failed"
    assert kinds().count("logged_in") == before


def test_a_code_of_somebody_elses_question_opens_nothing(client, issuer):
    """The verifier lies in the session that asked: a stolen code cannot be exchanged from another (PKCE)."""
    person(issuer, "anna")
    stolen = parse_qs(urlsplit(through_the_provider(client.get(START).url, subject="anna")).query)["code"][0]
    attacker = Client()
    state = parse_qs(urlsplit(attacker.get(START).url).query)["state"][0]
    assert attacker.get(BACK, {"code": stolen, "state": state}).status_code == 422
    assert attacker.get("/account/").status_code == 302


def test_a_person_links_their_own_log_in_and_comes_back_by_it(client, issuer):
    person(issuer, "q-there")
    quality = make_user()
    client.force_login(quality)
    key = client.post("/account/single-sign-on/link/").context["key"]
    there = client.get(START, {"link": key})
    assert client.get(through_the_provider(there.url, subject="q-there")).url == "/account/"
    assert quality.identities.get().subject == "q-there"
    assert "single_sign_on_linked" in kinds()
    browser = Client()
    log_in(browser, subject="q-there")
    assert browser.get("/account/").context["user"].pk == quality.pk


def test_nobody_is_led_into_linking(client, issuer):
    """Without the key of the account page the way back proves who is there, and links nothing."""
    person(issuer, "mallory")
    client.force_login(make_user())
    there = client.get(START, {"link": "guessed"})
    client.get(through_the_provider(there.url, subject="mallory"))
    assert not Identity.objects.exists()


def test_grants_follow_the_groups_and_go_with_them(client, issuer, settings, tmp_path):
    mapping = tmp_path / "grants.json"
    mapping.write_text(json.dumps({"readers": [{"role": "radiologist", "organisation": "north-group"}]}))
    settings.RADVIGIL_OIDC_GRANTS = str(mapping)
    person(issuer, "anna", preferred_username="anna", groups=["readers", "others"])
    log_in(client)
    anna = User.objects.get(username="anna")
    assert [(g.role, g.organisation, g.group) for g in anna.live_grants] == [("radiologist", "north-group", "readers")]
    person(issuer, "anna", preferred_username="anna", groups=[])
    log_in(Client())
    assert User.objects.get(username="anna").live_grants == []
    assert [kind for kind in kinds() if kind.startswith("grant")] == ["grant_added", "grant_ended"]


def test_logging_out_offers_to_log_out_there(client, issuer):
    person(issuer, "anna")
    log_in(client)
    left = client.post("/log-out/")
    assert left.url == "/log-in/single-sign-on/left/"
    page = client.get(left.url)
    assert b"Logged out here" in page.content


def test_the_log_holds_nothing_that_the_provider_said(client, issuer):
    person(issuer, "secret-subject", name="Anna", email="anna@north.example")
    log_in(client, subject="secret-subject")
    for entry in Entry.objects.all():
        assert b"secret-subject" not in bytes(entry.body)
        assert b"north.example" not in bytes(entry.body)


def test_without_an_issuer_there_is_no_such_page(client, settings):
    settings.RADVIGIL_OIDC_ISSUER = ""
    assert client.get(START).status_code == 404
    assert b"Log in with" not in client.get("/log-in/").content


def test_a_provider_that_is_away_is_said_in_words(client, settings):
    settings.RADVIGIL_OIDC_ISSUER = "http://127.0.0.1:9"
    answer = client.get(START)
    assert answer.status_code == 422
    assert b"does not answer" in answer.content


def test_keys_are_fetched_again_for_one_that_is_not_known(issuer):
    found = Provider(client=Registered(issuer=issuer, client_id="radvigil"))
    found.key_set(seconds=0.0)
    found.keys = {"keys": [{"kid": "old"}]}
    assert found.key_set(seconds=30.0, wanted="new")["keys"][0]["kid"] == "old"
    assert found.key_set(seconds=61.0, wanted="new")["keys"][0].get("kid") != "old"


def test_a_provider_that_calls_itself_otherwise_is_refused(issuer):
    other = Provider(client=Registered(issuer=f"{issuer}/", client_id="radvigil"))
    with pytest.raises(SingleSignOnError) as refused:
        other.address("token_endpoint", seconds=0.0)
    assert refused.value.why == "another_issuer"


@pytest.mark.parametrize("address", ["http://login.example", "file:///etc/passwd"])
def test_a_provider_far_away_is_asked_over_tls_alone(address):
    with pytest.raises(SingleSignOnError) as refused:
        Provider(client=Registered(issuer=address, client_id="radvigil")).address("token_endpoint", seconds=0.0)
    assert refused.value.why == "no_tls"


def test_a_right_that_two_log_ins_gave_ends_twice(now):
    """Two browsers at once once gave a right twice, and leaving the group ended one of them."""
    user, values = make_user("radiologist", organisation="north-group"), GrantValues(role="quality_officer")
    for _ in range(2):
        made = add_grant(user=user, values=values, by="single_sign_on", now=now)
        Grant.objects.filter(pk=made.pk).update(group="chiefs")
    follow_groups(user, groups=frozenset(), mapping={"chiefs": (values,)}, now=now)
    assert [each.role for each in user.live_grants] == ["radiologist"]


@pytest.mark.parametrize(
    ("said", "shown"), [("Dr\nX", "Dr X"), ("Dr\u202eX", "Dr X"), ("\ud800", "anna"), (" ", "anna")]
)
def test_a_name_is_printed_without_what_cannot_be_seen(said, shown):
    assert printed_name({"name": said}, "anna") == shown
