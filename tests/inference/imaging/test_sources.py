"""Naming an algorithm's deployment on the page, and what its objects become before, while and after that."""

import pytest
from django.test import Client

from audit.log.models import Entry
from inference.imaging.models import ResultSource
from inference.imaging.taking import Arrival, take_object
from inference.registry.models import Site
from inference.results.models import Prediction
from tests.factories import make_network, make_user
from tests.inference.imaging.objects import encoded, measurement_report

pytestmark = pytest.mark.django_db
FORM = {
    "deployment": "cxr-north", "manufacturer": "CXR Maker", "algorithm": "", "calling_ae": "",
    "findings": "SCT:27925004 = nodule\n", "answers": "",
}  # fmt: skip


@pytest.fixture
def client():
    make_network()
    found = Client()
    user = make_user(role="integrator", organisation="north-group", username="ines")
    found.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return found


def test_a_source_is_named_used_and_ended(client, now):
    arrival = Arrival(site=Site.objects.get(pk="north"), calling_ae="AI", origin="dicom:AI", now=now)
    assert not take_object(encoded(measurement_report()), name="sr", arrival=arrival).is_in

    assert client.post("/sources/", FORM).status_code == 302
    assert take_object(encoded(measurement_report()), name="sr", arrival=arrival).is_in
    assert Prediction.objects.get().finding == "nodule"

    client.post(f"/sources/{ResultSource.objects.get().pk}/end/")
    assert not take_object(encoded(measurement_report()), name="sr", arrival=arrival).is_in
    assert set(Entry.objects.values_list("kind", flat=True)) >= {"result_source.added", "result_source.ended"}


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"findings": "nodule"}, "is not written as SCHEME:code = name"),
        ({"findings": "SCT:1 = nothing"}, "The product has no finding nothing"),
        ({"deployment": "cxr-south"}, "Select a valid choice"),
    ],
)
def test_a_source_that_cannot_be_is_refused_with_the_reason(client, over, words):
    answer = client.post("/sources/", FORM | over)

    assert answer.status_code == 422 and words in answer.content.decode()


def test_the_same_algorithm_is_named_once_at_a_time(client):
    client.post("/sources/", FORM)
    answer = client.post("/sources/", FORM)

    assert answer.status_code == 422 and "named already" in answer.content.decode()
