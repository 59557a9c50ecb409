"""What a recorder lost is in the log once, and a signal; who may not say so is refused."""

import json

import pytest

from audit.access.actions import create_token
from audit.log.models import Act
from monitoring.signals.actions import run_monitors
from monitoring.signals.models import Signal
from tests.factories import make_network

pytestmark = pytest.mark.django_db
URL = "/api/v1/losses"
REPORT = {
    "report_uid": "lane.1", "lost": 3, "refused": 0, "damaged": 1,
    "from": "2026-03-01T00:00:00+00:00", "to": "2026-03-02T00:00:00+00:00",
}  # fmt: skip


@pytest.fixture
def token(now):
    make_network()
    return create_token(deployment="cxr-north", by="test", now=now)[1]


def post(client, token, **over):
    body = json.dumps(REPORT | over)
    return client.post(URL, body, content_type="application/json", headers={"Authorization": f"Bearer {token}"})


def test_a_report_is_logged_once(client, token):
    assert post(client, token).json() == {"status": "stored"}
    assert post(client, token).json() == {"status": "duplicate"}
    act = Act.objects.get(subject="deployment/cxr-north", entry__kind="recorder.losses")
    assert (act.details["lost"], act.details["damaged"]) == (3, 1)


def test_a_report_raises_a_signal(client, token, now):
    post(client, token)
    run_monitors(now=now)
    signal = Signal.objects.get(monitor__kind="losses")
    assert "lost 4 rows" in signal.title and signal.status == "act"


@pytest.mark.parametrize(
    "over",
    [
        {"lost": -1}, {"lost": True}, {"lost": 0, "damaged": 0}, {"from": "yesterday"}, {"to": "2026-03-01T00:00:00"},
        {"report_uid": ""}, {"to": "2025-03-01T00:00:00+00:00"},
    ],
)  # fmt: skip
def test_a_report_that_says_nothing_is_refused_with_its_field(client, token, over):
    answer = post(client, token, **over)
    assert answer.status_code == 400 and answer.json()["field"]


@pytest.mark.parametrize("name", ["cxr-east", "cxr-north\0"])
def test_another_deployment_is_refused(client, token, name):
    assert post(client, token, deployment=name).status_code == 403
    assert client.post(URL, "{}", content_type="application/json").status_code == 401
    assert client.get(URL).status_code == 405
