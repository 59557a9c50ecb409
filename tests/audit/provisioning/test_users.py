"""SCIM as an identity provider speaks it."""

import json

import pytest
from django.test import Client

from audit.access.actions import GrantValues, add_grant, create_token
from audit.access.models import Session, Token, User
from audit.log.models import Entry
from tests.audit.access.people import make_user

pytestmark = pytest.mark.django_db
USERS = "/scim/v2/Users"
SCHEMA, PATCH = "urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


@pytest.fixture
def administrator() -> User:
    return make_user("administrator", organisation="north-group")


@pytest.fixture
def scim(administrator, now):
    """Send as the identity provider does."""
    _, secret = create_token(user=administrator, scope="provision", by="test", now=now)
    client = Client(headers={"authorization": f"Bearer {secret}"})

    def send(method: str, address: str = USERS, body: object = None, **query: str):
        if body is None:
            return getattr(client, method)(address, query)
        sent = body if isinstance(body, str) else json.dumps(body)
        return getattr(client, method)(address, sent, content_type="application/scim+json")

    return send


def new(name: str = "anna", **more: object) -> dict:
    return {"schemas": [SCHEMA], "userName": name, "displayName": "Anna Reader", "active": True} | more


def closing(value: object = False) -> dict:
    return {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": "active", "value": value}]}


def kinds() -> list[str]:
    return list(Entry.objects.order_by("id").values_list("kind", flat=True))


def test_a_user_is_made_without_any_grant_or_password(scim):
    answer = scim("post", body=new(emails=[{"value": "anna@north.example", "primary": True}]))
    assert answer.status_code == 201
    assert answer["Content-Type"] == "application/scim+json"
    said = answer.json()
    assert (said["userName"], said["active"], said["schemas"]) == ("anna", True, [SCHEMA])
    assert answer["Location"] == said["meta"]["location"]
    anna = User.objects.get(username="anna")
    assert not anna.grants.exists()
    assert not anna.has_usable_password()
    entry = Entry.objects.latest("id")
    assert (entry.kind, entry.organisation, entry.actor) == ("user_created", "north-group", "user:administrator")
    assert b"north.example" not in bytes(entry.body)


def test_a_name_that_exists_is_a_conflict(scim):
    scim("post", body=new())
    answer = scim("post", body=new())
    assert answer.status_code == 409
    assert answer.json() | {"detail": ""} == {
        "schemas": [ERROR], "status": "409", "scimType": "uniqueness", "detail": "",
    }  # fmt: skip


def test_users_are_found_by_name_and_only_within_reach(scim):
    scim("post", body=new())
    make_user("radiologist", organisation="south-clinic", username="southern")
    found = scim("get", filter='userName eq "anna"').json()
    assert (found["totalResults"], found["Resources"][0]["userName"]) == (1, "anna")
    assert scim("get", filter='userName eq "southern"').json()["totalResults"] == 0
    names = [each["userName"] for each in scim("get").json()["Resources"]]
    assert names == ["administrator", "anna"]
    assert scim("get", startIndex="2", count="1").json()["Resources"][0]["userName"] == "anna"


def test_another_filter_is_said_to_be_none(scim):
    answer = scim("get", filter='emails.value eq "x"')
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter")


@pytest.mark.parametrize("value", [False, "False"])
def test_closing_ends_sessions_and_tokens_at_once_and_keeps_the_grants(scim, now, value):
    reader = make_user("radiologist", organisation="north-group")
    browser = Client()
    browser.force_login(reader)
    create_token(user=reader, by="test", now=now)
    answer = scim("patch", f"{USERS}/{reader.pk}", closing(value))
    assert (answer.status_code, answer.json()["active"]) == (200, False)
    assert browser.get("/account/").status_code == 302
    assert not Session.objects.filter(user=reader).exists()
    assert not Token.objects.filter(user=reader, revoked_at=None).exists()
    assert reader.grants.filter(ended_at=None).count() == 1
    entry = Entry.objects.latest("id")
    assert (entry.kind, entry.organisation) == ("user_deactivated", "north-group")
    assert b'"sessions":1,"tokens":1' in bytes(entry.body)


def test_what_was_closed_opens_again_without_its_tokens(scim, now):
    reader = make_user("radiologist", organisation="north-group")
    create_token(user=reader, by="test", now=now)
    scim("patch", f"{USERS}/{reader.pk}", closing())
    assert scim("put", f"{USERS}/{reader.pk}", new("radiologist")).json()["active"] is True
    assert kinds()[-1] == "user_reactivated"
    assert not Token.objects.filter(user=reader, revoked_at=None).exists()


def test_closing_twice_is_one_act(scim):
    reader = make_user("radiologist", organisation="north-group")
    for _ in range(2):
        assert scim("patch", f"{USERS}/{reader.pk}", closing()).status_code == 200
    assert kinds().count("user_deactivated") == 1


def test_a_name_never_changes_but_what_is_printed_does(scim):
    reader = make_user("radiologist", organisation="north-group")
    assert scim("put", f"{USERS}/{reader.pk}", new("another")).json()["scimType"] == "mutability"
    assert scim("put", f"{USERS}/{reader.pk}", new("radiologist", displayName="Dr. R")).status_code == 200
    reader.refresh_from_db()
    assert reader.printed_name == "Dr. R"


def test_nobody_beyond_the_reach_is_seen_or_closed(scim, now):
    southern = make_user("radiologist", organisation="south-clinic")
    both = make_user("quality_officer", organisation="north-group")
    add_grant(user=both, values=GrantValues(role="arbiter", organisation="south-clinic"), by="test", now=now)
    for person in (southern, both):
        answer = scim("patch", f"{USERS}/{person.pk}", closing())
        assert (answer.status_code, answer.json()["detail"]) == (404, "There is no such user.")
        person.refresh_from_db()
        assert person.is_active


def test_the_administrator_of_the_token_closes_not_themselves(scim, administrator):
    answer = scim("patch", f"{USERS}/{administrator.pk}", closing())
    assert (answer.status_code, answer.json()["status"]) == (409, "409")


def test_only_a_token_for_it_opens_the_door(client, administrator, now):
    for holder in ({"user": administrator}, {"site": "north"}):
        _, secret = create_token(**holder, by="test", now=now)
        answer = client.get(USERS, headers={"authorization": f"Bearer {secret}"})
        assert (answer.status_code, answer.json()["schemas"]) == (401, [ERROR])
    assert client.get(USERS).status_code == 401
    client.force_login(administrator)
    assert client.get(USERS).status_code == 401


def test_a_token_for_it_opens_no_other_door(client, now):
    regulator = make_user("regulator", organisation="north-group")
    _, secret = create_token(user=regulator, scope="provision", by="test", now=now)
    sender = {"headers": {"authorization": f"Bearer {secret}"}}
    assert client.get("/log/north-group/tile/entries/000.p/1", **sender).status_code == 401
    assert client.get(USERS, **sender).status_code == 403


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("post", []),
        ("post", {"userName": "a"}),
        ("post", new("has space")),
        ("post", new(active="perhaps")),
        ("post", new(emails=[{"value": "no address"}])),
        ("patch", {"schemas": [PATCH], "Operations": []}),
        ("patch", {"schemas": [PATCH], "Operations": [{"op": "remove", "path": "active"}]}),
        ("patch", {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "roles", "value": "admin"}]}),
        ("put", {"schemas": [SCHEMA], "userName": 7}),
    ],
)
def test_what_cannot_be_understood_is_refused_in_scims_words(scim, method, body):
    reader = make_user("radiologist", organisation="north-group")
    before = kinds()
    answer = scim(method, USERS if method == "post" else f"{USERS}/{reader.pk}", body)
    assert (answer.status_code, answer.json()["schemas"]) == (400, [ERROR])
    assert kinds() == before


