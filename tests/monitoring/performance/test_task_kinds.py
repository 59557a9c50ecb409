"""Each kind of finding from the rows that a hospital sends to the figures that the command prints."""

from io import StringIO

import pytest
from django.core.management import call_command

from monitoring.cases.models import Case
from tests.factories import event_row, read_row
from tests.monitoring.performance.task_kinds import answer, make_product, run, tell, true

pytestmark = pytest.mark.django_db


def value(found, metric):
    return found[metric]["value"]


def why_not(found, metric):
    return found[metric]["not_estimable"]


# --- categories --------------------------------------------------------------------------------------------------


def test_multi_class_has_each_class_against_the_rest():
    make_product("multi_class", classes="[benign, melanoma, other]")
    pairs = [("benign", "benign", 0.1)] * 4 + [("melanoma", "melanoma", 0.8)] * 3 + [("benign", "melanoma", 0.3)]
    tell(
        runs=[
            run(n, category=said, class_scores={"melanoma": score, "benign": 1 - score})
            for n, (said, _, score) in enumerate(pairs, 1)
        ],
        truths=[true(n, category=truly) for n, (_, truly, _) in enumerate(pairs, 1)],
    )

    found = answer()

    assert value(found, "accuracy") == 7 / 8
    assert (
        found["sensitivity[melanoma]"] | {"value": 0.75, "cases": 4, "positives": 4} == found["sensitivity[melanoma]"]
    )
    assert value(found, "specificity[melanoma]") == 1.0
    assert value(found, "auc[melanoma]") == 1.0
    assert why_not(found, "auc[other]") == "no case has a score of other"
    assert why_not(found, "sensitivity[other]") == "no case with other and with a category"
    assert "Cohen" in found["kappa"]["method"]
    assert why_not(answer("--metric", "sensitivity"), "sensitivity").endswith(
        "not defined for a multi class finding here"
    )


def test_grades_have_agreement_within_one():
    make_product("ordinal", classes="[A, B, C, D]")
    pairs = ["AA", "BB", "CC", "DD", "AB", "CB", "DA", "BB"]
    tell(
        runs=[run(n, category=pair[0]) for n, pair in enumerate(pairs, 1)],
        truths=[true(n, category=pair[1]) for n, pair in enumerate(pairs, 1)],
    )

    found = answer()

    assert (value(found, "accuracy"), value(found, "within_one")) == (5 / 8, 7 / 8)
    assert "quadratic" in found["kappa"]["method"]


def test_multi_label_has_each_label_and_a_mean_that_says_what_it_is():
    make_product("multi_label", classes="[edema, effusion, mass]")
    said = [["edema"], ["edema", "effusion"], [], ["effusion"]]
    truly = [["edema"], ["effusion"], ["edema"], ["effusion"]]
    tell(
        runs=[run(n, category=each) for n, each in enumerate(said, 1)],
        truths=[true(n, category=each) for n, each in enumerate(truly, 1)],
    )

    found = answer()

    assert value(found, "exact_match") == 0.5
    assert (value(found, "sensitivity[edema]"), value(found, "specificity[edema]")) == (0.5, 0.5)
    assert value(found, "macro_sensitivity") == pytest.approx((0.5 + 1) / 2)
    assert "unweighted mean over 2 labels, 1 without" in found["macro_sensitivity"]["method"]
    assert why_not(found, "auc[mass]") == "no case has a score of mass"


# --- marks and masks ---------------------------------------------------------------------------------------------

LESION = {"x": 100, "y": 100, "width": 20, "height": 20}


def box(x, score):
    return {"x": x, "y": 105, "width": 8, "height": 8, "score": score}


@pytest.fixture
def marked():
    """Two with two lesions each, of which three are marked, one weakly; six without, one with two false marks."""
    make_product("detection", scale="probability")
    second = LESION | {"x": 300}
    marks = {1: [box(105, 0.9), box(305, 0.7)], 2: [box(105, 0.3)], 3: [box(105, 0.8), box(500, 0.4)]}
    tell(
        runs=[run(n, score=0.9 if n in (1, 3) else 0.2, marks=marks.get(n, [])) for n in range(1, 9)],
        truths=[
            *(true(n, value="positive", marks=[LESION, second]) for n in (1, 2)),
            *(true(n, value="negative") for n in range(3, 9)),
        ],
    )


