"""Readers, truths and the rows made of them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from deploy.demo.outcomes import outcomes_of
from deploy.demo.planning import plan_network
from deploy.demo.reading import read_study
from deploy.demo.rows import Answer, rows_of

SEED = 22
FOREVER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def plan():
    return plan_network(last_day=date(2026, 11, 23), seed=SEED, size=0.5)


@pytest.fixture(scope="module")
def readings(plan):
    return [(each, read_study(each, ai_positive=each.number % 2 == 0, seed=SEED)) for each in plan.studies]


def share(values):
    values = list(values)
    return sum(values) / len(values)


def test_one_reader_always_agrees_with_the_ai_and_the_others_do_not(readings):
    same = {}
    for study, reading in readings:
        agrees = (reading.decision == "positive") == (study.number % 2 == 0)
        same.setdefault(reading.reader, []).append(agrees)

    assert share(same.pop("r-n3")) == 1.0
    assert max(map(share, same.values())) < 0.9


def test_readers_see_most_lesions_and_the_ai_moves_them(readings):
    independent = [(s, r) for s, r in readings if r.reader != "r-n3"]
    ill = [(s.number % 2 == 0, r.decision == "positive") for s, r in independent if s.lesion]

    assert share(called for _, called in ill) > 0.8
    assert share(called for ai, called in ill if ai) > share(called for ai, called in ill if not ai)


def test_larger_lesions_are_seen_more_often(readings):
    seen = [(s.lesion.radius * s.lesion.thickness_cm, r.decision == "positive") for s, r in readings if s.lesion]
    seen.sort()
    third = len(seen) // 3

    assert share(called for _, called in seen[-third:]) > share(called for _, called in seen[:third])


def test_a_read_follows_what_was_displayed(readings):
    for _, reading in readings:
        assert reading.opened_at < reading.read_at
        assert reading.shown_at is None or reading.opened_at < reading.shown_at < reading.read_at
        assert (reading.ai_exposure == "none") == (reading.shown_at is None)


def test_most_truths_come_weeks_later_and_three_in_a_hundred_are_revised(plan):
    told = {each.number: outcomes_of(each, seed=SEED, until=FOREVER) for each in plan.studies}
    covered = [(each, told[each.number]) for each in plan.studies if told[each.number]]
    lags = sorted((outcomes[0].known_at - each.acquired_at).days for each, outcomes in covered)

    assert len(covered) / len(told) == pytest.approx(0.78, abs=0.03)
    assert 10 < lags[len(lags) // 2] < 45
    assert share(len(outcomes) == 2 for _, outcomes in covered) == pytest.approx(0.03, abs=0.012)


def test_a_revision_amends_the_first_truth_to_what_is_so(plan):
    revised = [(each, pair) for each in plan.studies if len(pair := outcomes_of(each, seed=SEED, until=FOREVER)) == 2]

    for study, (first, second) in revised:
        assert second.amends == first.uid and second.known_at > first.known_at
        assert second.value == ("positive" if study.lesion else "negative") != first.value


def test_nothing_is_known_before_its_day(plan):
    until = plan.end - timedelta(days=100)
    known = [outcome for each in plan.studies for outcome in outcomes_of(each, seed=SEED, until=until)]

    assert max(outcome.known_at for outcome in known) <= until


def test_every_study_sends_what_its_story_says(plan):
    for study in plan.studies:
        rows = rows_of(study, Answer(score=0.7), seed=SEED, reads_until=plan.reads_until)
        assert len(rows.inferences) == (0 if study.is_silent else 2 if study.is_run_twice else 1)
        assert len(rows.reads) == (0 if study.is_phantom or study.acquired_at > plan.reads_until else 1)


def test_a_rejection_carries_its_reason(plan):
    responses = [
        row
        for study in plan.studies[:400]
        for row in rows_of(study, Answer(score=0.7), seed=SEED, reads_until=plan.reads_until).responses
    ]

    assert {row["response"] for row in responses} == {"agree", "reject_ai_positive"}
    assert all(("reason" in row) == (row["response"] != "agree") for row in responses)
