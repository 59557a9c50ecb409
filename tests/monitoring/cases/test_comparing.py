"""Which mark is which lesion, and what was measured on masks: kept with the case, with its criterion."""

from inference.registry.settings import FindingSettings
from monitoring.cases.comparing import comparison_of
from monitoring.cases.facts import PredictionFact
from tests.monitoring.cases.stories import truth

BOX = {"x": 10, "y": 10, "width": 10, "height": 10}
HIT = {"mark_uid": "m1", "x": 12, "y": 12, "width": 4, "height": 4, "score": 0.9}
MISS = {"mark_uid": "m2", "x": 80, "y": 80, "width": 4, "height": 4, "score": 0.3}


def marked(*marks, decision="positive", score=0.8):
    return PredictionFact(finding="nodule", decision=decision, score=score, marks=list(marks))


def finding(kind="detection", matching=""):
    return FindingSettings(key="nodule", concept="nodule", kind=kind, scale="probability", matching=matching)


def compared(said, kind="detection", *, matching="", **facts):
    return comparison_of(finding(kind, matching), said, truth(1, **facts), version="2.0")


def test_a_match_is_kept_with_the_version_of_its_criterion():
    assert compared(marked(HIT, MISS), marks=[BOX]) == {
        "criterion": "centre_in_box/1",
        "pairs": [["m1", 0]],
        "hits": [0.9],
        "lesions": 1,
        "false": [0.3],
        "repeated": 0,
    }


def test_a_finding_may_name_another_criterion():
    strict = compared(marked(HIT), marks=[BOX], matching="iou_0.5")  # 16 of 100

    assert (strict["criterion"], strict["hits"], strict["false"]) == ("iou_0.5/1", [], [0.9])


def test_a_mark_without_a_score_has_its_predictions():
    assert compared(marked({"x": 12, "y": 12}), marks=[BOX])["hits"] == [0.8]


def test_no_mark_on_a_diseased_case_misses_its_lesions():
    found = compared(marked(decision="negative"), marks=[BOX, {"x": 50, "y": 50}])

    assert (found["lesions"], found["hits"], found["false"]) == (2, [], [])


def test_a_mark_whose_place_makes_no_sense_is_false_and_stops_nothing():
    odd = HIT | {"width": -4}, {"points": [[1, 2], [1, 2, 3]], "score": 0.2}

    assert compared(marked(*odd), marks=[BOX])["false"] == [0.9, 0.2]


def test_every_mark_on_a_negative_case_is_false():
    assert compared(marked(HIT), value="negative")["false"] == [0.9]


def test_a_positive_that_marks_nothing_cannot_be_matched():
    assert compared(marked(HIT), value="positive") is None
    assert compared(marked(), marks=[BOX]) is None
    assert comparison_of(finding(), marked(HIT), None, version="2.0") is None
    assert compared(marked(HIT), value="indeterminate") is None


def test_overlaps_of_masks_come_with_the_truth():
    measured = {"dice": 0.83, "iou": 0.71, "lesions": 3, "lesions_found": 2, "size_mm": 14}
    said = PredictionFact(finding="nodule")

    assert compared(said, "segmentation", attributes=measured) == {
        "criterion": "sent", "dice": 0.83, "iou": 0.71, "lesions": 3, "lesions_found": 2,
    }  # fmt: skip
    assert compared(said, "segmentation", attributes=measured | {"criterion": "dice/1"})["criterion"] == "dice/1"


def test_an_overlap_of_another_version_is_not_of_this_case():
    measured = {"dice": 0.83, "of_version": "1.0"}

    assert compared(PredictionFact(finding="nodule"), "segmentation", attributes=measured) is None
    assert compared(PredictionFact(finding="nodule"), "binary", attributes=measured) is None
