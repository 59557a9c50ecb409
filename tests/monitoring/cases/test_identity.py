"""Whose study it is, and corrections and amendments as dated facts."""

from monitoring.cases.facts import AsOf
from tests.monitoring.cases.stories import OTHER, PERSON, STUDY, THIRD, at, correction, only_case, run, study, truth


def person_of(*corrections, as_of=None):
    return only_case(study(corrections=corrections), as_of=as_of).person_id


MERGE = correction(1, "merge", person=OTHER, other=PERSON, hours=48)
UNMERGE = correction(2, "unmerge", person=OTHER, other=PERSON, hours=72)


def test_a_merged_patient_counts_as_the_one_that_stays():
    assert person_of(MERGE) == OTHER


def test_a_merge_is_not_known_before_it_came_in():
    assert person_of(MERGE, as_of=AsOf(at=at(47))) == PERSON


def test_an_unmerge_gives_the_study_back():
    assert person_of(UNMERGE, MERGE) == PERSON
    assert person_of(UNMERGE, MERGE, as_of=AsOf(at=at(60))) == OTHER


def test_merges_follow_each_other_and_circles_change_nothing():
    further = correction(3, "merge", person=THIRD, other=OTHER, hours=50)
    back = correction(4, "merge", person=PERSON, other=THIRD, hours=51)

    assert person_of(further, MERGE) == THIRD
    assert person_of(further, MERGE, back) == THIRD


def test_an_amended_merge_did_not_happen():
    mistake = correction(5, "merge", person=THIRD, other=OTHER, hours=49, amends="correction-1")

    assert person_of(MERGE, mistake) == PERSON


def test_the_right_patient_takes_the_study():
    wrong = correction(1, "wrong_patient", person=OTHER, study=STUDY)

    assert person_of(wrong) == OTHER


def excluded_by(*corrections, **run_over):
    return only_case(study(corrections=corrections, runs=(run(**run_over),))).excluded


def test_opting_out_leaves_out_every_study_of_the_patient_under_any_name():
    assert excluded_by(correction(2, "opted_out", person=PERSON)) == "opted_out"
    assert excluded_by(MERGE, correction(2, "opted_out", person=OTHER)) == "opted_out"
    assert excluded_by(correction(2, "opted_out", person=OTHER)) == ""


def test_a_cancelled_study_and_rejected_images_are_left_out():
    assert excluded_by(correction(1, "study_cancelled", study=STUDY)) == "study_cancelled"
    assert excluded_by(correction(1, "images_rejected", study=STUDY)) == "images_rejected"


def test_a_rejected_series_leaves_out_the_runs_that_used_it():
    rejected = correction(1, "images_rejected", study=STUDY, series="s1")

    assert excluded_by(rejected, inputs=({"series_uid": "s1"},)) == "images_rejected"
    assert excluded_by(rejected, inputs=({"series_uid": "s2"},)) == ""


def test_death_leaves_nothing_out():
    assert excluded_by(correction(1, "died", person=PERSON)) == ""


# --- amendments --------------------------------------------------------------------------------------------------

FIRST = truth(1, "negative", hours=24)
SECOND = truth(2, "positive", hours=100, amends="truth-1")
THIRD_TRUTH = truth(3, "negative", hours=200, amends="truth-2")


def truth_at(hours, *truths):
    return only_case(study(truths=truths), as_of=AsOf(at=at(hours))).truth


def test_a_chain_of_amendments_is_followed_as_far_as_it_was_known():
    chain = (THIRD_TRUTH, FIRST, SECOND)

    assert [truth_at(hours, *chain) for hours in (10, 50, 150, 250)] == ["", "negative", "positive", "negative"]


def test_a_truth_amended_to_another_study_is_gone_from_this_one():
    moved = truth(2, "positive", hours=100, amends="truth-1", elsewhere=True)

    assert truth_at(50, FIRST, moved) == "negative"
    assert truth_at(150, FIRST, moved) == ""