def test_detection_is_judged_by_lesion_and_by_case(marked):
    found = answer()

    assert found["lesion_sensitivity"] | {"value": 0.5, "cases": 4, "positives": 4} == found["lesion_sensitivity"]
    assert found["false_marks_per_case"] | {"value": 1 / 8, "cases": 8} == found["false_marks_per_case"]
    assert value(found, "sensitivity") == 0.5
    # Lesions .9 and .7, .3 and none against one false .8 of six: (6 + 5)/12 and (5 + 2.5)/12.
    assert value(found, "wafroc") == pytest.approx((11 / 12 + 7.5 / 12) / 2)
    assert "wAFROC" in found["wafroc"]["method"]
    assert value(found, "lesion_sensitivity_at[0.25]") == 0.75


def test_a_match_is_stored_with_its_criterion_and_made_again_the_same(marked):
    before = list(Case.objects.filter(finding="f").order_by("inference_id").values_list("comparison", flat=True))

    call_command("catch_up", "--rebuild", stdout=StringIO())

    assert before[0]["criterion"] == "centre_in_box/1"
    assert before[0]["pairs"] == [["0", 0], ["1", 1]]
    assert before == list(
        Case.objects.filter(finding="f").order_by("inference_id").values_list("comparison", flat=True)
    )


def test_a_finding_may_be_registered_with_another_criterion():
    make_product("detection", scale="probability", matching="iou_0.5")
    tell(runs=[run(1, score=0.9, marks=[box(105, 0.9)])], truths=[true(1, value="positive", marks=[LESION])])

    assert Case.objects.get(finding="f").comparison["criterion"] == "iou_0.5/1"
    assert value(answer(), "lesion_sensitivity") == 0.0  # 64 of 400
    assert value(answer("--as-of", "2026-03-03"), "lesion_sensitivity") == 0.0


def test_one_truth_for_each_lesion_is_as_good_as_one_for_all():
    make_product("detection", scale="probability")
    lesions = [LESION, LESION | {"x": 300}, LESION | {"x": 600}]
    tell(
        runs=[run(1, score=0.9, marks=[box(105, 0.9), box(305, 0.7), box(900, 0.6)])],
        truths=[
            true(1, value="positive", level="lesion", marks=[each], truth_uid=f"l{n}") for n, each in enumerate(lesions)
        ],
    )

    found = Case.objects.get(finding="f").comparison
    assert (found["lesions"], sorted(found["hits"]), found["false"]) == (3, [0.7, 0.9], [0.6])


def test_a_detection_truth_without_marks_has_its_cases_and_no_lesions():
    make_product("detection", scale="probability")
    tell(runs=[run(n, score=0.9, marks=[box(105, 0.9)]) for n in (1, 2)], truths=[true(1, value="positive")])

    found = answer()

    assert value(found, "sensitivity") == 1.0
    assert why_not(found, "lesion_sensitivity").startswith("no case whose marks could be matched")
    assert why_not(found, "wafroc").startswith("no case whose marks could be matched")


def test_segmentation_has_the_overlaps_that_came_with_the_truth():
    make_product("segmentation", unit='"mL"')
    dice = [0.9, 0.8, 0.85, 0.7, 0.95, 0.6, 0.88, 0.9]
    tell(
        runs=[run(n, measurement=11.0 * n, unit="mL", mask={"sop_instance_uid": f"1.2.{n}"}) for n in range(1, 9)],
        truths=[
            true(
                n,
                value="positive",
                measurement=10.0 * n,
                unit="mL",
                attributes={"dice": each, "lesions": 2, "lesions_found": 2 - (n == 1), "criterion": "dice/1"},
            )
            for n, each in enumerate(dice, 1)
        ],
    )

    found = answer()

    assert value(found, "dice") == pytest.approx(sum(dice) / 8)
    assert "dice/1" in found["dice"]["method"]
    assert value(found, "volume_bias") == pytest.approx(0.1)
    assert (value(found, "lesions_lost"), found["lesions_lost"]["cases"]) == (1 / 16, 16)
    assert value(found, "dice_median") == pytest.approx(0.865)
    assert why_not(found, "iou").startswith("no overlap of masks was measured")
    assert "too few" in why_not(found, "dice_p10")


# --- measurements, changes, quality ------------------------------------------------------------------------------


