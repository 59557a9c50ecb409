"""Whose study it is, and corrections and amendments as dated facts."""

from dataclasses import replace

from monitoring.cases.facts import AsOf
from monitoring.cases.identity import identity_of
from monitoring.cases.reading import count_reads
from tests.monitoring.cases.stories import (
    OTHER,
    PERSON,
    RULE,
    STUDY,
    THIRD,
    at,
    correction,
    only_case,
    read,
    run,
    study,
    truth,
)


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


def excluded_by(*corrections, stops=False, as_of=None, **run_over):
    facts = study(corrections=corrections, runs=(run(**run_over),), opt_out_stops_monitoring=stops)
    return only_case(facts, as_of=as_of).excluded


OPT_OUT = correction(2, "opted_out", person=PERSON, hours=50)


def test_opting_out_leaves_out_every_study_of_the_patient_under_any_name_where_the_site_says_so():
    assert excluded_by(OPT_OUT, stops=True) == "opted_out"
    assert excluded_by(MERGE, correction(2, "opted_out", person=OTHER), stops=True) == "opted_out"
    assert excluded_by(correction(2, "opted_out", person=OTHER), stops=True) == ""


def test_monitoring_goes_on_after_an_opt_out_where_the_site_has_no_rule():
    assert excluded_by(OPT_OUT) == ""
    assert identity_of(study(corrections=(OPT_OUT,)), as_of=None).opted_out


def test_an_opt_out_counts_from_when_it_was_known_and_until_it_is_amended():
    assert excluded_by(OPT_OUT, stops=True, as_of=AsOf(at=at(49))) == ""
    assert excluded_by(OPT_OUT, stops=True, as_of=AsOf(at=at(51))) == "opted_out"
    mistake = correction(9, "opted_out", person=OTHER, hours=60, amends="correction-2")
    assert excluded_by(OPT_OUT, mistake, stops=True) == ""
    assert excluded_by(OPT_OUT, mistake, stops=True, as_of=AsOf(at=at(59))) == "opted_out"


def test_a_wrong_patient_takes_the_study_from_when_it_was_known():
    wrong = correction(1, "wrong_patient", person=OTHER, study=STUDY, hours=30)

    assert person_of(wrong, as_of=AsOf(at=at(29))) == PERSON
    assert person_of(wrong, as_of=AsOf(at=at(31))) == OTHER


def test_a_cancelled_study_and_rejected_images_are_left_out():
    assert excluded_by(correction(1, "study_cancelled", study=STUDY)) == "study_cancelled"
    assert excluded_by(correction(1, "images_rejected", study=STUDY)) == "images_rejected"


def test_a_rejected_series_leaves_out_the_runs_that_used_it():
    rejected = correction(1, "images_rejected", study=STUDY, series="s1")

    assert excluded_by(rejected, inputs=({"series_uid": "s1"},)) == "images_rejected"
    assert excluded_by(rejected, inputs=({"series_uid": "s2"},)) == ""


def test_death_leaves_nothing_out():
    assert excluded_by(correction(1, "died", person=PERSON)) == ""


YEAR = replace(RULE, follow_up_days=365)
FOLLOWED = truth(1, "negative", standard="follow_up", hours=24 * 400, observed_until=at(24 * 400))


def followed_at(day, *corrections):
    facts = study(truths=(FOLLOWED,), corrections=corrections)
    return only_case(facts, rule=YEAR, as_of=AsOf(at=at(24 * day)))


def test_death_ends_follow_up_truth_from_when_it_was_known():
    death = replace(correction(1, "died", person=PERSON, hours=24 * 100), received=at(24 * 500), known=at(24 * 500))

    assert (followed_at(450, death).truth, followed_at(450, death).followed_days) == ("negative", 400)
    assert followed_at(501, death).truth == ""


def test_death_after_the_follow_up_changes_nothing_and_a_merged_name_dies_too():
    late = correction(1, "died", person=PERSON, hours=24 * 450)
    other = correction(3, "died", person=OTHER, hours=24 * 90)

    assert followed_at(600, late).truth == "negative"
    assert followed_at(600, other).truth == "negative"
    assert followed_at(600, MERGE, other).truth == ""


def test_death_takes_no_pathology_away():
    late = truth(1, "positive", hours=24 * 120)
    facts = study(truths=(late,), corrections=(correction(1, "died", person=PERSON, hours=24 * 100),))

    assert only_case(facts).truth == "positive"


def test_no_read_is_held_to_a_follow_up_beyond_death():
    facts = study(truths=(FOLLOWED,), reads=(read(1),), corrections=(correction(1, "died", person=PERSON, hours=48),))

    assert [each.truth for each in count_reads(facts, rule=YEAR, regions=())] == [""]
    assert [each.truth for each in count_reads(facts, rule=YEAR, regions=(), as_of=AsOf(at=at(24 * 401)))] == [""]


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
