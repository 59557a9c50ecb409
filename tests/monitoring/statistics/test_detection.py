"""Matching of marks, and free-response figures held to their definition written out in loops."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.statistics.detection import (
    CentreInBox,
    CentreWithin,
    FrocCurve,
    OverlapAtLeast,
    afroc_figure_of_merit,
    froc,
    match_marks,
    name_of,
)
from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.statistics.roc import auc

BOX = {"x": 10, "y": 10, "width": 10, "height": 10}
NEAR = {"x": 12, "y": 12, "width": 4, "height": 4, "score": 0.9}
FAR = {"x": 80, "y": 80, "width": 4, "height": 4, "score": 0.7}

# Two healthy cases (one with false marks), two diseased ones; −inf is a lesion that nobody marked.
FALSE = [[], [0.2, 0.6], [0.95], []]
LESIONS = [[], [], [0.6, -inf], [0.9]]


def by_definition(false_marks, lesions, *, weighted):
    """Chakraborty's sums as they are printed: over healthy cases, diseased cases and their lesions."""
    worst = [max(marks, default=-inf) for marks, found in zip(false_marks, lesions, strict=True) if not found]
    diseased = [found for found in lesions if found]
    total = 0.0
    for false in worst:
        for found in diseased:
            share = 1 / len(found) / len(diseased) if weighted else 1 / sum(map(len, diseased))
            total += sum(share * (0.5 if each == false else float(each > false)) for each in found)
    return total / len(worst)


# --- matching ----------------------------------------------------------------------------------------------------


def test_a_mark_takes_the_lesion_that_holds_its_centre():
    found = match_marks([NEAR, FAR], [BOX], criterion=CentreInBox())

    assert found.pairs == ((0, 0),)
    assert (found.false_marks, found.false_scores) == ((1,), (0.7,))
    assert found.lesion_scores == (0.9,)
    assert found.criterion == "centre_in_box/1"


def test_the_best_mark_takes_the_lesion_and_the_next_one_is_repeated_and_not_false():
    found = match_marks([NEAR | {"score": 0.4}, NEAR], [BOX], criterion=CentreInBox())

    assert (found.pairs, found.repeated, found.false_marks) == (((1, 0),), (0,), ())


def test_a_mark_between_two_lesions_takes_the_nearest_and_leaves_the_other():
    lesions = [{"x": 0, "y": 0, "radius": 10}, {"x": 8, "y": 0, "radius": 10}]
    found = match_marks(
        [{"x": 6, "y": 0, "score": 1}, {"x": 5, "y": 0, "score": 0.5}], lesions, criterion=CentreInBox()
    )

    assert found.pairs == ((0, 1), (1, 0))
    assert found.missed == ()


def test_marks_on_another_picture_meet_nothing_and_one_lesion_may_be_seen_on_two():
    views = [BOX | {"mark_uid": "l1", "sop_instance_uid": name} for name in ("cc", "mlo")]

    other = match_marks([NEAR | {"sop_instance_uid": "other"}], views, criterion=CentreInBox())
    both = match_marks([NEAR | {"sop_instance_uid": name} for name in ("cc", "mlo")], views, criterion=CentreInBox())

    assert (other.lesions, other.missed, other.false_marks) == (1, (0,), (0,))
    assert (both.lesions, both.missed, both.false_marks, both.repeated) == (1, (), (), (1,))


@pytest.mark.parametrize(
    ("criterion", "hit"),
    [
        (OverlapAtLeast(0.16), True),  # 16 of 100
        (OverlapAtLeast(0.17), False),
        (CentreWithin(1.5), True),  # centres (14, 14) and (15, 15) are √2 apart
        (CentreWithin(1.4), False),
        (CentreWithin(1.5, spacing=(2.0, 2.0)), False),
    ],
)
def test_each_criterion_has_its_edge(criterion, hit):
    assert bool(match_marks([NEAR], [BOX], criterion=criterion).pairs) is hit


def test_a_criterion_has_a_name_and_a_version_and_never_changes():
    assert name_of(OverlapAtLeast(0.5)) == "iou_0.5/1"
    assert name_of(CentreWithin(10)) == "centre_within_10_mm/1"
    with pytest.raises(AttributeError):
        CentreInBox().version = 2  # type: ignore[misc]


def test_a_point_lesion_is_hit_by_a_box_around_it():
    assert match_marks([BOX | {"score": 1}], [{"x": 15, "y": 15}], criterion=CentreInBox()).pairs == ((0, 0),)


def test_an_outline_is_the_box_around_it_and_a_mark_without_a_place_is_false():
    outline = {"points": [[10, 10], [20, 10], [15, 20]]}
    found = match_marks([NEAR, {"score": 0.5}], [outline], criterion=CentreInBox())

    assert (found.pairs, found.false_marks) == (((0, 0),), (1,))


def test_a_score_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="score"):
        match_marks([NEAR | {"score": nan}], [BOX], criterion=CentreInBox())


# --- figures of merit --------------------------------------------------------------------------------------------


def test_the_weighted_area_of_a_small_example():
    # Healthy: −inf and .6. Lesions: .6 (1 and ½) and −inf (½ and 0), each ½ of its case; .9 (1 and 1).
    # ((1 + .5)/2 + (.5 + 0)/2)/2 = .5 and 1: mean .75. Unweighted: (.75 + .25 + 1)/3.
    found = afroc_figure_of_merit(FALSE, LESIONS)

    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(0.75)
    assert afroc_figure_of_merit(FALSE, LESIONS, weighted=False).value == pytest.approx(2 / 3)


