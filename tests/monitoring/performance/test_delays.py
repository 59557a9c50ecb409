"""Labels by delay: sums and case rows tell the same, and a question about the past sees the labels known then."""

from datetime import UTC, date, datetime

import pytest
from django.core.management import call_command

from monitoring.performance.delays import labels_of_sums, labels_then, maturity
from monitoring.performance.questions import Question
from monitoring.performance.scopes import scope_of
from monitoring.rollups.actions import rebuild
from monitoring.rollups.delays import EDGES
from tests.factories import NOON, inference_row, make_network, send, truth_row

pytestmark = pytest.mark.django_db

MARCH = date(2026, 3, 1)


def asked(**over):
    question = Question(deployment="cxr-north", finding="nodule", **over)
    return question, scope_of(question)


@pytest.fixture
def five_cases():
    """Labels after a few hours, 8 and 40 days; one amended on day 20, one without; all taken on 2 March."""
    make_network()
    send("inferences", *(inference_row(n) for n in range(1, 6)))
    known = {1: "2026-03-02T12:00:00Z", 2: "2026-03-10T12:00:00Z", 3: "2026-04-11T12:00:00Z", 4: "2026-03-04T12:00:00Z"}
    send("truth", *(truth_row(n, truth_uid=f"t{n}", known_at=at) for n, at in known.items()), now=NOON.replace(month=5))
    send(
        "truth",
        truth_row(4, truth_uid="t4b", amends="t4", value="negative", known_at="2026-03-22T12:00:00Z"),
        now=NOON.replace(month=5),
    )
    call_command("catch_up", verbosity=0)


def by_edge(labels):
    ends = [0, *EDGES]
    return {ends[place]: number for place, number in enumerate(labels[MARCH]) if number}


def test_sums_count_labels_by_delay_an_amended_one_from_its_amendment(five_cases):
    assert by_edge(labels_of_sums(*asked())) == {0: 1, 7: 1, 14: 1, 30: 1}


def test_sums_and_case_rows_tell_the_same(five_cases):
    assert labels_of_sums(*asked()) == labels_then(*asked(as_of=datetime(2026, 9, 1, tzinfo=UTC)))


def test_made_again_the_sums_hold_the_same_delays(five_cases):
    before = by_edge(labels_of_sums(*asked()))
    rebuild()
    assert by_edge(labels_of_sums(*asked())) == before


def test_the_past_knows_no_later_label(five_cases):
    assert by_edge(labels_then(*asked(as_of=datetime(2026, 3, 11, tzinfo=UTC)))) == {0: 1, 7: 1}


def test_four_labels_of_one_month_leave_its_maturity_wide_open(five_cases):
    found = maturity(*asked()).share
    assert found.value == pytest.approx(1)
    assert found.interval.low < 0.6


def test_a_finding_without_cases_says_so():
    make_network()
    assert maturity(*asked()).share.reason == "no case counts"
