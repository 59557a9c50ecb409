"""A registry that is edited past its files: each edit is named by the verification, as is a hold or a switch."""

import pytest
from django.db import connection

from audit.log.holding import check_rows
from inference.messages.actions import switch_model
from inference.registry.models import Site
from inference.retention.actions import lift_hold, set_hold
from inference.studies.models import Study
from tests.audit.access.people import make_user
from tests.factories import inference_row, make_network, send
from tests.inference.registry.examples import NETWORK, network_with, register_network, register_text

pytestmark = pytest.mark.django_db


def sentences():
    return [problem.sentence for problem in check_rows()]


def edit(statement):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)
        assert cursor.rowcount


EDITS = {
    "The version/cxr/1.0 is not as it was registered: thresholds": "UPDATE inference_version "
    "SET thresholds = '{\"effusion\": 0.9}'",
    "configuration/cxr-north/2025-12-31T23:00:00Z is not as it was registered: mode": "UPDATE inference_configuration "
    "SET mode = 'shadow'",
    "claim/cxr/effusion/sensitivity/EU/study is not as it was registered: margin, value": "UPDATE inference_claim "
    "SET value = 0.5, margin = 0.4",
    "The truth_rule/default is not as it was registered: standards": "UPDATE inference_truthrule "
    "SET standards = '{clinical}'",
    "cxr-maker/2025-12-31T23:00:00Z is not as it was registered: level, minimum_count": "UPDATE inference_sharing "
    "SET level = 'images', minimum_count = 1",
    "The site/north is not as it was registered: timezone": "UPDATE inference_site SET timezone = 'UTC'",
    "The market/cxr/US is in the log and not in the registry: it was deleted": "DELETE FROM inference_market "
    "WHERE market = 'US'",
    "The market/cxr/JP was never registered: it was put in past the log": "INSERT INTO inference_market "
    "(product_id, market, pathway, risk_class, number, certificate) VALUES ('cxr', 'JP', '', '', '', '')",
}  # fmt: skip


@pytest.mark.parametrize("sentence", EDITS)
def test_a_line_of_the_registry_that_was_edited_is_named(sentence):
    register_network()
    assert sentences() == []

    edit(EDITS[sentence])

    assert [each for each in sentences() if sentence in each]


def test_a_registry_that_was_updated_by_its_file_is_held_to_the_latest_line():
    register_network()
    register_text(network_with("name: North Hospital", "name: North Clinic"))
    register_text(
        NETWORK + "  - {site: north, product: cxr, to: cxr-maker, level: none, from: 2026-06-01T08:00:00+02:00}"
    )

    assert sentences() == []


HOLDS = {
    "is not the logged one: is lifted": "UPDATE inference_hold SET lifted_at = NULL",
    "is not the logged one: reason": "UPDATE inference_hold SET reason = 'another'",
    "it was deleted": "DELETE FROM inference_hold",
    "put in past the log": "INSERT INTO inference_hold (organisation_id, person_id, reason, set_at, set_by, lifted_by) "
    "SELECT organisation_id, person_id, reason, set_at, set_by, '' FROM inference_hold",
}  # fmt: skip


@pytest.mark.parametrize("sentence", HOLDS)
def test_an_edited_legal_hold_is_named(sentence, now):
    make_network()
    send("inferences", inference_row(1))
    by = make_user("administrator")
    lift_hold(set_hold(study=Study.objects.get(), reason="A court asks", by=by, now=now), by=by, now=now)
    assert sentences() == []

    edit(HOLDS[sentence])

    assert [each for each in sentences() if sentence in each]


MODELS = {
    "is not the logged one": "UPDATE inference_modelswitch SET is_on = NOT is_on",
    "is in the log alone": "DELETE FROM inference_modelswitch",
}


@pytest.mark.parametrize("sentence", MODELS)
def test_an_edited_switch_of_the_language_model_is_named(sentence, now):
    make_network()
    by = make_user("integrator", organisation="north-group")
    switch_model(site=Site.objects.get(pk="north"), model="local", is_on=True, by=by, now=now)
    assert sentences() == []

    edit(MODELS[sentence])

    assert [each for each in sentences() if sentence in each]
