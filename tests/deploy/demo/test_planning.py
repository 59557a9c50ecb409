"""The plan of the demo: reproducible, of the size it says, with every story on its day."""

from collections import Counter
from datetime import date, timedelta

import pytest

from deploy.demo.planning import plan_network
from deploy.demo.stories import FIRST_VERSION, MONTHS, SECOND_VERSION, UNREGISTERED_VERSION

LAST_DAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def plan():
    return plan_network(last_day=LAST_DAY, seed=22)


def touched(plan, key):
    story = plan.story(key)
    return [
        each
        for each in plan.studies
        if story.touches(site=each.site, scanner=each.scanner.key, day=each.acquired_at.date())
    ]


def test_a_plan_is_the_same_for_the_same_seed_and_day(plan):
    assert plan_network(last_day=LAST_DAY, seed=22) == plan
    assert plan_network(last_day=LAST_DAY, seed=23).studies[:50] != plan.studies[:50]


def test_eighteen_months_end_on_the_last_day_and_no_study_lies_outside(plan):
    assert (LAST_DAY - plan.first_day).days + 1 == pytest.approx(MONTHS * 30.4375, abs=1)
    assert {plan.first_day <= each.acquired_at.date() <= LAST_DAY for each in plan.studies} == {True}
    assert sum(len(studies) for _, studies in plan.months()) == len(plan.studies)


def test_every_study_has_a_number_of_its_own(plan):
    assert len({each.number for each in plan.studies}) == len(plan.studies)
    assert {each.number for each in plan.studies} == set(range(1, len(plan.studies) + 1))


def test_every_month_of_a_study_is_the_month_that_yields_it(plan):
    for month, studies in plan.months():
        assert {plan.month_of(each.acquired_at.date()) for each in studies} == {month}


def test_about_one_patient_in_eight_returns(plan):
    visits = Counter(each.patient.number for each in plan.studies)

    assert 0.08 < sum(count > 1 for count in visits.values()) / len(visits) < 0.18


def test_weekends_are_quiet(plan):
    days = Counter(each.acquired_at.weekday() for each in plan.studies)

    assert max(days[5], days[6]) < 0.5 * min(days[each] for each in range(5))


def test_the_first_four_months_are_clean(plan):
    clean_until = plan.first_day + timedelta(days=120)

    assert all(story.starts_on > clean_until for story in plan.stories)


@pytest.mark.parametrize(
    ("key", "site"),
    [
        ("lut_gamma_half", "north"),
        ("unregistered_version", "north"),
        ("prevalence_shift", "east"),
        ("lut_gamma_high", "south"),
        ("dose_cut", "south"),
        ("small_lesions", "south"),
        ("silent_feed", "south"),
        ("monochrome1_ignored", "south"),
    ],
)
def test_each_story_touches_studies_of_its_site_alone(plan, key, site):
    studies = touched(plan, key)

    assert {each.site for each in studies} == {site}
    assert len(studies) >= 10


def test_nothing_but_illness_and_the_update_changes_at_the_site_of_the_negative_control(plan):
    east = [each for each in plan.studies if each.site == "east"]

    assert {each.exposure.lut_gamma for each in east} == {1.0, 0.9}
    assert not any(each.device_inverts or each.is_silent for each in east)
    assert {each.version for each in east} == {FIRST_VERSION, SECOND_VERSION}


def test_prevalence_doubles_at_east_from_the_day_of_the_story(plan):
    start = plan.story("prevalence_shift").starts_on
    before = [
        each.lesion is not None for each in plan.studies if each.site == "east" and each.acquired_at.date() < start
    ]
    after = [each.lesion is not None for each in touched(plan, "prevalence_shift")]

    assert sum(before) / len(before) == pytest.approx(0.22, abs=0.05)
    assert sum(after) / len(after) == pytest.approx(0.45, abs=0.05)


def test_version_1_1_runs_everywhere_from_its_day_and_the_release_candidate_for_three_days(plan):
    assert {each.version for each in touched(plan, "version_update")} == {SECOND_VERSION}
    candidate = [each for each in plan.studies if each.version == UNREGISTERED_VERSION]
    assert candidate == touched(plan, "unregistered_version")
    assert len({each.acquired_at.date() for each in candidate}) == 3


def test_there_is_one_phantom_and_one_study_that_runs_twice(plan):
    assert sum(each.is_phantom for each in plan.studies) == 1
    assert sum(each.is_run_twice for each in plan.studies) == 1


def test_the_silent_feed_is_silent_on_three_working_days(plan):
    story = plan.story("silent_feed")

    assert (story.ends_on - story.starts_on).days == 3
    assert all((story.starts_on + timedelta(days=each)).weekday() < 5 for each in range(3))
    assert {each.is_silent for each in touched(plan, "silent_feed")} == {True}
