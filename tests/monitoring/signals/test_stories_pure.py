"""What the monitors must find, on a site without a database: each fault at its date, and health where it is."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from monitoring.signals.explaining import PREVALENCE, WITHIN, explain
from monitoring.signals.feed_watch import design_flagged, design_silence, flagged_alarms, silence_alarms
from monitoring.signals.metadata_watch import design_metadata, metadata_alarms
from monitoring.signals.performance_watch import design_performance, performance_alarms
from monitoring.signals.score_watch import design_scores, score_alarms
from tests.monitoring.signals.simulated_stream import ERA, HEALTHY, START, Day, Stream, known_by, simulate

FAULT = 300


def day(number: int):
    return START + timedelta(days=number)


def faulty(**changes: object):
    return simulate(days=480, seed=11, like=lambda number: HEALTHY.but(**changes) if number >= FAULT else HEALTHY)


def judged(stream: Stream):
    cases = known_by(stream, stream.last)
    return performance_alarms(design_performance(cases, era=ERA, baseline=None), cases)


def test_a_collapse_of_specificity_is_found_and_dated():
    first = min(judged(faulty(negative_mean=0.2)), key=lambda alarm: alarm.alarm_on)
    assert first.arm == "specificity"
    assert abs((first.began_on - day(FAULT)).days) <= 7
    assert first.alarm_on <= day(FAULT + 45)


def test_smaller_lesions_are_found_by_sensitivity():
    alarms = judged(faulty(positive_mean=0.0))
    assert {alarm.arm for alarm in alarms} == {"sensitivity"}
    assert abs((alarms[0].began_on - day(FAULT)).days) <= 21


@pytest.mark.parametrize("prevalence", [0.45, 0.1])
def test_a_change_of_prevalence_is_no_fall_of_performance(prevalence):
    assert judged(faulty(prevalence=prevalence)) == []


def explained(stream: Stream):
    cases = known_by(stream, stream.last)
    design = design_scores(cases, era=ERA)
    first = score_alarms(design, cases)[0]
    reference = [row for row in cases if row.day.isoformat() <= design["reference"]["to"]]
    return explain(reference, [row for row in cases if row.day >= first.began_on], scores=design["scores"])


def test_a_change_of_prevalence_moves_scores_and_is_said_to_be_one():
    found = explained(faulty(prevalence=0.5))
    assert found.verdict == PREVALENCE
    assert abs(found.part_within) < abs(found.part_of_prevalence) / 2


def test_a_changed_look_up_table_moves_scores_of_the_same_truth():
    assert explained(faulty(negative_mean=-0.4)).verdict == WITHIN


def test_without_truth_nobody_knows_what_moved_the_scores():
    stream = faulty(negative_mean=-0.4, labelled=0.0)
    cases = known_by(stream, day(FAULT))
    design = design_scores(cases, era=ERA)
    late = [row for row in cases if row.day >= day(FAULT)]
    assert "Not known yet" in explain(cases[:400], late, scores=design["scores"]).words


def test_a_new_scanner_is_found_within_days():
    stream = faulty(scanners=("a", "b", "c"))
    first = min(metadata_alarms(design_metadata(stream.runs), stream.runs), key=lambda alarm: alarm.alarm_on)
    assert (first.arm, first.words) == ("scanner.key", "new value c")
    assert first.alarm_on <= day(FAULT + 7)


def test_another_photometric_interpretation_is_found():
    stream = faulty(headers=(("acquisition.photometric_interpretation", "MONOCHROME1"),))
    words = {alarm.words for alarm in metadata_alarms(design_metadata(stream.runs), stream.runs)}
    assert "new value MONOCHROME1" in words


def test_a_header_that_goes_missing_is_found():
    stream = faulty(headers=())
    words = {alarm.words for alarm in metadata_alarms(design_metadata(stream.runs), stream.runs)}
    assert "new value missing" in words


def test_three_silent_days_are_found():
    def like(number: int) -> Day:
        return HEALTHY.but(per_day=0.0) if FAULT <= number < FAULT + 3 else HEALTHY

    stream = simulate(days=400, seed=3, like=like)
    (alarm,) = silence_alarms(design_silence(stream.runs), stream.runs, until=stream.last)
    assert (alarm.began_on, alarm.details["count"]) == (day(FAULT), 0)


def test_a_feed_that_stopped_for_good_is_found_without_a_later_run():
    stream = simulate(days=200, seed=4)
    alarms = silence_alarms(design_silence(stream.runs), stream.runs, until=stream.last + timedelta(days=4))
    assert [alarm.began_on for alarm in alarms] == [stream.last + timedelta(days=1)]


def test_every_flagged_batch_is_found_whatever_its_size():
    def like(number: int) -> Day:
        return HEALTHY.but(flags=("unregistered_version", "backfilled")) if number == 50 else HEALTHY

    stream = simulate(days=60, seed=5, like=like)
    (alarm,) = flagged_alarms(design_flagged(), stream.runs)
    assert (alarm.arm, alarm.began_on) == ("unregistered_version", day(50))


def test_a_new_version_is_held_to_what_the_one_before_achieved():
    stream = simulate(days=300, seed=6)
    first = design_performance(known_by(stream, stream.last), era=ERA, baseline=None)
    second = design_performance(known_by(stream, stream.last), era=ERA, baseline=first)
    assert second["arms"] == first["arms"]
    assert second["watch_after"][0] == ERA.starts_at.isoformat()


def test_labels_that_all_come_at_once_are_watched_by_acquisition():
    stream = faulty(negative_mean=0.2)
    at_once = datetime.combine(stream.last, time(23), tzinfo=UTC)
    cases = [replace(row, known_at=at_once) for row in stream.cases]
    alarms = performance_alarms(design_performance(cases, era=ERA, baseline=None), cases)
    assert alarms[0].arm == "specificity"
    assert abs((alarms[0].began_on - day(FAULT)).days) <= 7


def test_a_short_history_has_no_design_yet():
    stream = simulate(days=60, seed=7)
    assert design_scores(stream.cases, era=ERA) is None
    assert design_performance(known_by(stream, stream.last), era=ERA, baseline=None) is None
    assert design_metadata(stream.runs) is None
    assert design_silence(stream.runs) is None


def test_a_design_does_not_change_when_more_is_known():
    stream = simulate(days=400, seed=8)
    early = [row for row in stream.runs if row.day < day(200)]
    assert design_silence(early) == design_silence(stream.runs)
    assert design_metadata(early) == design_metadata(stream.runs)
