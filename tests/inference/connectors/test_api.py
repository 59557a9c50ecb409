import json

import pytest
from django.test import Client
from django.utils import timezone

from audit.access.actions import create_token
from audit.log.models import Entry
from inference.connectors.api import RATES
from inference.events.models import Event
from inference.intake.models import SetAside
from inference.results.models import Inference
from tests.factories import event_row, inference_row, make_network, make_user, read_row, truth_row

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def network():
    make_network()
    RATES.levels.clear()


def token(**owner):
    _, secret = create_token(by="test", now=timezone.now(), **owner)
    return secret


@pytest.fixture
def site_token():
    return token(site="north")


def post(path, body, *, secret=None, content_type="application/json", **headers):
    if secret:
        headers["Authorization"] = f"Bearer {secret}"
    data = body if isinstance(body, bytes | str) else json.dumps(body)
    client = Client(enforce_csrf_checks=True, raise_request_exception=True)
    return client.post(f"/api/v1/{path}", data=data, content_type=content_type, headers=headers)


def test_one_object_gets_one_receipt(site_token):
    response = post("inferences", inference_row(1), secret=site_token)

    (receipt,) = response.json()
    assert response.status_code == 200
    assert receipt | {"record_sha256": ""} == {
        "row": 1,
        "kind": "inference",
        "uid": "run-1",
        "status": "stored",
        "flags": [],
        "record_sha256": "",
        "reason": None,
        "field": None,
    }
    assert Entry.objects.get(kind="inference").record_sha256.hex() == receipt["record_sha256"]


def test_an_array_gets_its_receipts_in_order(site_token):
    rows = [inference_row(1), inference_row(2) | {"status": "odd"}, inference_row(1), inference_row(1, score=0.1)]

    receipts = post("inferences", rows, secret=site_token).json()

    assert [each["row"] for each in receipts] == [1, 2, 3, 4]
    assert [each["status"] for each in receipts] == ["stored", "quarantined", "duplicate", "conflict"]
    assert receipts[1]["field"] == "status"


def test_a_malformed_line_is_quarantined_with_its_number_and_the_rest_goes_on(site_token):
    lines = "\n".join([json.dumps(event_row(1)), '{"kind": ', json.dumps(event_row(2)), ""])

    receipts = post("events", lines, secret=site_token, content_type="application/x-ndjson").json()

    assert [(each["row"], each["status"]) for each in receipts] == [(1, "stored"), (2, "quarantined"), (3, "stored")]
    assert SetAside.objects.get().row == 2


def test_a_malformed_body_says_where_it_broke_and_stores_nothing(site_token):
    response = post("inferences", '[{"inference_uid": "a"},\n {"inference_uid" 1}]', secret=site_token)

    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert (response.json()["line"], response.json()["status"]) == (2, 400)
    assert (Inference.objects.count(), SetAside.objects.count()) == (0, 0)


@pytest.mark.parametrize("body", ["", "3", '"x"', "null", "{", b"\xff\xfe{\x00}", '{"a": NaN}', "[" * 5000])
def test_a_body_that_is_no_object_or_array_is_400(site_token, body):
    assert post("truth", body, secret=site_token).status_code == 400


def test_an_empty_array_gets_no_receipt(site_token):
    assert post("truth", [], secret=site_token).json() == []


@pytest.mark.parametrize(
    "header",
    [None, "Bearer", "Bearer wrong", "Basic abc", "Bearer \x00", "Bearer " + "x" * 5000],
)
def test_without_a_valid_token_the_answer_is_401(header):
    headers = {"Authorization": header} if header else {}
    response = post("inferences", inference_row(), **headers)

    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert Inference.objects.count() == 0


def test_a_revoked_token_is_no_token(site_token):
    from audit.access.models import Token

    Token.objects.update(revoked_at=timezone.now())

    assert post("inferences", inference_row(), secret=site_token).status_code == 401


@pytest.mark.parametrize("named", ["cxr-south", "cxr-east", "no-such-deployment"])
@pytest.mark.parametrize("owner", [{"site": "north"}, {"deployment": "cxr-north"}])
def test_anothers_deployment_is_403_whether_or_not_it_exists(named, owner):
    rows = [inference_row(1), inference_row(2, deployment=named)]

    response = post("inferences", rows, secret=token(**owner))

    assert (response.status_code, response.json()["title"]) == (403, "Not for this token")
    assert (response.json()["row"], response.json()["field"]) == (2, "deployment")
    assert named not in response.content.decode()
    assert Inference.objects.count() == 0


def test_a_deployment_token_sends_its_inferences_and_events_only():
    secret = token(deployment="cxr-north")
    row = inference_row(1)
    del row["deployment"]

    assert post("inferences", row, secret=secret).json()[0]["status"] == "stored"
    assert post("events", event_row(1), secret=secret).json()[0]["status"] == "stored"
    assert post("reads", read_row(1), secret=secret).status_code == 403
    assert post("truth", truth_row(1), secret=secret).status_code == 403
    assert Event.objects.get().study_id == Inference.objects.get().study_id


def test_a_persons_token_sends_nothing():
    user = make_user(role="integrator")

    assert post("inferences", inference_row(), secret=token(user=user)).status_code == 403


def test_a_body_over_the_limit_is_413(site_token, settings):
    settings.RADVIGIL_LARGEST_REQUEST = 100

    response = post("inferences", inference_row(), secret=site_token)

    assert (response.status_code, response.json()["limit"]) == (413, 100)


def test_over_the_rate_is_429(site_token, settings):
    settings.RADVIGIL_REQUESTS_PER_MINUTE = 2

    answers = [post("truth", truth_row(), secret=site_token) for _ in range(3)]

    assert [each.status_code for each in answers] == [200, 200, 429]
    assert int(answers[2]["Retry-After"]) >= 1


def test_only_post_is_answered(site_token, client):
    response = client.get("/api/v1/inferences")

    assert (response.status_code, response["Allow"]) == (405, "POST")


def test_an_unknown_kind_is_404(site_token):
    assert post("hearsay", {}, secret=site_token).status_code == 404
