"""Partial silence, failures, lateness and repeats are found; a healthy feed stays quiet at the designed rate."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitoring.signals.burst_watch import burst_alarms, design_burst
from monitoring.signals.partial_watch import design_partial, partial_alarms
from tests.monitoring.signals.simulated_stream import HEALTHY, START, simulate

FAULT = 250
STOPPED_ON = START + timedelta(days=FAULT)


@pytest.fixture(scope="module")
def stable_sites():
    return [simulate(days=548, seed=seed, like=lambda _: HEALTHY.but(per_day=4.0)) for seed in range(25)]


def partial(stream):
    return partial_alarms(design_partial(stream.runs), stream.runs, until=stream.last)


def burst(kind, stream, runs):
    return burst_alarms(kind, design_burst(kind, runs), runs, until=stream.last)


def test_a_scanner_that_stops_is_found_although_others_send_on():
    stream = simulate(days=400, seed=3, like=lambda n: HEALTHY.but(scanners=("a",) if n >= FAULT else ("a", "b")))
    first = min(partial(stream), key=lambda alarm: alarm.alarm_on)
    assert first.arm == "scanner.key=b"
    assert first.alarm_on <= STOPPED_ON + timedelta(days=10)
    assert first.ended_on is None


def test_a_kind_of_study_that_the_router_no_longer_sends_is_found():
    stream = simulate(days=400, seed=5)
    kinds = ["PA" if place % 3 else "LL" for place, _ in enumerate(stream.runs)]
    runs = [
        replace(row, headers=row.headers | {"acquisition.view_position": kind})
        for row, kind in zip(stream.runs, kinds, strict=True)
        if not (kind == "LL" and row.day >= STOPPED_ON)
    ]
    arms = {alarm.arm for alarm in partial_alarms(design_partial(runs), runs, until=stream.last)}
    assert "acquisition.view_position=LL" in arms


def test_a_feed_that_falls_silent_as_a_whole_is_no_partial_silence():
    stream = simulate(days=400, seed=3, like=lambda n: HEALTHY.but(per_day=0.0) if n >= FAULT else HEALTHY)
    assert partial(stream) == []


def test_partial_silence_holds_its_rate(stable_sites):
    assert sum(len(partial(site)) for site in stable_sites) <= 7


@pytest.mark.parametrize("kind", ["failed", "late", "storm"])
def test_bursts_hold_their_rate_where_none_ever_was(stable_sites, kind):
    assert sum(len(burst(kind, site, site.runs)) for site in stable_sites) == 0


def test_failures_at_a_steady_rate_hold_theirs(stable_sites):
    alarms = 0
    for site in stable_sites:
        runs = [replace(row, status="failed" if hash(row.study) % 20 == 0 else "ok") for row in site.runs]
        alarms += len(burst("failed", site, runs))
    assert alarms <= 7


def test_a_device_that_fails_is_found_the_same_day():
    stream = simulate(days=300, seed=1)
    runs = [replace(row, status="failed" if row.day >= STOPPED_ON else "ok") for row in stream.runs]
    (alarm, *_) = burst("failed", stream, runs)
    assert alarm.alarm_on <= STOPPED_ON + timedelta(days=2)


def test_a_queue_that_grows_is_late():
    stream = simulate(days=300, seed=1)
    runs = [
        replace(row, known_at=row.acquired_at + timedelta(hours=9 if row.day >= STOPPED_ON else 0.1))
        for row in stream.runs
    ]
    (alarm, *_) = burst("late", stream, runs)
    assert STOPPED_ON <= alarm.alarm_on <= STOPPED_ON + timedelta(days=3)


def test_a_storm_of_repeats_is_found():
    stream = simulate(days=300, seed=1)
    runs = sorted(
        [*stream.runs, *(row for row in stream.runs if row.day == STOPPED_ON for _ in range(4))],
        key=lambda row: row.acquired_at,
    )
    (alarm,) = burst("storm", stream, runs)
    assert alarm.began_on == STOPPED_ON