marks = st.lists(st.sampled_from([0.1, 0.2, 0.4, 0.8]), max_size=3)
cases = st.lists(st.tuples(marks, st.lists(st.sampled_from([-inf, 0.1, 0.3, 0.8]), max_size=3)), min_size=2, max_size=9)


@given(cases, st.booleans())
def test_the_figure_is_its_definition(rows, weighted):
    false_marks, lesions = [row[0] for row in rows], [row[1] for row in rows]
    found = afroc_figure_of_merit(false_marks, lesions, weighted=weighted)
    if all(lesions) or not any(lesions):
        assert isinstance(found, NotEstimable)
        return
    assert found.value == pytest.approx(by_definition(false_marks, lesions, weighted=weighted))
    assert found.interval.low <= found.value <= found.interval.high


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("scores", [[0.1, 0.3, 0.8], [-inf, 0.3, 0.8], [-inf, -inf, 0.8]])
def test_what_rounding_leaves_of_no_variance_is_no_variance(scores, weighted):
    false_marks = [[0.1], [0.1], [], []]
    found = afroc_figure_of_merit(false_marks, [[], [], scores, scores[::-1]], weighted=weighted)

    assert found.interval.low < 0.3 and found.interval.high > 0.9
    assert found.interval.low <= found.value <= found.interval.high


def test_one_lesion_and_one_mark_a_case_is_the_area_under_the_roc_curve():
    generator = np.random.default_rng(5)
    labels = generator.random(200) < 0.4
    scores = generator.normal(labels * 1.2, 1.0)
    false_marks = [[] if label else [score] for label, score in zip(labels, scores, strict=True)]
    lesions = [[score] if label else [] for label, score in zip(labels, scores, strict=True)]

    found, plain = afroc_figure_of_merit(false_marks, lesions), auc(scores, labels)

    assert found.value == pytest.approx(plain.value)
    assert found.variance == pytest.approx(plain.variance)
    clusters = np.arange(200) // 2
    both = afroc_figure_of_merit(false_marks, lesions, clusters=clusters)
    assert both.variance == pytest.approx(auc(scores, labels, clusters=clusters).variance)


def test_the_variance_is_near_a_bootstrap_over_cases():
    generator = np.random.default_rng(11)
    false_marks, lesions = [], []
    for case in range(160):
        false_marks.append(generator.normal(0, 1, generator.poisson(0.7)))
        found = generator.normal(1.3, 1, 1 + case % 3) if case % 2 else np.empty(0)
        lesions.append(np.where(generator.random(found.size) < 0.15, -inf, found))
    value = afroc_figure_of_merit(false_marks, lesions)
    draws = []
    for _ in range(400):
        drawn = [generator.choice(np.arange(start, 160, 2), 80) for start in (0, 1)]
        some = np.concatenate(drawn)
        draws.append(afroc_figure_of_merit([false_marks[i] for i in some], [lesions[i] for i in some]).value)

    assert value.variance == pytest.approx(np.var(draws), rel=0.2)


def test_a_figure_of_one_keeps_a_width():
    found = afroc_figure_of_merit([[], [0.1], []], [[], [], [0.9]])

    assert found.value == 1.0
    assert found.interval.low < 1.0


@given(cases)
def test_stretching_the_scores_changes_nothing(rows):
    false_marks, lesions = [row[0] for row in rows], [row[1] for row in rows]
    stretched = (
        [[3 * each + 1 for each in row] for row in false_marks],
        [[3 * each + 1 for each in row] for row in lesions],
    )

    assert afroc_figure_of_merit(false_marks, lesions) == afroc_figure_of_merit(*stretched)


@pytest.mark.parametrize(
    ("false_marks", "lesions"), [([[1.0]], [[], []]), ([[nan], []], [[], [1]]), ([[], []], [[], [inf]])]
)
def test_impossible_input_is_refused(false_marks, lesions):
    with pytest.raises(ValueError, match=r"scores|lengths"):
        afroc_figure_of_merit(false_marks, lesions)


# --- the curve ---------------------------------------------------------------------------------------------------


def test_the_curve_counts_false_marks_on_every_case():
    curve = froc(FALSE, LESIONS)

    assert isinstance(curve, FrocCurve)
    assert curve.thresholds.tolist() == [0.95, 0.9, 0.6, 0.2]
    assert curve.sensitivity.tolist() == pytest.approx([0, 1 / 3, 2 / 3, 2 / 3])
    assert curve.false_marks_per_case.tolist() == [0.25, 0.25, 0.5, 0.75]
    assert curve.sensitivity_at(0.3) == pytest.approx(1 / 3)
    assert curve.competition_metric == pytest.approx((0 + 1 / 3 + 5 * 2 / 3) / 7)


def test_an_operating_point_has_intervals_that_know_patients():
    curve = froc([[0.6]] * 100, [[0.9], [-inf]] * 50)
    doubled = froc([[0.6]] * 200, [[0.9], [-inf]] * 100, clusters=list(range(100)) * 2)

    once, twice = curve.at(0.5), doubled.at(0.5)
    assert (once.sensitivity.value, once.false_marks_per_case.value) == (0.5, 1.0)
    assert twice.sensitivity.interval.width == pytest.approx(once.sensitivity.interval.width, rel=0.1)


def test_no_false_mark_still_has_an_upper_bound():
    point = froc([[]] * 30, [[0.9]] * 30).at(0.5)

    assert point.false_marks_per_case.value == 0.0
    assert point.false_marks_per_case.interval.high == pytest.approx(3.69 / 30, abs=0.001)  # exact Poisson, n = 0


def test_no_lesion_has_no_curve():
    assert isinstance(froc([[0.1], []], [[], []]), NotEstimable)
