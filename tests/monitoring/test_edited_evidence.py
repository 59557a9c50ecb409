"""Evidence that is kept in tables of its own and edited past its guards: each edit is named by the verification."""

import pytest
from django.db import connection

from audit.log.holding import check_rows
from inference.messages.actions import draft_rule, retire, switch_on
from inference.messages.models import MappingRule
from inference.registry.models import Site
from monitoring.claims.actions import switch_off
from monitoring.claims.models import ClaimSwitch
from monitoring.labelling.actions import withdraw_plan
from monitoring.signals.models import Monitor
from tests.audit.access.people import make_user
from tests.factories import make_network
from tests.monitoring.claims.held import hold, register_claim
from tests.monitoring.dashboards.watched import LATER, make_watched
from tests.monitoring.labelling.population import make_plan, make_population

pytestmark = pytest.mark.django_db


def as_superuser(table, statement):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)
        assert cursor.rowcount
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def sentences():
    return [problem.sentence for problem in check_rows()]


SWITCHES = {
    "reason": "UPDATE monitoring_claimswitch SET reason = 'another'",
    "by": "UPDATE monitoring_claimswitch SET by = 'user:another'",
    "at": "UPDATE monitoring_claimswitch SET at = at - interval '1 day'",
    "is_on": "UPDATE monitoring_claimswitch SET is_on = NOT is_on",
    "organisation": "UPDATE monitoring_claimswitch SET organisation = 'south-clinic'",
    "design": "UPDATE monitoring_claimswitch SET design = jsonb_set(design, '{terms,margin}', '0.2') WHERE is_on",
    "deleted": "DELETE FROM monitoring_claimswitch WHERE NOT is_on",
    "past the log": "INSERT INTO monitoring_claimswitch (uid, claim_id, organisation, product_id, is_on, at, by, "
    "reason, design) SELECT repeat('9', 32), claim_id, organisation, product_id, true, at, by, reason, design "
    "FROM monitoring_claimswitch WHERE is_on",
}  # fmt: skip


@pytest.mark.parametrize("edit", SWITCHES)
def test_an_edited_switch_of_a_claim_is_named(edit):
    make_network()
    claim = register_claim()
    hold(claim)
    switch_off(claim=claim, organisation="north-group", by="user:quality", reason="Replaced", now=LATER)
    assert sentences() == []

    as_superuser("monitoring_claimswitch", SWITCHES[edit])

    assert any(edit in each for each in sentences())
    assert ClaimSwitch.objects.exists()


PLANS = {
    "seed": ("monitoring_labelplan", "UPDATE monitoring_labelplan SET seed = seed + 1"),
    "strata": ("monitoring_labelplan", "UPDATE monitoring_labelplan SET strata = jsonb_set(strata, '{0,size}', '7')"),
    "labelled_sha256": ("monitoring_labelplan", "UPDATE monitoring_labelplan SET labelled = ''"),
    "by": ("monitoring_labelplan", "UPDATE monitoring_labelplan SET drawn_by = 'user:another'"),
    "the list of cases": ("monitoring_drawncase", "DELETE FROM monitoring_drawncase WHERE position = 3"),
    "the chances of cases": ("monitoring_drawncase", "UPDATE monitoring_drawncase SET probability = .9"),
    "withdrawal": ("monitoring_planwithdrawal", "DELETE FROM monitoring_planwithdrawal"),
    "reason": ("monitoring_planwithdrawal", "UPDATE monitoring_planwithdrawal SET reason = 'another'"),
}  # fmt: skip


@pytest.mark.parametrize("edit", PLANS)
def test_an_edited_plan_of_labels_is_named(edit):
    make_population(size=160, seed=3)
    withdraw_plan(plan=make_plan(), reason="Drawn from the wrong months", by="user:quality", now=LATER)
    assert sentences() == []

    as_superuser(*PLANS[edit])

    assert any(edit in each for each in sentences())


RULES = {
    "pattern": "UPDATE inference_mappingrule SET pattern = 'effusions?'",
    "value": "UPDATE inference_mappingrule SET value = 'negative'",
    "low": "UPDATE inference_mappingrule SET low = 1",
    "state": "UPDATE inference_mappingrule SET state = 'draft'",
    "deleted": "DELETE FROM inference_mappingrule",
    "past the log": "INSERT INTO inference_mappingrule (site_id, name, finding, code, answer, unit, pattern, region, "
    "value, standard, certainty, makes, state, created_at, created_by) SELECT site_id, 'another', finding, code, "
    "answer, unit, pattern, region, value, standard, certainty, makes, state, created_at, created_by "
    "FROM inference_mappingrule",
}  # fmt: skip


@pytest.mark.parametrize("edit", RULES)
def test_a_rule_that_means_something_else_than_it_did_is_named(edit, now):
    make_network()
    by = make_user("integrator", organisation="north-group")
    site = Site.objects.get(pk="north")
    rule = draft_rule(site=site, values={"name": "n", "finding": "nodule", "pattern": "nodules?"}, by=by, now=now)
    switch_on(rule, by=by, now=now)
    assert sentences() == []

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(RULES[edit])

    assert any(edit in each for each in sentences())


def test_a_retired_rule_is_held_to_its_last_act(now):
    make_network()
    by = make_user("integrator", organisation="north-group")
    site = Site.objects.get(pk="north")
    rule = draft_rule(site=site, values={"name": "n", "finding": "nodule", "code": "1", "low": 0.0}, by=by, now=now)
    retire(rule, by=by, now=now)
    assert MappingRule.objects.get().state == "retired"
    assert sentences() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE monitoring_monitor SET design = jsonb_set(design, '{threshold}', '99')",
        "UPDATE monitoring_monitor SET design = design || '{\"another\": 1}'",
    ],
)
def test_an_edited_design_of_a_monitor_is_named(statement):
    make_watched()
    assert Monitor.objects.exists()
    assert sentences() == []

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)

    assert len([each for each in sentences() if "was changed after it was switched on" in each]) >= 1
