"""A stranger's tool reads the OpenAPI document and sends what it allows, and what it does not: no answer is a 5xx."""

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings

from audit.access.actions import create_token
from inference.connectors.kinds import KINDS
from inference.connectors.openapi import document
from tests.factories import make_network

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

pytestmark = pytest.mark.django_db

EXAMPLES = settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
ANSWERS = {200, 400, 401, 403, 405, 411, 413, 415, 429}


@pytest.fixture(autouse=True)
def one_connection():
    """Keep the connection of the test's transaction, as Django's own client does: a real request ends with its own."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def schema():
    from deploy.wsgi import application

    make_network()
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)


@pytest.fixture
def secret():
    return create_token(site="north", by="test", now=timezone.now())[1]


def test_the_document_is_valid_openapi(schema):
    schemathesis.openapi.from_dict(document()).validate()


@pytest.mark.parametrize("plural", [*KINDS, "losses"])
@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_whatever_is_sent_gets_an_answer_of_the_document(schema, secret, plural, mode):
    operation = schema[f"/api/v1/{plural}"]["POST"]
    sent = []

    @EXAMPLES
    @schemathesis_given(operation, mode=mode)
    def answers(case):
        response = case.call(headers={"Authorization": f"Bearer {secret}"})
        sent.append(response.status_code)
        assert response.status_code in ANSWERS, response.text
        operation.validate_response(response)

    answers()
    assert sent


def schemathesis_given(operation, *, mode):
    generation = schemathesis.GenerationMode(mode)
    return given(case=operation.as_strategy(generation_mode=generation))
