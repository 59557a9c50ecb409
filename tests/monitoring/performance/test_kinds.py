"""Measurements, sides, triage, categories and reads: each kind of finding has its own figures, or says why not."""

from io import StringIO

import pytest
from django.core.management import call_command

from inference.registry.actions import register
from tests.factories import NOON, REGISTERED, event_row, inference_row, make_network, read_row, send, truth_row
from tests.monitoring.performance.test_estimate_command import estimate, figures

pytestmark = pytest.mark.django_db


def caught_up():
    call_command("catch_up", stdout=StringIO())


# --- a measurement -----------------------------------------------------------------------------------------------


def test_a_measurement_has_bias_and_limits_and_no_area():
    make_network()
    rows = [
        inference_row(n, deployment="echo-north", predictions=[{"finding": "ef", "measurement": 50.0 + n + (n % 2)}])
        for n in range(1, 9)
    ]
    send("inferences", *rows)
    truths = [
        truth_row(
            n, finding="ejection_fraction", value=None, measurement=50.0 + n, unit="%", standard="core_laboratory"
        )
        for n in range(1, 8)
    ]
    send("truth", *truths)
    caught_up()

    found = figures(estimate("--deployment", "echo-north", "--finding", "ef"))

    assert found["bias"]["value"] == pytest.approx(4 / 7)
    assert found["mean_absolute_error"]["value"] == pytest.approx(4 / 7)
    assert found["lower_limit"]["value"] < found["bias"]["value"] < found["upper_limit"]["value"]
    assert (found["label_coverage"]["value"], found["label_coverage"]["cases"]) == (7 / 8, 8)
    asked = figures(estimate("--deployment", "echo-north", "--finding", "ef", "--metric", "auc"))["auc"]
    assert asked["not_estimable"] == "auc is not defined for a measurement finding here"


# --- two sides ---------------------------------------------------------------------------------------------------


def mammogram(number, *, left, right):
    said = [{"finding": "malignancy", "region": side, "score": score} for side, score in (("L", left), ("R", right))]
    return inference_row(number, deployment="mammo-north", predictions=said)


def test_each_side_counts_by_its_own_truth():
    make_network()
    send("inferences", mammogram(1, left=8.0, right=1.0), mammogram(2, left=2.0, right=3.0))
    send(
        "truth",
        truth_row(1, finding="malignancy", region="L"),
        truth_row(1, finding="malignancy", region="R", value="negative", standard="follow_up"),
        truth_row(2, finding="malignancy", value="negative", standard="follow_up"),
    )
    caught_up()

    answer = estimate("--deployment", "mammo-north", "--finding", "malignancy")
    by_side = estimate("--deployment", "mammo-north", "--finding", "malignancy", "--by", "region", "--metric", "ppv")

    assert figures(answer)["sensitivity"] | {"value": 1.0, "cases": 1} == figures(answer)["sensitivity"]
    assert figures(answer)["specificity"] | {"value": 1.0, "cases": 3} == figures(answer)["specificity"]
    assert [each["slice"]["region"] for each in by_side["estimates"]] == ["L", "R"]


# --- triage ------------------------------------------------------------------------------------------------------

STROKE = """
concepts: [{key: occlusion, name: Large vessel occlusion}]
products:
  - key: stroke
    manufacturer: cxr-maker
    findings: [{key: occlusion, concept: occlusion, kind: triage, scale: none}]
    versions: [{version: "1.0"}]
deployments:
  - {key: stroke-north, product: stroke, site: north, version: "1.0", role: triage, from: 2026-01-01}
"""


def test_triage_has_no_area_for_there_is_no_score_but_minutes_to_the_reader():
    make_network()
    register(text=STROKE, actor="test", now=REGISTERED)
    runs = [
        inference_row(n, deployment="stroke-north", predictions=[{"finding": "occlusion", "decision": "positive"}])
        for n in range(1, 9)
    ]
    send("inferences", *runs)
    for n in range(1, 9):
        study = {"inference_uid": None, "study_uid": f"1.2.826.0.1.{n}", "deployment": None}
        at = {"available": "2026-03-02T08:30:00+01:00", "opened": f"2026-03-02T08:3{n}:00+01:00"}
        send("events", *(event_row(n, kind=kind, **study | {"at": moment}) for kind, moment in at.items()))
    caught_up()

    found = figures(estimate("--deployment", "stroke-north", "--finding", "occlusion"))

    assert found["auc"]["not_estimable"] == "because there is no score"
    assert found["minutes_to_reader"]["value"] == 4.5
    assert found["flag_rate"]["value"] == 1.0


