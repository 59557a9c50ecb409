"""Runs are started by who may, seen by who may, and show single cases to who sees rows only."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inference.registry.models import Site
from inference.rescoring.models import RescoreRun
from inference.rescoring.scoring import score_run
from inference.studies.pixels import store_dicom
from tests.factories import inference_row, make_network, make_user, send
from tests.inference.dicom.objects import radiograph
from tests.inference.rescoring.examples import begin, make_images, noise

pytestmark = pytest.mark.django_db
ASKED = {"deployment": "cxr-north", "sample": 2, "tolerance": "0.0001", "plan": "monthly", "seed": ""}
LIST = "/rescoring/"


def log_in(client, **grant):
    user = make_user(**({"role": "ml_engineer", "organisation": "north-group"} | grant))
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user


def page_of(run) -> str:
    return reverse("rescoring:run", args=[run.pk])


def test_an_engineer_starts_a_run_that_workers_take(client, django_capture_on_commit_callbacks):
    make_images(3)
    user = log_in(client)

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(LIST, ASKED)

    run = RescoreRun.objects.get()
    assert answer["Location"] == page_of(run)
    assert (run.plan, run.requested_by) == ("monthly", user.actor)
    assert run.finished_at is not None


def test_a_run_without_anything_to_score_is_refused(client):
    make_network()
    log_in(client)

    answer = client.post(LIST, ASKED)

    assert answer.status_code == 422
    assert "stored pixels" in answer.content.decode()


def test_the_page_shows_agreement_scanners_and_cases(client):
    make_images(2)
    run = begin()
    score_run(run_id=run.pk, worker="w1")
    log_in(client)

    page = client.get(page_of(run)).content.decode()

    assert "2 of 2" in page
    assert "ysio-max" in page
    assert "/studies/" in page


def test_a_run_under_way_shows_its_progress_and_asks_again(client):
    make_images(2)
    run = begin()
    log_in(client)

    assert 'hx-trigger="every 2s"' in client.get(page_of(run)).content.decode()
    assert "HX-Refresh" not in client.get(f"{page_of(run)}progress/")
    score_run(run_id=run.pk, worker="w1")
    assert client.get(f"{page_of(run)}progress/")["HX-Refresh"] == "true"


def test_a_manufacturer_sees_sums_that_are_not_small_and_no_case(client):
    make_images(12)
    small, large = begin(sample=3), begin(sample=12)
    for run in (small, large):
        score_run(run_id=run.pk, worker="w1")
    log_in(client, organisation="cxr-maker")

    assert "fewer than 11, hidden by the sharing agreement" in client.get(page_of(small)).content.decode()
    page = client.get(page_of(large)).content.decode()
    assert "12 of 12" in page
    assert "/studies/" not in page


def test_one_that_does_not_agree_is_not_told_to_a_manufacturer(client, now):
    make_images(11)
    store_dicom(radiograph(12, pixels=noise(12)), site=Site.objects.get(pk="north"), now=now)
    send("inferences", inference_row(12, score=0.999))
    run = begin(sample=12)
    score_run(run_id=run.pk, worker="w1")
    log_in(client, username="northern")
    assert "11 of 12" in client.get(page_of(run)).content.decode()

    client.logout()
    log_in(client, organisation="cxr-maker")
    page = client.get(page_of(run)).content.decode()
    assert "11 of 12" not in page
    assert "hidden by the sharing agreement" in page


def test_who_may_look_may_not_start(client):
    make_images(1)
    log_in(client, role="regulator", organisation="")

    assert client.get(LIST).context["form"] is None
    assert client.post(LIST, ASKED).status_code == 404


def test_a_run_is_not_started_where_the_right_does_not_reach(client):
    make_images(1)
    log_in(client, organisation="south-clinic")

    assert client.post(LIST, ASKED).status_code == 422
    assert not RescoreRun.objects.exists()


@pytest.mark.parametrize(
    "grant", [{"organisation": "south-clinic"}, {"role": "radiologist"}, {"role": "administrator", "organisation": ""}]
)
def test_others_are_told_that_the_run_does_not_exist(client, grant):
    make_images(1)
    run = begin()
    log_in(client, **grant)

    assert client.get(page_of(run)).status_code == 404
    assert client.get(f"{page_of(run)}progress/").status_code == 404


def test_a_stranger_is_sent_to_log_in(client):
    assert client.get(LIST).status_code == 302
    assert client.get(f"{LIST}1/").status_code == 302


def test_the_list_costs_the_same_for_many_runs(client):
    make_images(2)
    begin()
    log_in(client)
    with CaptureQueriesContext(connection) as one:
        client.get(LIST)
    for seed in range(5):
        begin(seed=seed)
    with CaptureQueriesContext(connection) as many:
        client.get(LIST)

    assert len(one) == len(many)
