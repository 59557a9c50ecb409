"""The feeds page: what came, what is missing, what was flagged, and for whom."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from audit.log.sequencing import sequence
from monitoring.feeds.presenting import feed_row
from monitoring.feeds.queries import feeds_of
from monitoring.rollups.actions import follow
from monitoring.statistics.results import NotEstimable
from tests.factories import event_row, inference_row, make_network, make_user, read_row, send, study_part, truth_row

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
PAGE = "/feeds/"


@pytest.fixture
def north():
    make_network()
    send("inferences", *(inference_row(number) for number in range(1, 13)), now=NOW)
    send("inferences", inference_row(50, version="9.9"), now=NOW)
    send("events", *(event_row(number) for number in range(1, 7)), now=NOW)
    send("reads", *(read_row(number) for number in range(1, 10)), now=NOW)
    send("truth", truth_row(1), now=NOW)
    sequence(now=NOW)
    follow(now=NOW)


def test_volume_completeness_and_flags_are_counted(north):
    state = feeds_of(["cxr-north"], now=NOW)["cxr-north"]
    assert (state.runs, state.studies) == (13, 13)
    assert (state.displayed.value, state.displayed.cases) == (6 / 13, 13)
    assert state.flags == {"unregistered_version": 1}
    assert state.median_lag_seconds > 0


def test_what_is_older_than_the_window_does_not_count(north):
    state = feeds_of(["cxr-north"], now=NOW + timedelta(days=60))["cxr-north"]
    assert (state.runs, state.last_acquired_at is None) == (0, False)
    assert isinstance(state.displayed, NotEstimable)


def test_a_deployment_that_never_sent_has_no_last_study(north):
    assert feeds_of(["cxr-east"], now=NOW)["cxr-east"].last_received_at is None


def test_a_stranger_is_sent_to_log_in(client, north):
    assert client.get(PAGE).url.startswith(reverse("access:log_in"))


def test_a_radiologist_gets_404(client, north):
    client.force_login(make_user(role="radiologist", organisation="north-group"))
    assert client.get(PAGE).status_code == 404


def test_another_organisation_sees_its_own_feeds_only(client, north):
    client.force_login(make_user(role="quality_officer", organisation="south-clinic"))
    page = client.get(PAGE).content.decode()
    assert "cxr-south" in page
    assert "cxr-north" not in page


def test_a_recipient_of_aggregates_sees_no_small_number(north):
    row = feed_row(feeds_of(["cxr-north"], now=NOW)["cxr-north"], least=11)
    assert row["flags"][0][1].reason == "fewer than 11, hidden by the sharing agreement"
    assert row["studies"] == 13


def test_the_page_costs_the_same_for_many_runs(client, north, django_assert_max_num_queries):
    client.force_login(make_user(role="integrator", organisation="north-group"))
    with django_assert_max_num_queries(20) as few:
        client.get(PAGE)
    send("inferences", *(inference_row(n, study=study_part(n)) for n in range(100, 140)), now=NOW)
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(PAGE)


def test_a_share_tells_a_recipient_of_sums_no_small_count(north):
    state = feeds_of(["cxr-north"], now=NOW)["cxr-north"]  # 6 of 13 were displayed
    assert feed_row(state, least=0)["displayed"] == "46 % of 13"
    assert "hidden" in feed_row(state, least=11)["displayed"]
