"""Truth by rule, the final read, and what regions mean for each other."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.monitoring.cases.stories import DAY, RULE, only_case, read, run, says, settings, study, truth

SIDES = settings(regions=("L", "R"))


def truth_of(*truths, rule=RULE, region="", sides=False):
    facts = study(truths=truths, runs=(run(1, says(region=region)),))
    case = only_case(facts, rule=rule, with_settings=SIDES if sides else None)
    return case.truth


def reader_of(*reads, region="", sides=False):
    facts = study(reads=reads, runs=(run(1, says(region=region)),))
    return only_case(facts, with_settings=SIDES if sides else None).reader_decision


# --- truth by rule -----------------------------------------------------------------------------------------------


def test_the_first_standard_in_the_order_of_the_rule_wins_over_a_later_one():
    assert truth_of(truth(1, "negative"), truth(2, "positive", standard="report_human", hours=90)) == "negative"


def test_within_a_standard_the_latest_determined_wins():
    assert truth_of(truth(1, "positive", hours=50), truth(2, "negative", hours=40)) == "positive"


def test_a_standard_that_the_rule_does_not_name_does_not_count():
    assert truth_of(truth(standard="synthetic")) == ""


def test_a_truth_below_the_least_certainty_does_not_count():
    rule = replace(RULE, minimum_certainty="probable")

    assert truth_of(truth(certainty="possible"), rule=rule) == ""
    assert truth_of(truth(certainty="definite"), rule=rule) == "positive"


@pytest.mark.parametrize(("days", "expected"), [(364, ""), (365, "negative"), (None, "")])
def test_a_negative_needs_the_follow_up_of_the_rule(days, expected):
    rule = replace(RULE, follow_up_days=365)
    until = None if days is None else DAY + timedelta(days=days)

    assert truth_of(truth(1, "negative", standard="follow_up", observed_until=until), rule=rule) == expected
    assert truth_of(truth(1, "positive", standard="follow_up", observed_until=until), rule=rule) == "positive"


def test_marks_alone_say_positive():
    assert truth_of(truth(value="", marks=[{"x": 1, "y": 1}])) == "positive"


# --- regions -----------------------------------------------------------------------------------------------------


def test_truth_of_the_same_region_counts_and_of_the_other_does_not():
    assert truth_of(truth(region="L"), region="L", sides=True) == "positive"
    assert truth_of(truth(region="R"), region="L", sides=True) == ""


def test_a_negative_of_the_whole_study_serves_every_region_and_a_positive_none():
    assert truth_of(truth(1, "negative"), region="L", sides=True) == "negative"
    assert truth_of(truth(1, "positive"), region="L", sides=True) == ""


def test_an_old_negative_of_the_whole_study_does_not_serve_once_the_study_is_positive():
    assert truth_of(truth(1, "negative", hours=24), truth(2, "positive", hours=48), region="L", sides=True) == ""


def test_a_whole_study_is_positive_if_any_region_is():
    assert truth_of(truth(1, "negative", region="L"), truth(2, region="R"), sides=True) == "positive"


def test_a_whole_study_is_negative_if_all_registered_regions_are():
    left, right = truth(1, "negative", region="L"), truth(2, "negative", region="R")

    assert truth_of(left, right, sides=True) == "negative"
    assert truth_of(left, sides=True) == ""


def test_reads_follow_the_same_rules_of_regions():
    assert reader_of(read(1, "negative"), region="L", sides=True) == "negative"
    assert reader_of(read(1, "positive"), region="L", sides=True) == ""
    assert reader_of(read(1, "negative", region="L"), read(2, "positive", region="R"), sides=True) == "positive"


# --- the final read ----------------------------------------------------------------------------------------------


def test_the_last_settling_read_is_final():
    found = reader_of(
        read(1, "positive", stage="arbitration", hours=3),
        read(2, "negative", stage="addendum", hours=5),
        read(3, "positive", stage="first", hours=9),
    )

    assert found == "negative"


def test_without_a_settling_read_the_last_of_first_to_third_is_final():
    assert reader_of(read(1, "positive", stage="first"), read(2, "negative", stage="second", hours=4)) == "negative"


@pytest.mark.parametrize("stage", ["preliminary", "retrospective"])
def test_a_preliminary_or_retrospective_read_is_never_final(stage):
    assert reader_of(read(stage=stage)) == ""


def test_an_amended_read_gives_way_to_its_amendment():
    assert reader_of(read(1, "positive"), read(2, "negative", hours=2, amends="read-1")) == "negative"
