"""The part of a study's page that says how its predictions count."""

import pytest
from django.urls import reverse

from inference.studies.models import Study
from monitoring.cases.views import compared
from tests.factories import inference_row, make_network, make_user, read_row, send, truth_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def address():
    make_network()
    send("inferences", inference_row(1), inference_row(1, inference_uid="again"))
    send("truth", truth_row(1))
    send("reads", read_row(1, decision="negative"))
    return reverse("cases:counting", args=[Study.objects.get().pk])


@pytest.fixture
def officer(client):
    def log_in(**scope):
        client.force_login(make_user(role="quality_officer", **scope))
        return client

    return log_in


def test_it_says_what_counts_and_why_the_rest_does_not(officer, address):
    page = officer(organisation="north-group").get(address).content.decode()

    assert page.count("counts</span>") == 1
    assert "Another run of the same study counts" in page
    assert "says nothing of this finding" in page
    assert "by pathology" in page
    assert "Negative by R1" in page or "negative by R1" in page


def test_a_stranger_is_sent_to_log_in(client, address):
    assert client.get(address).status_code == 302


def test_the_study_of_another_hospital_is_not_there(officer, address):
    assert officer(organisation="south-clinic").get(address).status_code == 404


def test_a_manufacturer_who_sees_aggregates_sees_no_case(officer, address):
    assert officer(organisation="cxr-maker").get(address).status_code == 404


def test_more_reads_cost_no_more_queries(officer, address, django_assert_max_num_queries):
    client = officer(organisation="north-group")
    with django_assert_max_num_queries(MOST_QUERIES) as first:
        client.get(address)
    send("reads", *(read_row(1, reader=f"R{number}") for number in range(2, 12)))
    with django_assert_max_num_queries(len(first)):
        client.get(address)


MOST_QUERIES = 20


def test_a_comparison_is_said_with_its_criterion():
    marks = {"criterion": "centre_in_box/1", "hits": [0.9], "lesions": 2, "false": [], "pairs": [], "repeated": 0}

    assert compared(marks) == "1 of 2 lesions marked, 0 marks elsewhere (centre_in_box/1)"
    assert compared({"criterion": "sent", "dice": 0.83, "lesions": 3}) == "Dice 0.83, lesions 3 (measured as sent)"
    assert compared(None) == ""
