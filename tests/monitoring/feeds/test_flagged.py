"""Flagged rows: counted by flag, with what they stay out of, for whom they are."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from inference.intake.flags import MEANINGS
from monitoring.cases.facts import RunFact
from monitoring.cases.identity import Identity
from monitoring.cases.runs import run_reason
from monitoring.feeds.staying_out import EVERYTHING, NOTHING, stays_out
from tests.factories import inference_row, make_network, make_user, read_row, send

BACKEND = "django.contrib.auth.backends.ModelBackend"
PAGE = "/feeds/flagged/"


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def north(db, now):
    make_network()
    send(
        "inferences",
        *[inference_row(n, version="9.9") for n in (1, 2)],
        inference_row(3, version="9.8", odd=1),
        now=now,
    )
    send("inferences", inference_row(4), now=now)
    send("inferences", inference_row(5, version="9.9"), now=now - timedelta(days=60))
    send("inferences", inference_row(6, deployment="cxr-south", version="9.9"), site="south", now=now)
    send("reads", read_row(1, finding="unheard"), now=now)


def logged_in(client, **grant):
    client.force_login(make_user(**grant), backend=BACKEND)
    return client


def counts(page):
    return {(row["flag"], row["kind"]): row["rows"] for row in page.context["flags"]}


def test_rows_are_counted_by_flag_and_kind_within_the_period(client, north):
    page = logged_in(client, role="quality_officer", organisation="north-group").get(PAGE)

    assert counts(page) == {
        ("unregistered_version", "inference"): 3,
        ("unknown_field", "inference"): 1,
        ("unregistered_finding", "read"): 1,
    }
    assert page.context["page"].paginator.count == 3


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ({"flag": "unknown_field"}, 1),
        ({"kind": "read"}, 1),
        ({"site": "east"}, 0),
        ({"deployment": "cxr-north"}, 3),
        ({"deployment": "cxr-south"}, 0),
        ({"since": "2026-01-01"}, 4),
        ({"kind": "truth", "deployment": "cxr-north"}, 0),
    ],
)
def test_filters_live_in_the_address(client, north, query, rows):
    page = logged_in(client, role="quality_officer", organisation="north-group").get(PAGE, query)
    assert page.context["page"].paginator.count == rows


def test_each_row_leads_to_its_case_and_says_what_it_stays_out_of(client, north):
    page = logged_in(client, role="quality_officer", organisation="north-group").get(PAGE).content.decode()

    assert "every estimate" in page and "The version is not registered for this product." in page
    assert 'href="/studies/' in page


def test_an_integrator_sees_the_rows_and_no_way_to_the_case(client, north):
    page = logged_in(client, role="integrator", site="north").get(PAGE)
    assert page.status_code == 200 and 'href="/studies/' not in page.content.decode()


@pytest.mark.parametrize("role", ["radiologist", "arbiter", "administrator", "resolver"])
def test_other_roles_have_no_such_page(client, north, role):
    assert logged_in(client, role=role, organisation="north-group").get(PAGE).status_code == 404


def test_a_manufacturer_with_sums_sees_no_row(client, north):
    page = logged_in(client, role="quality_officer", organisation="cxr-maker").get(PAGE)
    assert (counts(page), page.context["page"].paginator.count) == ({}, 0)


def test_a_grant_for_one_product_reaches_no_reads_of_the_site(client, north):
    client = logged_in(client, role="quality_officer", organisation="north-group", product="cxr")
    assert set(counts(client.get(PAGE))) == {("unregistered_version", "inference"), ("unknown_field", "inference")}


def test_the_file_has_a_line_for_each_flag_of_each_row(client, north):
    answer = logged_in(client, role="quality_officer", organisation="north-group").get("/feeds/flagged.csv")
    lines = b"".join(answer).decode().splitlines()

    assert len(lines) == 1 + 4
    assert "unknown_field:odd" in "".join(lines)


def run_with(flag):
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return RunFact(
        id=1, uid="r", received=at, known=at, deployment="cxr-north", ran_at=at, acquired_at=at, flags=frozenset({flag})
    )


@pytest.mark.parametrize("flag", list(MEANINGS))
def test_what_the_page_says_is_what_the_counting_of_cases_does(flag):
    out, reason = stays_out(flag, kind="inference"), run_reason(run_with(flag), identity=Identity(person=UUID(int=1)))

    assert (out.of == EVERYTHING) == bool(reason)
    assert not reason or out.reason == reason


def test_only_flags_of_a_run_keep_anything_out():
    assert {stays_out(flag, kind="read").of for flag in MEANINGS} == {NOTHING}


def test_the_page_costs_the_same_for_many_rows(client, north, now, django_assert_max_num_queries):
    client = logged_in(client, role="quality_officer", organisation="north-group")
    with django_assert_max_num_queries(100) as few:
        client.get(PAGE)
    cost = len(few)
    send("inferences", *[inference_row(n, version="9.9") for n in range(20, 60)], now=now)
    with django_assert_max_num_queries(cost):
        client.get(PAGE)
