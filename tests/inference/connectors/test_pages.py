import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audit.log.models import Entry
from inference.connectors.examples import EXAMPLES
from inference.connectors.kinds import KINDS
from inference.intake.models import SetAside
from inference.results.models import Inference
from inference.truth.models import Truth
from tests.factories import inference_row, make_network, make_user, send, truth_row

pytestmark = pytest.mark.django_db

PAGES = ["/intake/", "/intake/quarantine/", "/api/"]


@pytest.fixture(autouse=True)
def network():
    make_network()


@pytest.fixture
def now():
    return timezone.now()


def logged_in(**grant):
    client = Client()
    client.force_login(make_user(**grant), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def integrator():
    return logged_in(role="integrator", site="north")


@pytest.fixture
def waiting(now):
    send("truth", truth_row(1) | {"standard": "hearsay", "reader": "Dr Doe"}, now=now)
    return SetAside.objects.get()


@pytest.mark.parametrize("page", [*PAGES, "/intake/quarantine/1/"])
def test_a_stranger_is_sent_to_log_in(client, page):
    response = client.get(page)

    assert (response.status_code, response["Location"].startswith("/log-in/")) == (302, True)


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        ("integrator", [200, 200]),
        ("quality_officer", [200, 404]),
        ("regulator", [200, 404]),
        ("administrator", [200, 404]),
        ("radiologist", [404, 404]),
        ("ml_engineer", [404, 404]),
        ("resolver", [404, 404]),
    ],
)
def test_only_these_roles_see_intake_and_quarantine(role, statuses):
    client = logged_in(role=role)

    assert [client.get(page).status_code for page in PAGES[:2]] == statuses


def test_another_sites_integrator_finds_no_such_row(waiting):
    client = logged_in(role="integrator", site="south")
    path = f"/intake/quarantine/{waiting.pk}/"

    assert client.get(path).status_code == 404
    assert client.post(path + "replay/", {"row": "{}"}).status_code == 404
    assert client.post(path + "discard/", {"reason": "test_data"}).status_code == 404
    assert "hearsay" not in client.get("/intake/quarantine/").content.decode()


def test_the_list_shows_where_a_row_broke_and_no_content(integrator, waiting):
    page = integrator.get("/intake/quarantine/").content.decode()

    assert "standard" in page
    assert "Dr Doe" not in page


def test_opening_a_row_shows_it_and_is_an_act_each_time(integrator, waiting):
    for _ in range(2):
        page = integrator.get(f"/intake/quarantine/{waiting.pk}/").content.decode()
        assert "hearsay" in page

    assert Entry.objects.filter(kind="row.opened", actor="user:integrator-north").count() == 2


def test_a_repaired_row_goes_in_and_the_row_is_closed(integrator, waiting):
    path = f"/intake/quarantine/{waiting.pk}/"
    response = integrator.post(path + "replay/", {"row": json.dumps(truth_row(1))})

    waiting.refresh_from_db()
    assert response.status_code == 302
    assert (waiting.state, waiting.closed_by) == ("replayed", "user:integrator-north")
    assert Truth.objects.count() == 1
    assert Entry.objects.filter(kind="row.replayed").count() == 1


@pytest.mark.parametrize("text", ["{", json.dumps(truth_row(1) | {"standard": "rumour"})])
def test_a_row_that_does_not_go_in_stays_and_leaves_nothing(integrator, waiting, text):
    response = integrator.post(f"/intake/quarantine/{waiting.pk}/replay/", {"row": text})

    waiting.refresh_from_db()
    assert (response.status_code, waiting.state) == (422, "waiting")
    assert (SetAside.objects.count(), Truth.objects.count()) == (1, 0)


def test_a_closed_row_cannot_be_closed_again(integrator, waiting):
    path = f"/intake/quarantine/{waiting.pk}/replay/"
    integrator.post(path, {"row": json.dumps(truth_row(1))})
    response = integrator.post(path, {"row": json.dumps(truth_row(2))}, follow=True)

    assert "not waiting any more" in response.content.decode()
    assert Truth.objects.count() == 1


def test_a_conflict_waits_beside_what_stands(integrator, now):
    send("inferences", inference_row(1), inference_row(1, score=0.1), now=now)

    page = integrator.get("/intake/quarantine/?outcome=conflict").content.decode()

    assert "the same uid is in the log with other content" in page
    assert Inference.objects.get().predictions.get().score == 0.83


def test_filters_live_in_the_address(integrator, waiting):
    assert "hearsay" not in integrator.get("/intake/quarantine/?kind=read").content.decode()
    assert "No such row" in integrator.get("/intake/quarantine/?state=replayed").content.decode()
    assert "standard" in integrator.get("/intake/quarantine/?state=all&site=north&kind=truth").content.decode()


def test_intake_counts_what_arrived_and_what_is_odd(integrator, now):
    send("inferences", inference_row(1), inference_row(2) | {"version": "9.9"}, {"deployment": "cxr-north"}, now=now)
    send("inferences", inference_row(3), now=now - timedelta(days=3))

    page = integrator.get("/intake/")

    (feed,) = [each for each in page.context["inferences"] if each.deployment and each.deployment.pk == "cxr-north"]
    assert (feed.day, feed.week, feed.flagged, feed.quarantined) == (2, 3, 1, 1)
    assert page.context["flagged"][0][:2] == ("cxr-north", "unregistered_version")
    assert feed.last_received == now


def test_other_facts_are_counted_by_site_and_nothing_that_names_no_deployment_is_left_out(integrator, now):
    send("truth", truth_row(1), truth_row(2) | {"standard": "hearsay"}, now=now)
    send("inferences", {"inference_uid": "x", "status": "ok"}, now=now)

    page = integrator.get("/intake/")

    (truth,) = [each for each in page.context["others"] if each.plural == "truth"]
    (unnamed,) = [each for each in page.context["inferences"] if not each.deployment]
    assert (truth.last_received, truth.week, truth.quarantined, unnamed.quarantined) == (now, 1, 1, 1)
    assert "none named" in page.content.decode()


def test_intake_costs_the_same_for_many_rows(integrator, now, django_assert_max_num_queries):
    send("inferences", inference_row(1), now=now)
    with django_assert_max_num_queries(100) as few:
        integrator.get("/intake/")
    send("inferences", *[inference_row(number) for number in range(2, 30)], now=now)
    with django_assert_max_num_queries(len(few.captured_queries)):
        integrator.get("/intake/")


def test_quarantine_costs_the_same_for_many_rows(integrator, waiting, now, django_assert_max_num_queries):
    with django_assert_max_num_queries(100) as few:
        integrator.get("/intake/quarantine/")
    send("truth", *[truth_row(number) | {"standard": "hearsay"} for number in range(2, 30)], now=now)
    with django_assert_max_num_queries(len(few.captured_queries)):
        integrator.get("/intake/quarantine/")


@pytest.mark.parametrize("plural", KINDS)
def test_the_examples_of_the_documentation_go_in(plural, integrator, now):
    (receipt,) = send(plural, EXAMPLES[plural], now=now)

    assert receipt.status == "stored"
    assert f"POST /api/v1/{plural}" in integrator.get("/api/").content.decode()
