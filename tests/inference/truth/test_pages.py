"""A truth is settled with its standard and times; an amendment keeps the old value and shows it."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inference.studies.models import Study
from inference.truth.models import Truth
from tests.factories import inference_row, make_network, make_user, send, study_part, truth_row

pytestmark = pytest.mark.django_db
GIVEN = {
    "finding": "nodule",
    "value": "positive",
    "level": "study",
    "standard": "pathology",
    "certainty": "definite",
    "determined_at": "2026-03-05T10:30",
}


@pytest.fixture
def study():
    make_network()
    send("inferences", inference_row(1))
    return Study.objects.get()


def url_of(study) -> str:
    return reverse("truth:settle", args=[study.pk])


def log_in(client, **grant):
    user = make_user(**({"role": "quality_officer", "organisation": "north-group"} | grant))
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user


def page_of(client, url) -> str:
    return " ".join(client.get(url).content.decode().split())


def test_a_truth_is_settled_in_the_zone_of_the_site(client, study):
    user = log_in(client)

    answer = client.post(url_of(study), GIVEN | {"observed_until": "2026-09-01", "known_at": "2026-03-06T09:00"})

    assert answer.status_code == 302
    truth = Truth.objects.get()
    assert (truth.study_id, truth.finding, truth.value, truth.level) == (study.pk, "nodule", "positive", "study")
    assert truth.determined_at == datetime(2026, 3, 5, 9, 30, tzinfo=UTC)
    assert truth.known_at == datetime(2026, 3, 6, 8, 0, tzinfo=UTC)
    assert "backfilled" in truth.flags
    assert truth.entry.actor == user.actor


def test_an_amendment_keeps_the_old_value(client, study):
    log_in(client)
    client.post(url_of(study), GIVEN)
    first = Truth.objects.get()

    client.post(f"{url_of(study)}?amend={first.pk}", GIVEN | {"value": "negative"})

    old, new = Truth.objects.order_by("pk")
    assert (old.value, new.value, new.amends) == ("positive", "negative", first.entry.uid)
    assert "<s><strong>nodule</strong>: positive</s>" in page_of(client, url_of(study))


def test_the_form_of_an_amendment_starts_from_the_truth_as_it_stands(client, study):
    log_in(client)
    client.post(url_of(study), GIVEN)

    page = page_of(client, f"{url_of(study)}?amend={Truth.objects.get().pk}")

    assert '<option value="pathology" selected>' in page
    assert 'name="determined_at" value="2026-03-05T10:30"' in page


def test_what_is_amended_already_cannot_be_amended_again(client, study):
    log_in(client)
    client.post(url_of(study), GIVEN)
    first = Truth.objects.get()
    client.post(f"{url_of(study)}?amend={first.pk}", GIVEN | {"value": "negative"})

    assert client.get(f"{url_of(study)}?amend={first.pk}").status_code == 404


def test_a_truth_that_a_site_sent_can_be_amended(client, study):
    send("truth", truth_row(1))
    log_in(client)

    client.post(f"{url_of(study)}?amend={Truth.objects.get().pk}", GIVEN | {"value": "negative"})

    old, new = Truth.objects.order_by("pk")
    assert new.amends == old.entry.uid


def test_a_side_makes_it_a_truth_of_a_region(client, study):
    sides = [{"finding": "malignancy", "region": "L", "score": 7}]
    send("inferences", inference_row(1, deployment="mammo-north", predictions=sides))
    log_in(client)

    client.post(url_of(study), GIVEN | {"finding": "malignancy", "region": "L"})

    truth = Truth.objects.get()
    assert (truth.region, truth.level) == ("L", "region")


def test_a_measurement_is_a_truth(client, study):
    predictions = [{"finding": "ef", "measurement": 60, "unit": "%"}]
    send("inferences", inference_row(1, deployment="echo-north", predictions=predictions))
    log_in(client)
    given = GIVEN | {"finding": "ejection_fraction", "value": "", "measurement": "52.5", "unit": "%"}

    client.post(url_of(study), given)

    assert (Truth.objects.get().measurement, Truth.objects.get().unit) == (52.5, "%")


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"value": ""}, "value"),
        ({"determined_at": "2999-01-01T00:00"}, "determined_at"),
        ({"standard": "guess"}, "standard"),
    ],
)
def test_what_cannot_be_is_refused(client, study, over, field):
    log_in(client)

    answer = client.post(url_of(study), GIVEN | over)

    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Truth.objects.exists()


def test_the_queue_holds_what_waits_longest_first(client, study):
    send("inferences", inference_row(2, study=study_part(2, acquired_at="2026-02-01T08:00:00+01:00")))
    send("inferences", inference_row(3))
    send("truth", truth_row(3))
    log_in(client)

    rows = client.get(reverse("truth:queue")).context["rows"]
    settled = client.get(reverse("truth:queue"), {"queue": "settled"}).context["rows"]

    assert [row.study.acquired_at.month for row in rows] == [2, 3]
    assert [row.truths[0].value for row in settled] == ["positive"]


@pytest.mark.parametrize(
    "grant",
    [
        {"role": "radiologist", "organisation": "", "site": "east"},
        {"organisation": "south-clinic"},
        {"organisation": "cxr-maker"},
        {"role": "regulator", "organisation": ""},
        {"role": "integrator", "organisation": "north-group"},
    ],
)
def test_others_are_told_that_the_study_does_not_exist(client, study, grant):
    log_in(client, **grant)

    assert client.get(url_of(study)).status_code == 404
    assert client.post(url_of(study), GIVEN).status_code == 404


def test_another_providers_queue_is_empty(client, study):
    log_in(client, organisation="south-clinic")

    assert client.get(reverse("truth:queue")).context["rows"] == []


def test_a_stranger_is_sent_to_log_in(client, study):
    assert client.get(url_of(study)).status_code == 302
    assert client.get(reverse("truth:queue")).status_code == 302


def test_the_queue_costs_the_same_for_many_studies(client, study):
    log_in(client)
    with CaptureQueriesContext(connection) as one:
        client.get(reverse("truth:queue"))
    send("inferences", *(inference_row(number) for number in range(2, 9)))
    with CaptureQueriesContext(connection) as many:
        client.get(reverse("truth:queue"))

    assert len(one) == len(many)
