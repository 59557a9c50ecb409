"""A plan is fixed when it is drawn, logged with the digest of its list, and taken back only by another entry."""

from dataclasses import replace

import pytest
from django.db import transaction
from django.db.utils import DatabaseError

from audit.log.models import Act
from monitoring.errors import LabelPlanError
from monitoring.labelling.actions import withdraw_plan
from monitoring.labelling.design import design_of, digest_of, draw
from monitoring.labelling.models import DrawnCase, LabelPlan, PlanWithdrawal
from monitoring.labelling.queries import candidates_of, is_as_drawn, plan_for_estimate, progress_of, unpacked
from tests.monitoring.labelling.population import LATER, WINDOW, answer_plan, make_plan, make_population

pytestmark = pytest.mark.django_db
ASKED = {"product": "cxr", "finding": "nodule", "rule": "default", "deployments": ["cxr-north"], "drawn_before": None}


@pytest.fixture
def population():
    return make_population(size=160, seed=3)


def test_a_plan_keeps_each_cases_probability_and_what_was_labelled(population):
    before = candidates_of(WINDOW)

    plan = make_plan()

    assert plan.cases.count() == 60
    for case in plan.cases.all():
        stratum = plan.strata[case.stratum]
        assert case.probability == stratum["drawn"] / stratum["size"]
    assert unpacked(plan) == {(each.inference_id, each.region) for each in before if each.truth}
    assert plan.labelled_count == len(unpacked(plan))


def test_the_entry_lets_anybody_draw_the_same_list_again(population):
    plan = make_plan(seed=2**31 - 2)

    act = Act.objects.get(subject="product/cxr", entry__kind="label_plan.drawn")
    assert act.details["digest"] == plan.digest
    design = design_of(candidates_of(WINDOW), question="sensitivity", budget=60, floor=3)
    assert digest_of(draw(design, seed=int(act.details["seed"]))) == plan.digest
    assert act.details["strata"] == [[each.size, n] for each, n in zip(design.strata, design.counts, strict=True)]


@pytest.mark.parametrize("table", [LabelPlan, DrawnCase])
def test_what_was_drawn_cannot_be_changed_or_deleted(population, table):
    make_plan()
    for change in (lambda: table.objects.update(id=7), lambda: table.objects.all()._raw_delete("default")):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


def test_a_list_that_was_changed_behind_the_guards_is_seen(population):
    plan = make_plan()
    assert is_as_drawn(plan)
    first = plan.cases.first()

    DrawnCase.objects.bulk_create([replaced(first, position=61, inference_id=first.inference_id + 10**6)])

    assert not is_as_drawn(plan)


def replaced(case, **over):
    return DrawnCase(
        **{field.attname: getattr(case, field.attname) for field in case._meta.fields} | {"id": None} | over
    )


def test_progress_counts_answers_by_stratum(population):
    plan = make_plan()
    answer_plan(plan, population, cases=list(plan.cases.order_by("position")[:20]))

    found = progress_of([plan], deployments=plan.deployments)[plan.pk]

    assert found.total == (20, 60)
    assert sum(found.answered.values()) == 20


def test_a_withdrawn_plan_stays_and_no_estimate_rests_on_it(population):
    plan = make_plan()
    assert plan_for_estimate(**ASKED) == plan

    withdraw_plan(plan=plan, reason="the threshold changed", by="user:officer", now=LATER)

    assert plan_for_estimate(**ASKED) is None
    assert LabelPlan.objects.get() == plan
    assert PlanWithdrawal.objects.get().reason == "the threshold changed"
    assert Act.objects.filter(entry__kind="label_plan.withdrawn").count() == 1
    with pytest.raises(LabelPlanError, match="already"):
        withdraw_plan(plan=plan, reason="again", by="user:officer", now=LATER)


def test_nothing_to_draw_and_too_small_a_budget_are_said(population):
    with pytest.raises(LabelPlanError, match="too small"):
        make_plan(budget=4, floor=30)
    with pytest.raises(LabelPlanError, match="No counted case"):
        make_plan(window=replace(WINDOW, finding="effusion"))
    assert not LabelPlan.objects.exists()


def test_a_plan_of_all_deployments_is_preferred_to_a_later_one_of_some(population):
    every = ["cxr-east", "cxr-north"]
    whole = make_plan(window=replace(WINDOW, deployments=tuple(every)))
    part = make_plan(now=LATER.replace(hour=13))

    assert plan_for_estimate(**ASKED | {"deployments": every}) == whole
    assert plan_for_estimate(**ASKED) == part
    assert plan_for_estimate(**ASKED | {"deployments": ["cxr-east"]}) is None