def test_a_measurement_has_its_concordance():
    make_product("measurement", unit='"%"')
    tell(
        runs=[run(n, measurement=50.0 + n) for n in range(1, 9)],
        truths=[true(n, measurement=50.5 + n, unit="%") for n in range(1, 9)],
    )

    found = answer()

    assert value(found, "bias") == pytest.approx(-0.5)
    assert 0.97 < value(found, "concordance") < 1
    assert "ICC(2,1)" in found["icc"]["method"]


def test_a_change_is_a_call_a_category_or_a_difference():
    make_product("change_from_prior", classes="[better, same, worse]")
    said, truly = ["better", "same", "worse", "worse"], ["better", "same", "worse", "same"]
    tell(
        runs=[run(n, category=each) for n, each in enumerate(said, 1)],
        truths=[true(n, category=each) for n, each in enumerate(truly, 1)],
    )

    found = answer()

    assert (value(found, "accuracy"), value(found, "within_one"), value(found, "label_coverage")) == (0.75, 1.0, 1.0)
    assert why_not(answer("--metric", "sensitivity"), "sensitivity") == "no case with the finding and a decision"


def test_image_quality_is_a_call():
    make_product("image_quality", scale="probability")
    tell(
        runs=[run(n, score=score) for n, score in enumerate((0.9, 0.2, 0.7), 1)],
        truths=[true(1, value="positive"), true(2, value="negative"), true(3, value="negative")],
    )

    found = answer()

    assert (value(found, "sensitivity"), value(found, "specificity"), value(found, "auc")) == (1.0, 0.5, 1.0)


# --- times -------------------------------------------------------------------------------------------------------


def test_triage_counts_minutes_to_the_reader_and_to_treatment():
    make_product("triage", scale="none")
    events = []
    for n in range(1, 41):
        moments = {"available": "08:30", "opened": f"08:{30 + n % 20}", "treatment_started": f"09:{n % 50:02}"}
        events += [
            event_row(
                n, kind=kind, at=f"2026-03-02T{at}:00+01:00", inference_uid=None, deployment=None,
                study_uid=f"1.2.826.0.1.{n}",
            )
            for kind, at in moments.items()
        ]  # fmt: skip
    tell(runs=[run(n, decision="positive") for n in range(1, 41)], events=events)

    found = answer("--metric", "auc", "minutes_to_reader", "minutes_to_treatment", "minutes_to_reader_within[10]",
                   "minutes_to_treatment_p90", "minutes_to_reader_mean")  # fmt: skip

    assert why_not(found, "auc") == "because there is no score"
    assert value(found, "minutes_to_reader") == 9.5
    assert value(found, "minutes_to_reader_within[10]") == 22 / 40
    assert value(found, "minutes_to_treatment") == 50.5
    assert value(found, "minutes_to_treatment_p90") > 65
    assert value(found, "minutes_to_reader_mean") == 9.5


def test_time_to_event_ranks_those_who_were_followed():
    make_product("time_to_event", scale="probability")
    tell(
        runs=[run(n, score=1 - n / 10) for n in range(1, 7)],
        truths=[
            *(true(n, value="positive", determined_at=f"2026-03-{10 + n}T10:00:00+01:00") for n in (1, 2)),
            *(true(n, value="negative", observed_until="2026-06-01T00:00:00+01:00") for n in (3, 4, 5)),
            true(6, value="negative"),
        ],
    )

    found = answer()

    assert (value(found, "concordance_index"), found["concordance_index"]["cases"]) == (1.0, 5)
    assert "too few" in why_not(found, "days_followed")


# --- reports -----------------------------------------------------------------------------------------------------


def test_a_drafted_report_is_held_to_the_truth_and_to_what_was_signed():
    make_product("report_text", scale="none")
    calls = ["positive", "positive", "negative", "negative"]
    tell(
        runs=[run(n, decision=each) for n, each in enumerate(calls, 1)],
        truths=[true(1, value="positive"), true(2, value="negative"), true(3, value="negative")],
        reads=[
            read_row(n, finding="f", decision=each) for n, each in ((1, "positive"), (2, "negative"), (3, "negative"))
        ],
    )

    found = answer()

    assert (value(found, "sensitivity"), value(found, "specificity")) == (1.0, 0.5)
    assert (value(found, "kept_by_reader"), found["kept_by_reader"]["cases"]) == (pytest.approx(2 / 3), 3)
    assert why_not(found, "auc") == "because there is no score"
