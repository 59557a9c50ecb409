from datetime import timedelta

import pytest

from monitoring.cases.models import Case
from monitoring.claims.designs import DRAWN, Design, terms_of
from monitoring.claims.queries import pool_of
from monitoring.claims.terms import measure_of
from monitoring.labelling.models import DrawnCase, LabelPlan
from tests.monitoring.claims.held import register_claim
from tests.monitoring.dashboards.watched import LATER, make_watched

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan() -> LabelPlan:
    """A plan that drew the first two positives, one surely and one with a chance of a quarter."""
    make_watched(count=20, positives=10, missed=1)
    plan = LabelPlan.objects.create(
        uid="3" * 32, organisation="north-group", product_id="cxr", finding="nodule", rule="default",
        deployments=["cxr-north"], since=LATER.date() - timedelta(days=30), until=LATER.date(), question="sensitivity",
        budget=2, floor=1, seed=1, design="test", labelled_count=0, digest="0" * 64, drawn_at=LATER, drawn_by="test",
    )  # fmt: skip
    drawn = Case.objects.filter(finding="nodule", truth="positive").order_by("pk")[:2]
    for position, (case, chance) in enumerate(zip(drawn, (1.0, 0.25), strict=True)):
        DrawnCase.objects.create(
            plan=plan, position=position, deployment_id=case.deployment_id, site_id=case.site_id,
            study_id=case.study_id, person_id=case.person_id, inference_id=case.inference_id, region=case.region,
            acquired_at=case.acquired_at, decision=case.decision, stratum=0, probability=chance,
        )  # fmt: skip
    return plan


def evidence_by(**said):
    design = Design(terms=terms_of(register_claim()), **said)
    pool = pool_of("cxr", design=design, deployments=["cxr-north"], versions=["1.0"])
    return pool.evidence(design, measure=measure_of(design.terms), version="1.0")


def test_a_drawn_case_stands_for_as_many_as_its_chance_says(plan):
    found = evidence_by(labels=DRAWN, ceiling=20.0)

    assert [each.weight for each in found.values] == [1.0, 4.0]
    assert found.left_out["no_weight"] == 18
    assert found.used + sum(found.left_out.values()) == found.logged


def test_a_chance_smaller_than_the_design_allows_is_left_out(plan):
    found = evidence_by(labels=DRAWN, ceiling=3.0)

    assert [each.weight for each in found.values] == [1.0]


def test_where_labels_count_as_they_come_a_plan_changes_nothing(plan):
    assert {each.weight for each in evidence_by().values} == {1.0}
    assert len(evidence_by().values) == 10
