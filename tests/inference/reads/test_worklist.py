"""The worklist holds what waits for this reader at their sites, and nothing else."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inference.studies.models import Study
from tests.factories import inference_row, make_network, make_user, read_row, response_row, send, study_part

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def network():
    make_network()


def log_in(client, **grant):
    user = make_user(**({"role": "radiologist", "site": "north"} | grant))
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user


def listed(client, **query) -> list[str]:
    answer = client.get(reverse("reads:worklist"), query)
    assert answer.status_code == 200
    return [f"{row.study.described['study.patient_age_years']:.0f}" for row in answer.context["rows"]]


def log_runs(*numbers, purpose="clinical", **over):
    """Log a run on each study; a study is known by its patient's age."""
    for number in numbers:
        study = study_part(number, patient_age_years=number, purpose=purpose) | {
            "acquired_at": f"2026-03-{number:02d}T08:00:00+01:00"
        }
        send("inferences", inference_row(number, study=study, **over))


def test_a_study_that_met_a_product_waits_for_a_read(client):
    log_runs(1, 2)
    send("reads", read_row(2))
    log_in(client)

    assert listed(client) == ["1"]


def test_a_preliminary_read_does_not_end_the_wait(client):
    log_runs(1)
    send("reads", read_row(1, stage="preliminary"))
    log_in(client)

    assert listed(client) == ["1"]


def test_urgent_ones_come_first_then_positive_then_new(client):
    log_runs(1, predictions=[{"finding": "nodule", "score": 0.1, "priority": "urgent"}])
    log_runs(2, 3, score=0.9)
    log_runs(4, score=0.1)
    log_in(client)

    assert listed(client) == ["1", "3", "2", "4"]
    assert listed(client, order="newest") == ["4", "3", "2", "1"]


def test_filters_narrow_the_list(client):
    log_runs(1, score=0.9)
    log_runs(2, score=0.1)
    log_in(client)

    assert listed(client, ai="positive") == ["1"]
    assert listed(client, product="mammo") == []
    assert listed(client, site="east") == []


def test_only_live_clinical_runs_make_work(client):
    log_runs(1, purpose="research")
    log_in(client)

    assert listed(client) == []


def test_an_arbiter_begins_with_disagreements(client):
    log_runs(1, 2, 3)
    send("reads", read_row(1, stage="first", reader="A"), read_row(1, stage="second", reader="B", decision="negative"))
    send("reads", read_row(2, stage="first", reader="A"), read_row(2, stage="second", reader="B"))
    send("reads", read_row(3, decision="negative"))
    send("responses", response_row(3, response="reject_ai_positive"))
    log_in(client, role="arbiter")

    assert listed(client) == ["3", "1"]


def test_an_arbitrated_case_leaves_the_queue(client):
    log_runs(1)
    send("reads", read_row(1, decision="negative"), read_row(1, stage="arbitration", reader="X"))
    send("responses", response_row(1, response="reject_ai_positive"))
    log_in(client, role="arbiter")

    assert listed(client) == []


def test_a_reader_finds_their_own_reads(client):
    log_runs(1, 2)
    user = log_in(client)
    send("reads", read_row(1, reader=user.username))

    assert listed(client, queue="mine") == ["1"]


def test_a_reader_of_another_site_sees_nothing_of_this_one(client):
    log_runs(1)
    log_in(client, site="east")

    assert listed(client, queue="all") == []


@pytest.mark.parametrize("role", ["quality_officer", "regulator", "integrator", "administrator", "ml_engineer"])
def test_the_worklist_is_for_readers(client, role):
    log_in(client, role=role, site="")

    assert client.get(reverse("reads:worklist")).status_code == 404


def test_a_stranger_is_sent_to_log_in(client):
    assert client.get(reverse("reads:worklist")).status_code == 302


def test_the_list_costs_the_same_for_many_studies(client):
    log_runs(1)
    log_in(client)
    with CaptureQueriesContext(connection) as one:
        listed(client)
    log_runs(2, 3, 4, 5, 6)
    with CaptureQueriesContext(connection) as many:
        listed(client)

    assert len(one) == len(many)
    assert Study.objects.count() == 6
