"""Every refused attempt stands in a log, bounded, and with nothing that was typed."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from audit.access.actions import create_token
from audit.access.models import RefusalCount, Token
from audit.access.refusals import (
    STRANGERS,
    TOLD_EACH,
    TOLD_OF_A_STRANGER,
    WINDOW,
    Refusal,
    note_refusal,
    tell_refusals,
)
from audit.log.models import Act
from tests.audit.access.people import make_user

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


def logged_in(*, csrf: bool = False, **person: str) -> Client:
    client = Client(enforce_csrf_checks=csrf)
    client.force_login(make_user(**person), backend=BACKEND)
    return client


def refusals(organisation: str = "operator") -> list[tuple[str, str, str]]:
    acts = Act.objects.filter(entry__kind="access_refused", organisation=organisation).select_related("entry")
    return [(act.entry.actor.split("/")[0], act.details["reason"], act.subject) for act in acts.order_by("id")]


def test_who_may_not_see_a_page_is_logged_in_their_own_organisations_log():
    logged_in(role="radiologist", organisation="north-group").get("/users/")
    assert refusals("north-group") == [("user:radiologist", "not_visible", "registry:users")]


def test_an_entry_holds_nothing_that_was_typed():
    logged_in(role="administrator", organisation="north-group").get("/users/Jane-Doe-1950/?q=Jane")
    act = Act.objects.get(entry__kind="access_refused")
    assert b"Jane" not in bytes(act.entry.body)
    assert act.details == {"reason": "not_visible", "method": "GET"}


def test_a_form_from_elsewhere_is_logged():
    client = logged_in(csrf=True, role="quality_officer", organisation="north-group")
    assert client.post("/log-out/").status_code == 403
    assert refusals("north-group") == [("user:quality_officer", "forged_form", "access:log_out")]


def test_a_session_that_is_over_is_told_from_a_visitor_who_never_had_one(client):
    client.get("/users/")
    client.cookies["sessionid"] = "gone"
    client.get("/users/")
    assert refusals() == [
        ("visitor", "not_logged_in", "registry:users"),
        ("visitor", "session_over", "registry:users"),
    ]


def test_the_front_door_refuses_nobody(client):
    client.get("/")
    assert refusals() == []


@pytest.mark.parametrize(("secret", "who"), [("rvg_unknown", "visitor"), ("", "visitor")])
def test_an_unknown_token_is_a_strangers(client, secret, who):
    client.post("/api/v1/truth", [], content_type="application/json", headers={"authorization": f"Bearer {secret}"})
    assert refusals() == [(who, "token_refused", "connectors:receive")]


def test_a_revoked_token_is_told_by_its_first_letters(client, now):
    user = make_user("regulator", organisation="authority")
    token, secret = create_token(user=user, by=user, now=now)
    Token.objects.update(revoked_at=now)
    tile = reverse("log:tile", args=["north-group", "entries/000.p/1"])
    assert client.get(tile, headers={"authorization": f"Bearer {secret}"}).status_code == 401
    assert refusals("authority") == [(token.actor, "token_refused", "log:tile")]


def test_a_flood_of_one_person_becomes_their_first_attempts_and_one_sum(now):
    for second in range(500):
        note_refusal(attempt(), now=now + timedelta(seconds=second / 10))
    assert len(refusals("north-group")) == TOLD_EACH
    assert tell_refusals(before=now + WINDOW, now=now + WINDOW) == 1
    summed = Act.objects.get(entry__kind="refusals_counted")
    assert (summed.details["attempts"], summed.details["routes"]) == (500, {"registry:users": 500})
    assert (summed.details["who"], summed.organisation) == ("user:reader", "north-group")


def test_strangers_from_a_thousand_addresses_have_a_budget_together(now):
    for number in range(1000):
        note_refusal(attempt(who=f"visitor/{number:04}", organisation="operator"), now=now)
    assert RefusalCount.objects.count() <= STRANGERS + 1
    assert Act.objects.filter(entry__kind="access_refused").count() <= (STRANGERS + 1) * TOLD_OF_A_STRANGER
    tell_refusals(before=now + WINDOW, now=now + WINDOW)
    others = Act.objects.get(entry__kind="refusals_counted")
    assert others.details["attempts"] == 1000 - STRANGERS


def test_a_flood_of_strangers_hides_nobody_elses_attempt(now):
    for number in range(300):
        note_refusal(attempt(who=f"visitor/{number:04}", organisation="north-group"), now=now)
    note_refusal(attempt(), now=now)
    assert ("user:reader", "not_visible", "registry:users") in refusals("north-group")


def test_every_attempt_is_in_the_log_once_whether_alone_or_in_a_sum(now):
    for number in range(37):
        note_refusal(attempt(who=f"visitor/{number % 3}"), now=now)
    tell_refusals(before=now + WINDOW, now=now + WINDOW)
    summed = Act.objects.filter(entry__kind="refusals_counted").values_list("details__attempts", flat=True)
    assert sum(summed) == 37
    assert not RefusalCount.objects.exists()


def test_the_first_attempt_of_a_window_tells_the_sums_of_the_one_before(now):
    for _ in range(TOLD_EACH + 1):
        note_refusal(attempt(), now=now)
    note_refusal(attempt(), now=now + 2 * WINDOW)
    assert Act.objects.filter(entry__kind="refusals_counted").count() == 1


def attempt(*, who: str = "user:reader", organisation: str = "north-group") -> Refusal:
    return Refusal(organisation=organisation, who=who, reason="not_visible", route="registry:users", method="GET")


def test_an_administrator_sees_the_attempts_of_their_organisation_alone(now):
    note_refusal(attempt(), now=now)
    note_refusal(attempt(who="user:southerner", organisation="south-clinic"), now=now)
    answer = logged_in(role="administrator", organisation="north-group").get("/refusals/")
    assert b"user:reader" in answer.content
    assert b"southerner" not in answer.content


def test_the_filters_stand_in_the_address_and_the_csv_has_the_same_lines(now):
    note_refusal(attempt(), now=now)
    note_refusal(attempt(who="user:another"), now=now)
    client = logged_in(role="administrator", organisation="north-group")
    answer = client.get("/refusals/", {"who": "another", "reason": "not_visible", "since": "2026-03-01"})
    assert (b"user:another" in answer.content, b"user:reader" in answer.content) == (True, False)
    text = b"".join(client.get("/refusals/", {"who": "another", "format": "csv"})).decode()
    assert [line.split(",")[3] for line in text.split("\r\n")[1:-1]] == ["user:another"]
    assert Act.objects.filter(entry__kind="refusals_exported", organisation="north-group").count() == 1


def test_the_page_costs_the_same_for_many_attempts(now, django_assert_max_num_queries):
    client = logged_in(role="administrator", organisation="north-group")
    for number in range(30):
        note_refusal(attempt(who=f"user:{number}"), now=now)
    with django_assert_max_num_queries(12):
        client.get("/refusals/")
