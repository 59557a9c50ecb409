import pytest

from audit.access.actions import GrantValues, add_grant, revoke_token
from audit.access.models import Token, User
from audit.access.queries import token_for
from audit.log.models import Act, Entry
from inference.registry.accounts import create_token_for
from tests.factories import make_network, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def network(db):
    make_network()


def log_in(client, role="administrator", **binding):
    user = make_user(role=role, **binding)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user


def make(client, **given):
    fields = {"username": "anna", "printed_name": "Anna Blum", "role": "radiologist", "level": "images"}
    return client.post("/users/new/", fields | given)


PAGES = ("/users/", "/users/new/", "/tokens/")


@pytest.mark.parametrize("address", PAGES)
def test_a_stranger_is_sent_to_log_in(client, address):
    assert client.get(address).url == f"/log-in/?next={address}"


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("role", ["quality_officer", "regulator", "integrator"])
def test_only_an_administrator_comes_in(client, address, role):
    log_in(client, role)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("address", PAGES)
def test_the_pages_show(client, network, address):
    log_in(client)
    assert client.get(address).status_code == 200


def test_a_new_user_can_log_in_with_the_password_shown(client, network):
    log_in(client)
    answer = make(client, organisation="north-group", site="north")
    password = answer.content.decode().split("<code>")[1].split("</code>")[0]
    anna = User.objects.get(username="anna")
    assert anna.check_password(password)
    assert anna.grants.get().site == "north"
    assert Entry.objects.filter(
        kind="user_created", organisation="north-group", actor="user:administrator-all"
    ).exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"organisation": "nowhere"}, "not one of the available choices"),
        ({"organisation": "south-clinic", "site": "north"}, "belongs to north-group"),
        ({"username": "administrator-all"}, "already"),
        ({"role": "wizard"}, "not one of the available choices"),
    ],
)
def test_a_user_that_will_not_do_is_refused_with_the_reason(client, network, given, said):
    log_in(client)
    answer = make(client, **given)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not User.objects.filter(username="anna").exists()


def test_an_administrator_of_one_organisation_gives_no_more_than_it(client, network):
    log_in(client, organisation="north-group")
    assert make(client).status_code == 422
    assert make(client, organisation="south-clinic").status_code == 422
    assert make(client, organisation="north-group").status_code == 200


def test_an_administrator_of_one_organisation_does_not_see_the_users_of_another(client, network):
    make_user(role="quality_officer", organisation="south-clinic", username="theirs")
    log_in(client, organisation="north-group")
    assert "theirs" not in client.get("/users/").content.decode()
    assert client.get("/users/theirs/").status_code == 404
    assert client.post("/users/theirs/close/").status_code == 404


def test_an_administrator_does_not_touch_rights_beyond_their_reach(client, network):
    other = make_user(role="regulator", username="both")
    held = other.grants.get()
    other.grants.create(
        role="regulator", organisation="north-group", created_at=held.created_at, expires_at=held.expires_at
    )
    log_in(client, organisation="north-group")
    assert client.get("/users/both/").status_code == 200
    assert client.post(f"/users/both/grants/{held.pk}/end/").status_code == 404
    assert client.post("/users/both/close/").status_code == 404
    assert client.post("/tokens/", {"user": "both"}).status_code == 422


def test_a_role_is_added_and_ended(client, network):
    person = make_user(role="radiologist", organisation="north-group", username="anna")
    log_in(client)
    added = {"role": "arbiter", "organisation": "north-group", "level": "images"}
    assert client.post("/users/anna/grants/", added).status_code == 302
    first = person.grants.get(role="radiologist")
    client.post(f"/users/anna/grants/{first.pk}/end/")
    assert [grant.role for grant in User.objects.get(username="anna").live_grants] == ["arbiter"]
    assert "arbiter" in client.get("/users/anna/").content.decode()


def test_a_closed_log_in_stops_at_once_and_can_be_opened_again(client, network):
    make_user(role="radiologist", organisation="north-group", username="anna")
    log_in(client)
    client.post("/users/anna/close/")
    assert not User.objects.get(username="anna").is_active
    client.post("/users/anna/open/")
    assert User.objects.get(username="anna").is_active


def test_the_last_administrator_is_told_why_they_stay(client, network):
    admin = log_in(client)
    answer = client.post(f"/users/{admin.username}/grants/{admin.grants.get().pk}/end/", follow=True)
    assert "last administrator" in answer.content.decode()


def secret_of(answer) -> str:
    return answer.content.decode().split("<code>")[1].split("</code>")[0]


def test_a_token_is_shown_once_and_opens(client, network, now):
    log_in(client)
    secret = secret_of(client.post("/tokens/", {"deployment": "cxr-north"}))
    assert token_for(secret, now=now).deployment == "cxr-north"
    assert secret not in client.get("/tokens/").content.decode()
    assert Entry.objects.filter(kind="token_created", organisation="north-group").exists()