def test_nothing_is_deleted(scim):
    reader = make_user("radiologist", organisation="north-group")
    answer = scim("delete", f"{USERS}/{reader.pk}")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, PUT, PATCH")


def test_a_subject_is_linked_when_a_user_is_made_and_to_nobody_else(scim, settings):
    settings.RADVIGIL_OIDC_ISSUER = "https://login.example"
    assert scim("post", body=new(externalId="248289761001")).json()["externalId"] == "248289761001"
    held = User.objects.get(username="anna").identities.get()
    assert (held.issuer, held.subject) == ("https://login.example", "248289761001")
    assert "single_sign_on_linked" in kinds()
    assert scim("post", body=new("mallory", externalId="248289761001")).status_code == 409
    assert not User.objects.filter(username="mallory").exists()
    anna = f"{USERS}/{held.user_id}"
    assert scim("put", anna, new(externalId="another")).json()["scimType"] == "mutability"
    reader = make_user("radiologist", organisation="north-group")
    assert scim("put", f"{USERS}/{reader.pk}", new("radiologist", externalId="another")).status_code == 200
    assert not reader.identities.exists()


@pytest.mark.parametrize("letter", ["\n", "\x1b", "\u202e", "\ud800"])
@pytest.mark.parametrize("field", ["displayName", "externalId", "mail"])
def test_a_name_or_address_holds_nothing_that_cannot_be_seen(scim, field, letter):
    """It stands on documents and in mails: a line break or a right-to-left mark there poses as something else."""
    said = f"Dr{letter}A@b.example"
    more = {"emails": [{"value": said}]} if field == "mail" else {field: said}
    answer = scim("post", body=new(**more))
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")
    assert not User.objects.filter(username="anna").exists()


@pytest.mark.parametrize("body", ["[" * 30_000, {"schemas": 5}, {"schemas": {"a": 1}}])
def test_what_is_no_user_is_said_to_be_none(scim, administrator, body):
    for method, address in (("post", USERS), ("put", f"{USERS}/{administrator.pk}")):
        answer = scim(method, address, body)
        assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidSyntax")


def test_operations_that_are_no_list_change_nothing(scim, administrator):
    answer = scim("patch", f"{USERS}/{administrator.pk}", {"schemas": [PATCH], "Operations": 5})
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidSyntax")


def test_an_id_of_any_length_is_nobody(scim):
    assert scim("get", f"{USERS}/{'9' * 5000}").status_code == 404
