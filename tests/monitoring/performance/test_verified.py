"""Verification that depends on decision and truth: as labelled is wrong, a plan's estimate is right, all adds up."""

import json
from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import call_command

from monitoring.cases.models import Case
from monitoring.dashboards.catching_up import work_off
from monitoring.performance.queries import estimates
from monitoring.performance.questions import Question
from monitoring.performance.verified_rates import RATES
from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.statistics.verification import NotIdentified, begg_greenes
from tests.factories import inference_row, make_network, send, study_part, truth_row
from tests.monitoring.labelling.population import LATER, answer_plan, make_plan, make_population, numbers_of

pytestmark = pytest.mark.django_db
CXR = Question(product="cxr", finding="nodule", deployments=("cxr-north",))


def ask(verification: str, **more):
    return estimates(replace(CXR, verification=verification, **more))


@pytest.fixture
def population():
    return make_population(size=260, seed=11)


def test_as_labelled_and_begg_greenes_are_wrong_and_the_plan_recovers_the_truth():
    population = make_population(size=700, seed=11)
    truth = {name: population.rate(name) for name in ("sensitivity", "specificity")}
    answer_plan(make_plan(budget=250), population)

    plain, corrected, planned = estimates(CXR), ask("begg_greenes"), ask("plan")

    for name, value in truth.items():
        assert isinstance(planned.get(name).outcome, Estimate)
        assert value in planned.get(name).outcome.interval
    assert truth["specificity"] not in plain.get("specificity").outcome.interval
    assert "250 of 250 drawn are answered" in planned.get("sensitivity").outcome.method
    assert corrected.get("sensitivity").outcome.value != planned.get("sensitivity").outcome.value


def test_labels_that_come_for_their_own_reasons_mislead_both(population):
    truth = population.rate("sensitivity")

    assert abs(ask("begg_greenes").get("sensitivity").outcome.value - truth) > 0.1


def test_used_and_left_out_add_up_to_everything_logged(population):
    plan = make_plan(budget=90)
    drawn = list(plan.cases.order_by("position"))
    answer_plan(plan, population, cases=drawn[:70])
    outside = Case.objects.filter(rule="default", finding="nodule", truth="").exclude(
        inference_id__in=[each.inference_id for each in drawn]
    )[:3]
    send("truth", *(population.truth(number) for number in numbers_of(outside, population)))

    work_off(now=LATER)

    found = ask("plan")

    assert found.excluded["labelled_outside_the_plan"] == 3
    assert found.excluded["drawn_and_not_answered"] == 20
    logged = Case.objects.filter(rule="default", finding="nodule", deployment_id="cxr-north").count()
    assert found.used + sum(found.excluded.values()) == logged
    for way in ("begg_greenes", "bounds"):
        each = ask(way)
        assert each.used + sum(each.excluded.values()) == logged


def test_a_stratum_without_an_answer_leaves_bounds(population):
    plan = make_plan(budget=90)
    found = ask("plan").get("sensitivity")

    assert isinstance(found.outcome, NotIdentified)
    assert "without an answer yet" in found.outcome.reason
    assert found.bounds[0] < population.rate("sensitivity") < found.bounds[1]
    assert plan.cases.count() == 90


def test_bounds_hold_the_truth_and_say_that_nothing_is_identified(population):
    found = ask("bounds")
    for name in ("sensitivity", "specificity"):
        low, high = found.get(name).bounds
        assert low <= population.rate(name) <= high
        assert "not identified" in found.get(name).outcome.reason
        assert found.get(name).as_json()["bounds"] == [low, high]


def test_begg_greenes_is_that_of_the_counts(population):
    counts = {
        decision: tuple(
            Case.objects.filter(rule="default", finding="nodule", decision=decision, truth=truth).count()
            for truth in ("positive", "negative", "")
        )
        for decision in ("positive", "negative")
    }
    known = begg_greenes(tested_positive=counts["positive"], tested_negative=counts["negative"])
    found = ask("begg_greenes")
    for name in ("sensitivity", "specificity"):
        assert found.get(name).outcome.value == known[name].value
        assert found.get(name).outcome.interval == known[name].interval
        assert set(found.get(name).reference) == {"pathology"}


def test_a_patient_who_comes_again_makes_it_clustered(population):
    rows = [inference_row(number, study=study_part(number, patient_id="P1")) for number in range(9_001, 9_004)]
    send("inferences", *rows)

    work_off(now=LATER)

    assert "as weights" in ask("begg_greenes").get("ppv").outcome.method
    assert "chance allowed" not in ask("bounds").get("sensitivity").outcome.reason


def test_without_a_plan_the_answer_says_so_and_other_metrics_refuse(population):
    found = ask("plan")
    assert all(isinstance(each.outcome, NotEstimable) for each in found.figures)
    assert "no plan of labels" in found.get("sensitivity").outcome.reason
    other = ask("begg_greenes", metrics=("flag_rate", "sensitivity"))
    assert "changes nothing" in other.get("flag_rate").outcome.reason


def test_slices_are_answered_one_by_one(population):
    found = ask("begg_greenes", by="sex", metrics=RATES)
    assert isinstance(found.get("ppv", sex="F").outcome, Estimate)


def test_the_same_comes_of_the_facts_as_they_were_known(population):

    answer_plan(make_plan(budget=90), population)
    later = LATER.replace(year=2027)
    for way in ("plan", "begg_greenes"):
        rows, facts = ask(way), ask(way, as_of=later)
        assert rows.get("sensitivity").outcome.value == pytest.approx(facts.get("sensitivity").outcome.value)
        assert rows.excluded == facts.excluded


def test_the_command_answers_with_verification(population):
    out = StringIO()
    call_command(
        "estimate", "--deployment", "cxr-north", "--finding", "nodule", "--verification", "bounds", "--json", stdout=out
    )
    found = json.loads(out.getvalue())
    assert found["verification"] == "bounds"
    assert found["used"] == 260
    assert {each["metric"] for each in found["estimates"]} == {*RATES, "auc"}


def test_labels_of_a_report_labeller_make_it_agreement():
    make_network()
    send("inferences", *(inference_row(number, score=0.9) for number in range(1, 41)))
    labels = (truth_row(number, standard="report_labeller", labeller="words 1.0") for number in range(1, 31))
    send("truth", *labels)
    work_off(now=LATER)

    found = ask("begg_greenes").get("ppv")

    assert found.kind == "agreement"
    assert found.reference == {"report_labeller": 30}