# --- grades ------------------------------------------------------------------------------------------------------

GRADES = """
concepts: [{key: density, name: Breast density, kind: ordinal, classes: [A, B, C, D]}]
products:
  - key: grader
    manufacturer: cxr-maker
    findings: [{key: density, concept: density, kind: ordinal}]
    versions: [{version: "1.0"}]
deployments:
  - {key: grader-north, product: grader, site: north, version: "1.0", role: concurrent, from: 2026-01-01}
"""


def test_grades_have_accuracy_and_weighted_kappa():
    make_network()
    register(text=GRADES, actor="test", now=REGISTERED)
    pairs = ["AA", "BB", "CC", "DD", "AB", "CB", "DD", "BB"]
    said = [
        inference_row(n, deployment="grader-north", predictions=[{"finding": "density", "category": pair[0]}])
        for n, pair in enumerate(pairs, start=1)
    ]
    true = [
        truth_row(n, finding="density", value=None, category=pair[1], standard="panel")
        for n, pair in enumerate(pairs, start=1)
    ]
    send("inferences", *said)
    send("truth", *true)
    caught_up()

    found = figures(estimate("--deployment", "grader-north", "--finding", "density"))

    assert found["accuracy"]["value"] == 6 / 8
    assert 0.7 < found["kappa"]["value"] < 1.0
    assert "quadratic" in found["kappa"]["method"]


# --- a site's reads ----------------------------------------------------------------------------------------------

READS = ("--site", "north", "--of", "reads", "--finding", "nodule")


def test_every_read_that_was_not_amended_counts_at_any_stage():
    make_network()
    send(
        "reads",
        read_row(1, read_uid="a", decision="negative", stage="first"),
        read_row(1, read_uid="b", decision="positive", stage="retrospective", reader="R2"),
        read_row(1, read_uid="c", decision="positive", amends="a", stage="first"),
        read_row(1, read_uid="d", decision="indeterminate", reader="R3"),
        read_row(2, read_uid="e", decision="positive"),
    )
    send("truth", truth_row(1), truth_row(2))

    answer = estimate(*READS)

    assert answer["site"] == "north"
    assert figures(answer)["sensitivity"] | {"value": 1.0, "cases": 3} == figures(answer)["sensitivity"]
    assert answer["excluded"] == {"amended": 1}
    assert figures(answer)["label_coverage"]["cases"] == 4


@pytest.mark.parametrize("by", ["reader", "stage", "ai_exposure"])
def test_reads_can_be_cut_by_reader_stage_and_exposure(by):
    make_network()
    send("reads", read_row(1), read_row(2, reader="R2", stage="first", ai_exposure="concurrent"))

    found = estimate(*READS, "--by", by, "--metric", "flag_rate")["estimates"]

    assert len(found) == 2
    assert sum(each["cases"] for each in found) == 2


# --- one patient, many studies -----------------------------------------------------------------------------------


@pytest.mark.parametrize("exact", [[], ["--exact"]])
def test_a_patient_who_comes_again_is_a_cluster(exact):
    make_network()
    parts = {n: inference_row(n)["study"] | {"patient_id": f"P{n % 3}"} for n in range(1, 7)}
    send("inferences", *(inference_row(n, study=part) for n, part in parts.items()))
    send("truth", *(truth_row(n) for n in parts))
    caught_up()

    found = figures(estimate("--deployment", "cxr-north", "--finding", "nodule", *exact))

    assert "cluster" in found["sensitivity"]["method"]


def test_merging_patients_makes_them_one_cluster():
    make_network()
    send("inferences", inference_row(1), inference_row(2), inference_row(3))
    send("truth", truth_row(1), truth_row(2), truth_row(3))
    caught_up()
    before = figures(estimate("--deployment", "cxr-north", "--finding", "nodule"))["sensitivity"]["method"]

    merge = {"kind": "merge", "patient_id": "P1", "other_patient_id": "P2", "at": "2026-03-02T10:30:00+01:00"}
    send("corrections", merge, now=NOON)
    caught_up()

    assert before == "Wilson score"
    assert "cluster" in figures(estimate("--deployment", "cxr-north", "--finding", "nodule"))["sensitivity"]["method"]