@pytest.mark.parametrize("given", [{}, {"deployment": "cxr-north", "site": "north"}, {"site": "nowhere"}])
def test_a_token_without_one_holder_is_refused(client, network, given):
    log_in(client)
    assert client.post("/tokens/", given).status_code == 422
    assert not Token.objects.exists()


def test_a_revoked_token_stops(client, network, now):
    log_in(client)
    secret = secret_of(client.post("/tokens/", {"site": "north"}))
    client.post(f"/tokens/{Token.objects.get().pk}/revoke/")
    assert token_for(secret, now=now) is None


def test_a_token_of_another_organisation_does_not_exist(client, network):
    log_in(client)
    client.post("/tokens/", {"site": "south"})
    token = Token.objects.get()
    log_in(client, organisation="north-group")
    assert token.hint not in client.get("/tokens/").content.decode()
    assert client.post(f"/tokens/{token.pk}/revoke/").status_code == 404
    assert client.post("/tokens/", {"site": "south"}).status_code == 422


@pytest.mark.parametrize("address", ["/users/", "/tokens/"])
def test_a_list_costs_the_same_for_many_users(client, network, address, django_assert_max_num_queries):
    log_in(client)
    make_user(role="radiologist", username="one")
    with django_assert_max_num_queries(15) as few:
        client.get(address)
    for number in range(5):
        make_user(role="radiologist", username=f"more-{number}")
    with django_assert_max_num_queries(len(few)):
        client.get(address)


def test_what_somebody_is_in_another_house_is_not_told(client, network, now):
    both = make_user(role="radiologist", organisation="north-group", username="both")
    add_grant(user=both, values=GrantValues(role="arbiter", organisation="south-clinic"), by="test", now=now)
    log_in(client, organisation="north-group")
    for address in ("/users/", "/users/both/"):
        page = client.get(address).content.decode()
        assert "north-group" in page
        assert "south-clinic" not in page


def test_a_replaced_token_shows_its_next_secret_once_and_which_one_it_is(client, network, now):
    log_in(client, organisation="north-group")
    old = secret_of(client.post("/tokens/", {"site": "north"}))
    token = Token.objects.get()

    new = secret_of(client.post(f"/tokens/{token.pk}/rotate/", {"overlap_days": "7"}))
    page = client.get("/tokens/").content.decode()

    assert {token_for(old, now=now).pk, token_for(new, now=now).pk} == set(Token.objects.values_list("pk", flat=True))
    assert f"replaced by {new[:10]}" in page
    assert new not in page
    assert page.count("/rotate/") == 1


def test_a_token_is_not_replaced_twice_nor_by_an_overlap_of_ones_own(client, network):
    log_in(client)
    client.post("/tokens/", {"site": "north"})
    address = f"/tokens/{Token.objects.get().pk}/rotate/"

    assert client.post(address, {"overlap_days": "400"}).status_code == 422
    assert client.post(address, {"overlap_days": "1"}).status_code == 200
    assert "replaced already" in client.post(address, {"overlap_days": "1"}, follow=True).content.decode()


def test_a_token_of_another_organisation_is_not_replaced(client, network):
    make_user(role="quality_officer", organisation="north-group", username="watcher")
    log_in(client, organisation="south-clinic")
    client.post("/tokens/", {"site": "south"})
    client.logout()
    log_in(client, organisation="north-group")

    assert client.post(f"/tokens/{Token.objects.get().pk}/rotate/", {"overlap_days": "0"}).status_code == 404


def test_a_token_ends_with_its_last_day(client, network):
    log_in(client)
    client.post("/tokens/", {"site": "north", "expires_on": "2199-12-31"})

    assert Token.objects.get().expires_at.isoformat() == "2200-01-01T00:00:00+00:00"
    assert client.post("/tokens/", {"site": "north", "expires_on": "2001-01-01"}).status_code == 422
    assert Token.objects.count() == 1


def test_the_page_says_who_counts_the_requests(client, network):
    log_in(client)

    assert "requests a minute, counted " in client.get("/tokens/").content.decode()


@pytest.mark.parametrize("holder", [{"deployment": "cxr-north"}, {"site": "north"}])
def test_a_refused_token_of_a_site_is_told_in_its_providers_log(client, network, holder, now):
    token, secret = create_token_for(**holder, by="test", now=now)
    revoke_token(token=token, organisation="north-group", by="test", now=now)
    headers = {"authorization": f"Bearer {secret}"}
    assert client.post("/api/v1/truth", [], content_type="application/json", headers=headers).status_code == 401
    told = Act.objects.get(entry__kind="access_refused")
    assert (told.organisation, told.details["reason"]) == ("north-group", "token_refused")
