"""The drift page and its download: the months, the reference, and for whom."""

import pytest
from django.urls import reverse

from tests.factories import make_network, make_user
from tests.monitoring.signals.network_stream import story
from tests.monitoring.signals.simulated_stream import HEALTHY

pytestmark = pytest.mark.django_db
PAGE, FILE = "/drift/report/", "/drift/report/download/"


@pytest.fixture
def north():
    story(lambda number: HEALTHY.but(negative_mean=0.0) if number >= 120 else HEALTHY, days=160, seed=31)


def officer():
    return make_user(role="quality_officer", username="quality", organisation="north-group")


def test_a_stranger_is_sent_to_log_in(client):
    make_network()
    for address in (PAGE, FILE):
        assert client.get(address).url.startswith(reverse("access:log_in"))


def test_another_organisations_deployment_is_404(client):
    make_network()
    client.force_login(make_user(role="quality_officer", organisation="south-clinic"))
    assert client.get(PAGE + "?deployment=cxr-north").status_code == 404
    assert client.get(FILE + "?deployment=cxr-north").status_code == 404


def test_months_stand_against_the_reference_beside_prevalence(client, north):
    client.force_login(officer())
    page = client.get(PAGE + "?deployment=cxr-north&finding=nodule")
    months = {row["month"]: row for row in page.context["months"]}
    assert months["2025-01"]["is_reference"]
    assert months["2025-06"]["distances"].is_notable
    assert "n = " in months["2025-02"]["prevalence"]


def test_the_download_compares_the_window_with_the_reference(client, north):
    client.force_login(officer())
    answer = client.get(FILE + "?deployment=cxr-north&finding=nodule&from=2025-05-10&to=2025-06-10")
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == 'attachment; filename="drift-cxr-north-2025-05-10-2025-06-10.html"'
    assert b"exposure mas" in answer.content


def test_a_window_without_studies_says_so(client, north):
    client.force_login(officer())
    answer = client.get(FILE + "?deployment=cxr-north&finding=nodule&from=2030-01-01&to=2030-02-01", follow=True)
    assert "nothing to compare" in answer.content.decode()


def test_a_recipient_of_aggregates_gets_no_rows(client, north):
    client.force_login(make_user(role="quality_officer", organisation="cxr-maker", level="aggregate"))
    assert "the right to see rows" in client.get(PAGE + "?deployment=cxr-north").content.decode()
    assert client.get(FILE + "?deployment=cxr-north").status_code == 404


def test_the_page_costs_the_same_whatever_it_shows(client, north, django_assert_max_num_queries):
    client.force_login(officer())
    with django_assert_max_num_queries(30) as full:
        client.get(PAGE + "?deployment=cxr-north&finding=nodule")
    assert len(full.captured_queries) <= 30
