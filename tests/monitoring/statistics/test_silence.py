"""A silent feed is told from a quiet weekend, at the designed rate."""

import numpy as np
import pytest
from scipy import stats

from monitoring.statistics.silence import SilenceDesign, dispersion_of, probability_of_so_few, quiet_spells

DESIGN = SilenceDesign(arl0=3_650, longest=14, reference_count=1e9, dispersion=1.0)
WEEK = np.array([6, 6, 6, 6, 6, 1, 1])


def test_the_probability_is_poisson_when_the_rate_is_known():
    found = probability_of_so_few([0, 3], [5.0, 7.5], design=DESIGN)
    assert found == pytest.approx(stats.poisson.cdf([0, 3], [5.0, 7.5]), rel=1e-4)


def test_a_small_reference_makes_the_same_silence_less_improbable():
    small = SilenceDesign(arl0=3_650, longest=14, reference_count=40, dispersion=1.0)
    assert probability_of_so_few(0, 15.0, design=small) > 5 * probability_of_so_few(0, 15.0, design=DESIGN)


def test_three_silent_days_are_one_spell_with_their_dates():
    counts = np.tile(WEEK, 10)
    counts[21:24] = 0
    (spell,) = quiet_spells(counts, np.tile(WEEK, 10).astype(float), design=DESIGN)
    assert (spell.first, spell.last, spell.count, spell.expected) == (21, 23, 0, 18.0)
    assert spell.noticed == 22


def test_a_weekend_is_no_silence():
    counts = np.tile([6, 6, 6, 6, 6, 0, 0], 20)
    assert quiet_spells(counts, np.tile(WEEK, 20).astype(float), design=DESIGN) == ()


def test_half_the_volume_for_two_weeks_is_noticed():
    counts = np.tile(WEEK, 10)
    counts[28:42] = counts[28:42] // 3
    assert quiet_spells(counts, np.tile(WEEK, 10).astype(float), design=DESIGN)


def test_healthy_feeds_alarm_no_more_often_than_designed():
    """200 feeds of 730 days: one alarm in ten years would be 40; the bound is conservative."""
    generator = np.random.default_rng(7)
    expected = np.resize(WEEK, 730).astype(float)
    alarms = sum(len(quiet_spells(generator.poisson(expected), expected, design=DESIGN)) for _ in range(200))
    assert alarms <= 40


def test_dispersion_is_one_for_poisson_and_more_for_batches():
    generator = np.random.default_rng(9)
    expected = np.full(700, 5.0)
    assert dispersion_of(generator.poisson(expected), expected) == pytest.approx(1.0, abs=0.15)
    assert dispersion_of(3 * generator.poisson(expected / 3), expected) == pytest.approx(3.0, rel=0.2)


def test_no_days_have_no_spell():
    assert quiet_spells([], [], design=DESIGN) == ()
