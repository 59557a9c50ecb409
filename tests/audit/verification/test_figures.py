"""The recomputation of figures, against counts done by hand and another implementation of the area."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from audit.verification.figures import Block, Tally, area, compare_block
from audit.verification.findings import Report

SCORES = st.lists(st.integers(0, 9).map(lambda each: each / 9), min_size=1, max_size=30)


EMPTY = dict.fromkeys(["measurement", "category", "truth_measurement", "truth_category"])
PLACE = {"product": "cxr", "site": "north", "deployment": "cxr-north", "finding": "nodule", "rule": "default"}
CASE = {"region": "", "excluded": "", "score": 0.7, "decision": "positive", "truth": "positive"}


def row(**over):
    return PLACE | CASE | EMPTY | {"slices": {"sex": "F"}} | over


def tallied(*rows, kind="binary"):
    tally = Tally()
    for each in rows:
        tally.add(each, kind=kind)
    return tally


@given(SCORES, SCORES)
def test_the_area_is_that_of_another_implementation(positive, negative):
    labels, scores = [1] * len(positive) + [0] * len(negative), positive + negative
    assert area(array("d", positive), array("d", negative)) == pytest.approx(roc_auc_score(labels, scores))


def test_shares_are_counted_by_hand():
    rows = [row(), row(), row(decision="negative"), row(truth="negative"), row(truth="negative", decision="negative")]
    rows += [row(truth=""), row(decision="")]
    tally = tallied(*rows)
    assert tally.share("sensitivity") == (2, 3)
    assert tally.share("specificity") == (1, 2)
    assert tally.share("ppv") == (2, 3)
    assert tally.share("npv") == (1, 2)
    assert tally.share("prevalence") == (4, 6)
    assert tally.share("flag_rate") == (4, 6)
    assert tally.share("label_coverage") == (6, 7)


def test_a_measurement_is_labelled_by_its_measured_truth():
    tally = tallied(row(truth="", measurement=55.0, truth_measurement=50.0), row(truth=""), kind="measurement")
    assert tally.share("label_coverage") == (1, 2)
    assert list(tally.differences) == [5.0]


def block(**over):
    estimate = {"metric": "sensitivity", "slice": {}, "value": 1.0, "low": 0.2, "high": 1.0, "cases": 1, "positives": 1}
    stated = {"product": "cxr", "site": "north", "finding": "nodule", "kind": "binary", "truth_rule": "default"}
    return Block(stated | {"excluded": {}, "estimates": [estimate | over]})


def sentences(made, *rows):
    report = Report()
    for each in rows:
        if made.concerns(each):
            made.add(each)
    compare_block(made, report=report)
    return report.problems


def test_a_figure_that_follows_from_its_rows_says_nothing():
    assert sentences(block(), row(), row(site="east", decision="negative")) == []


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"value": 0.9}, "stated as 0.900000, but its rows give 1.000000"),
        ({"cases": 2}, "stated over 2 cases, but its rows give 1"),
        ({"low": 1.1, "high": 1.2}, "do not fit its rows"),
        ({"not_estimable": "no case"}, "is called not estimable"),
        ({"slice": {"sex": "M"}}, "but its rows give nothing"),
    ],
)
def test_a_figure_that_does_not_is_named(over, words):
    (sentence,) = sentences(block(**over), row())
    assert words in sentence


def test_what_was_left_out_must_add_up():
    (sentence,) = sentences(block(), row(), row(excluded="opted_out"))
    assert "opted_out" in sentence
