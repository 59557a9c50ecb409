"""The estimate command on small stories, through the one way in."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.factories import NOON, event_row, inference_row, make_network, read_row, send, study_part, truth_row

pytestmark = pytest.mark.django_db


def estimate(*arguments: str) -> dict:
    out = StringIO()
    call_command("estimate", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def figures(answer: dict) -> dict[str, dict]:
    return {each["metric"]: each for each in answer["estimates"]}


@pytest.fixture
def four_cases():
    """Two with the finding, one of them missed; two without, one of them flagged."""
    make_network()
    scores = {1: 0.9, 2: 0.2, 3: 0.7, 4: 0.1}
    send("inferences", *(inference_row(number, score=score) for number, score in scores.items()))
    send("truth", *(truth_row(number, value="positive" if number < 3 else "negative") for number in scores))
    call_command("catch_up", verbosity=0)


@pytest.mark.parametrize("exact", [[], ["--exact"]])
def test_rates_and_area_of_four_cases(four_cases, exact):
    found = figures(estimate("--deployment", "cxr-north", "--finding", "nodule", *exact))

    assert found["auc"]["value"] == 0.75
    assert found["sensitivity"]["value"] == found["specificity"]["value"] == found["ppv"]["value"] == 0.5
    assert found["prevalence"]["value"] == found["flag_rate"]["value"] == 0.5
    assert found["label_coverage"]["value"] == 1.0
    assert found["sensitivity"] | {"cases": 2, "positives": 2, "reference": {"pathology": 2}} == found["sensitivity"]


def test_bounds_stand_beside_an_area_from_bins_only(four_cases):
    rolled = figures(estimate("--deployment", "cxr-north", "--finding", "nodule"))["auc"]
    exact = figures(estimate("--deployment", "cxr-north", "--finding", "nodule", "--exact"))["auc"]

    low, high = rolled["bounds"]
    assert low <= 0.75 <= high
    assert exact["bounds"] is None


def test_an_unknown_key_is_named(four_cases):
    with pytest.raises(CommandError, match="nowhere"):
        estimate("--deployment", "nowhere", "--finding", "nodule")


def test_site_and_reads_go_together(four_cases):
    with pytest.raises(CommandError, match="go together"):
        estimate("--site", "north", "--finding", "nodule")


def test_everything_logged_is_counted_or_left_out_for_a_reason(four_cases):
    send(
        "inferences",
        inference_row(5, version="9.9"),
        inference_row(6, status="failed", predictions=[]),
        inference_row(7, study=study_part(7, patient_id="PHANTOM-1")),
        inference_row(1, inference_uid="run-1-again"),
    )
    call_command("catch_up", verbosity=0)

    answer = estimate("--deployment", "cxr-north", "--finding", "nodule")

    assert answer["excluded"] == {
        "another_run_counts": 1, "purpose_phantom_qa": 1, "status_failed": 1, "unregistered_version": 1,
    }  # fmt: skip
    assert figures(answer)["label_coverage"]["cases"] + sum(answer["excluded"].values()) == 8


def test_the_run_shown_last_before_the_final_read_counts(four_cases):
    send("inferences", inference_row(1, inference_uid="later", score=0.05, finished_at="2026-03-02T08:50:00+01:00"))
    send("events", event_row(1, inference_uid="later", at="2026-03-02T08:55:00+01:00"), event_row(1))
    send("reads", read_row(1))
    call_command("catch_up", verbosity=0)

    assert figures(estimate("--deployment", "cxr-north", "--finding", "nodule"))["sensitivity"]["value"] == 0.0


@pytest.mark.parametrize("exact", [[], ["--exact"]])
@pytest.mark.parametrize("by", ["sex", "view_position", "scanner", "site", "month", "version", "age_band", "smoker"])
def test_slices_add_up_to_the_whole(four_cases, by, exact):
    answer = estimate("--product", "cxr", "--finding", "nodule", "--by", by, "--metric", "label_coverage", *exact)

    assert sum(each["cases"] for each in answer["estimates"]) == 4
    assert {tuple(each["slice"]) for each in answer["estimates"]} == {(by,)}


def test_an_amended_truth_moves_the_figure_and_yesterday_keeps_the_old_one(four_cases):
    later = NOON.replace(day=5)
    send("truth", truth_row(9, truth_uid="t9", study_uid="1.2.826.0.1.4"), now=NOON.replace(day=3))
    send("truth", truth_row(9, truth_uid="t9b", amends="t9", value="negative", study_uid="1.2.826.0.1.4"), now=later)
    call_command("catch_up", verbosity=0)

    def prevalence(*arguments):
        return figures(estimate("--deployment", "cxr-north", "--finding", "nodule", *arguments))["prevalence"]["value"]

    assert prevalence() == 0.5
    assert prevalence("--as-of", "2026-03-04T00:00:00Z") == 0.75
    assert prevalence("--as-of", "2026-03-05T23:00:00Z") == 0.5
