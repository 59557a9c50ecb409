"""FHIR reports through the door: stored, labelled by rules, answered as FHIR; valid by another implementation."""

import base64
import json

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from audit.access.actions import create_token
from inference.events.models import Event
from inference.messages.actions import draft_rule, switch_on
from inference.messages.fhir_reports import report_in, resources_in
from inference.messages.hl7_messages import UnreadableMessageError
from inference.messages.models import InboundMessage
from inference.registry.models import Site
from inference.truth.models import Truth
from tests.factories import make_network, make_user

OUTCOME = pytest.importorskip("fhir.resources.R4B.operationoutcome", reason="fhir.resources is not installed")
BUNDLE = pytest.importorskip("fhir.resources.R4B.bundle", reason="fhir.resources is not installed")
ACSN = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "ACSN"}]}


def observation(**over):
    return {
        "resourceType": "Observation", "id": "o1", "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "18043-0", "display": "Ejection fraction"}]},
        "valueQuantity": {"value": 55, "unit": "%", "code": "%"},
    } | over  # fmt: skip


def diagnostic_report(**over):
    return {
        "resourceType": "DiagnosticReport", "id": "r1", "status": "final", "code": {"text": "Chest radiograph"},
        "identifier": [{"type": ACSN, "value": "A1"}],
        "subject": {"reference": "Patient/p1", "display": "John Doe", "identifier": {"system": "HOSP", "value": "P1"}},
        "issued": "2026-03-01T09:00:00+01:00", "conclusion": "There is a nodule.",
        "resultsInterpreter": [{"identifier": {"value": "R7"}, "display": "Dr Reader"}],
        "result": [{"reference": "Observation/o1"}],
    } | over  # fmt: skip


def bundle(*resources, kind="transaction"):
    entries = [{"fullUrl": f"urn:{each['resourceType']}/{each['id']}", "resource": each} for each in resources]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def encoded(resource):
    return json.dumps(resource).encode()


def test_a_bundle_joins_a_report_with_its_observations_and_patient():
    patient = {"resourceType": "Patient", "id": "p1", "identifier": [{"system": "HOSP", "value": "P1"}]}
    report = diagnostic_report(subject={"reference": "Patient/p1"})
    (resource,) = resources_in(encoded(bundle(report, observation(), patient)))
    found = report_in(resource)

    assert (found.accession_number, found.status, found.reader, found.patient.identifier) == ("A1", "F", "R7", "P1")
    assert [(each.code, each.value, each.unit) for each in found.observations] == [("18043-0", "55", "%")]
    assert found.text == "There is a nodule."


def test_a_lone_observation_and_the_words_of_an_attachment_are_read_too():
    lone = observation(
        identifier=[{"type": ACSN, "value": "A2"}], valueCodeableConcept={"coding": [{"code": "2667000"}]}
    )
    assert report_in(resources_in(encoded(lone))[0]).observations[0].value == "2667000"
    form = {"contentType": "text/plain", "data": base64.b64encode(b"No nodule.").decode()}
    report = diagnostic_report(conclusion=None, presentedForm=[form])
    assert report_in(resources_in(encoded(report))[0]).text == "No nodule."


NAMES = st.sampled_from(["resourceType", "entry", "resource", "status", "identifier", "result", "reference"])
PLAIN = st.none() | st.booleans() | st.floats() | st.text(max_size=9)


@given(st.recursive(PLAIN, lambda some: st.lists(some) | st.dictionaries(NAMES, some)))
def test_no_json_makes_anything_but_reports_or_a_reason(value):
    for each in (value, {"resourceType": "DiagnosticReport"} | (value if isinstance(value, dict) else {})):
        try:
            for resource in resources_in(json.dumps(each).encode()):
                report_in(resource)
        except UnreadableMessageError as error:
            assert str(error)


@pytest.fixture
def site(db):
    make_network()
    return Site.objects.get(pk="north")


@pytest.fixture
def post(site, now):
    _, secret = create_token(site="north", organisation="north-group", by="test", now=now)

    def send(body, secret=secret):
        data = body if isinstance(body, bytes) else encoded(body)
        headers = {"authorization": f"Bearer {secret}"} if secret else {}
        return Client().post("/api/v1/fhir", data, content_type="application/fhir+json", headers=headers)

    return send


def test_a_report_waits_then_makes_a_truth_and_is_stored_once(post, site, now):
    assert post(diagnostic_report()).status_code == 201
    assert post(diagnostic_report()).status_code == 200
    assert InboundMessage.objects.get().state == "waiting" and Event.objects.get().kind == "final"

    values = {"name": "n", "finding": "nodule", "pattern": "nodules?", "standard": "report_labeller"}
    integrator = make_user(role="integrator", organisation="north-group", username="ines")
    switch_on(draft_rule(site=site, values=values, by=integrator, now=now), by=integrator, now=now)
    assert Truth.objects.get().value == "positive"
    post(diagnostic_report(status="entered-in-error"))
    assert Truth.objects.order_by("-id").first().value == "not_assessable"


def test_a_bundle_is_answered_in_order_and_as_fhir(post):
    lost = diagnostic_report(id="r2", identifier=[], result=[])
    response = post(bundle(diagnostic_report(), lost, observation()))

    answered = BUNDLE.Bundle(**response.json())
    assert [each.response.status[:3] for each in answered.entry] == ["201", "422"]
    assert "ACSN" in answered.entry[1].response.outcome.issue[0].diagnostics
    assert InboundMessage.objects.filter(state="refused").count() == 1


@pytest.mark.parametrize(
    ("body", "secret", "status"),
    [
        (b"{", None, 400),
        (b'{"resourceType": "Patient"}', None, 400),
        (diagnostic_report(), "", 401),
        (diagnostic_report(), "wrong", 401),
    ],
)  # fmt: skip
def test_what_is_refused_is_refused_as_fhir(post, body, secret, status):
    response = post(body) if secret is None else post(body, secret)

    assert response.status_code == status
    assert OUTCOME.OperationOutcome(**response.json()).issue[0].diagnostics
    assert not InboundMessage.objects.exists()


def test_a_deployments_token_sends_no_reports(post, now):
    _, secret = create_token(deployment="cxr-north", organisation="north-group", by="test", now=now)
    assert post(diagnostic_report(), secret).status_code == 403
