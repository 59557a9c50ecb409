"""Figures held against labels that are no independent truth: they keep name and value, and say what they are."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from monitoring.cases.facts import TruthFact
from monitoring.cases.references import reference_of
from tests.factories import NOON, inference_row, make_network, read_row, send, truth_row

pytestmark = pytest.mark.django_db

ASK = ("--deployment", "cxr-north", "--finding", "nodule")
LABELLED = {"standard": "report_labeller", "attributes": {"labeller": "chexbert"}}


def estimate(*arguments):
    out = StringIO()
    call_command("estimate", *ASK, *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def figures(answer):
    return {each["metric"]: each for each in answer["estimates"]}


def word(positive):
    return "positive" if positive else "negative"


def send_labelled(*, ill, flagged, labels, first=1):
    """Send one study each, with what the product and a labeller said of it."""
    numbers = range(first, first + len(ill))
    send("inferences", *(inference_row(n, score=0.9 if hit else 0.1) for n, hit in zip(numbers, flagged, strict=True)))
    send(
        "truth",
        *(truth_row(n, value=word(label), **LABELLED) for n, label in zip(numbers, labels, strict=True)),
    )
    return numbers


@pytest.fixture
def labelled_site():
    """Eighty cases labelled from reports, ten of the forty with the finding wrongly; forty more adjudicated too."""
    make_network()
    ill = [True] * 40 + [False] * 40
    flagged = [True] * 36 + [False] * 4 + [True] * 4 + [False] * 36
    labels = ([True] * 3 + [False]) * 10 + [False] * 40
    send_labelled(ill=ill, flagged=flagged, labels=labels)
    adjudicated = send_labelled(
        ill=[True] * 20 + [False] * 20,
        flagged=[True] * 18 + [False] * 2 + [False] * 20,
        labels=([True] * 3 + [False]) * 5 + [False] * 20,
        first=101,
    )
    send("truth", *(truth_row(n, truth_uid=f"panel-{n}", value=word(n < 121), standard="panel") for n in adjudicated))
    call_command("catch_up", verbosity=0)


@pytest.mark.parametrize("exact", [[], ["--exact"]])
def test_a_figure_against_a_labeller_keeps_its_name_and_value_and_is_corrected_beside_it(labelled_site, exact):
    found = figures(estimate(*exact))["sensitivity"]

    # 50 labelled or found positive: 30 by the labeller, 20 by the panel; of these 27 and 18 were flagged.
    assert (found["cases"], found["value"]) == (50, 0.9)
    assert found["reference"] == {"panel": 20, "report_labeller": 30}
    assert (found["kind"], found["agreeing"]) == ("partly_agreement", 30)
    assert found["corrected"]["low"] < 0.9 < found["corrected"]["high"]
    assert "Staquet" in found["corrected"]["method"]


def test_the_labeller_is_measured_against_adjudicated_truth_of_the_same_study(labelled_site):
    found = estimate()["missing"]["labellers"]["chexbert"]

    assert (found["sensitivity"]["right"], found["sensitivity"]["cases"]) == (15, 20)
    assert (found["specificity"]["right"], found["specificity"]["cases"]) == (20, 20)
    assert found["sensitivity"]["low"] < 0.75 < found["sensitivity"]["high"]


def test_specificity_suffers_from_missed_labels_and_is_put_right(labelled_site):
    """Ten true positives were labelled negative, nine of them flagged: against the labels these look like errors."""
    found = figures(estimate("--metric", "specificity"))["specificity"]

    assert found["value"] < 0.85
    assert found["corrected"]["value"] > found["value"] + 0.05
    assert found["corrected"]["low"] < 56 / 60 < found["corrected"]["high"]


def test_slices_are_corrected_by_the_same_labeller(labelled_site):
    answer = estimate("--by", "sex", "--metric", "specificity")
    assert (
        answer["estimates"][0]["corrected"] == figures(estimate("--metric", "specificity"))["specificity"]["corrected"]
    )


def test_an_unmeasured_labeller_is_agreement_and_says_why_it_is_not_corrected():
    make_network()
    send_labelled(ill=[True, False] * 4, flagged=[True, False] * 4, labels=[True, False] * 4)
    call_command("catch_up", verbosity=0)

    found = figures(estimate())["sensitivity"]

    assert found["kind"] == "agreement"
    assert "never measured" in found["corrected"]["not_estimable"]


def test_an_amended_adjudication_measures_nothing(labelled_site):
    before = estimate()["missing"]["labellers"]["chexbert"]["sensitivity"]["cases"]
    send(
        "truth",
        truth_row(101, truth_uid="again", standard="panel", value="negative", amends="panel-101"),
        now=NOON.replace(day=9),
    )
    call_command("catch_up", verbosity=0)

    assert estimate()["missing"]["labellers"]["chexbert"]["sensitivity"]["cases"] == before - 1


def test_the_past_is_not_corrected_and_says_so(labelled_site):
    found = figures(estimate("--as-of", "2026-03-20T00:00:00Z", "--metric", "sensitivity"))["sensitivity"]
    assert "today" in found["corrected"]["not_estimable"]


# --- reports signed with the product in view ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("truth", "exposure", "kind"),
    [
        ({"standard": "report_human"}, None, "agreement"),
        ({"standard": "report_human"}, "concurrent", "agreement"),
        ({"standard": "report_human"}, "before", "agreement"),
        ({"standard": "report_human"}, "none", "observed"),
        ({"standard": "report_human"}, "after_locked_read", "observed"),
        ({"standard": "report_human", "blinded_to_ai": True}, "concurrent", "observed"),
        ({"standard": "report_human", "blinded_to_ai": False}, "none", "agreement"),
        ({"standard": "panel"}, "concurrent", "observed"),
        ({"standard": "panel", "blinded_to_ai": False}, "none", "agreement"),
        ({"standard": "pathology", "blinded_to_ai": False}, "concurrent", "observed"),
    ],
)
@pytest.mark.parametrize("exact", [[], ["--exact"]])
def test_a_report_signed_with_the_product_in_view_is_agreement(truth, exposure, kind, exact):
    make_network()
    send("inferences", inference_row(1), inference_row(2))
    send("truth", truth_row(1, **truth), truth_row(2, **truth))
    if exposure is not None:
        send("reads", *(read_row(n, ai_exposure=exposure) for n in (1, 2)))
    call_command("catch_up", verbosity=0)

    found = figures(estimate(*exact))["sensitivity"]

    assert found["kind"] == kind
    assert found["reference"] == {truth["standard"]: 2}


def test_what_is_not_said_of_a_signed_report_counts_as_in_view():
    truth = TruthFact(
        id=1, uid="t", received=NOON, known=NOON, finding="nodule", standard="report_human", determined_at=NOON
    )
    assert reference_of(truth, exposure="unknown") == "report_human+ai"
    assert reference_of(None, exposure="") == ""


def test_the_commands_text_says_agreement_correction_and_what_is_missing(labelled_site):
    out = StringIO()
    call_command("estimate", *ASK, stdout=out)
    text = out.getvalue()

    assert "partly agreement, not the truth, in 30 cases; put right for the labeller's errors" in text
    assert "missing: Of 120 counted cases 120 have a truth" in text
    assert "accuracy" not in text
