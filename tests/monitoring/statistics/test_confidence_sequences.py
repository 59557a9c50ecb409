"""Sequences are held to Robbins's inequality, to a plain grid of the paper's formulas, and to a year of daily looks."""

from math import comb, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaln

from monitoring.statistics.results import NotEstimable
from monitoring.statistics.sequential import betting_sequence, confidence_sequence


def robbins_holds(p: float, *, hits: int, trials: int, alpha: float = 0.05) -> bool:
    """(n + 1) P(X = k | p) > α: Robbins 1970, eq. 24 with the uniform mixture."""
    return (trials + 1) * comb(trials, hits) * p**hits * (1 - p) ** (trials - hits) > alpha


def plain_hedged_capital(values: np.ndarray, *, level: float = 0.95, means: int = 2_001) -> tuple[np.ndarray, ...]:
    """Waudby-Smith & Ramdas 2024, section 4.3, written out over a grid of means, without any saving of work."""
    alpha, count = 1 - level, np.arange(1, values.size + 1)
    running = (0.5 + values.cumsum()) / (count + 1)
    spread = (0.25 + ((values - running) ** 2).cumsum()) / (count + 1)
    before = np.append(0.25, spread[:-1])
    bets = np.sqrt(2 * np.log(2 / alpha) / (before * count * np.log(count + 1)))[:, None]
    grid = np.linspace(0, 1, means)
    with np.errstate(divide="ignore"):
        up = np.cumprod(1 + np.minimum(bets, 0.5 / grid) * (values[:, None] - grid), axis=0)
        down = np.cumprod(1 - np.minimum(bets, 0.5 / (1 - grid)) * (values[:, None] - grid), axis=0)
    kept = np.logical_and.accumulate(np.maximum(up / 2, down / 2) < 1 / alpha, axis=0)
    return grid[kept.argmax(axis=1)], grid[means - 1 - kept[:, ::-1].argmax(axis=1)]


@pytest.mark.parametrize(("hits", "trials"), [(0, 20), (9, 10), (45, 50), (180, 200), (200, 200)])
def test_the_uniform_mixture_is_robbins_inequality(hits, trials):
    interval = confidence_sequence(hits, trials).interval
    for bound, inward in ((interval.low, 1e-6), (interval.high, -1e-6)):
        if 0 < bound < 1:
            assert robbins_holds(bound + inward, hits=hits, trials=trials)
            assert not robbins_holds(bound - inward, hits=hits, trials=trials)


def test_the_mixture_is_the_one_that_howard_and_others_publish():
    """Their unit test of the two-sided beta-binomial mixture: g = .2, h = .8, v = 100, best for v = 100 at α = .05.

    ρ = 12.60056, so r = ρ − gh and the prior is Beta(r/h, r/g); v = 100 is 625 trials at p = g, and the bound of
    31.4308 successes above the 125 expected is where p = .2 leaves the interval.
    """
    r = 12.60056 - 0.16
    found = confidence_sequence(125 + 31.4308, 625, prior=(r / 0.8, r / 0.2))
    assert found.interval.low == pytest.approx(0.2, abs=1e-7)


def test_a_declared_prior_gives_the_mixture_of_that_prior():
    interval = confidence_sequence(30, 40, prior=(9.0, 3.0)).interval
    for p in (interval.low, interval.high):
        mixture = betaln(39, 13) - betaln(9, 3) - 30 * log(p) - 10 * log(1 - p)
        assert mixture == pytest.approx(log(20))


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.floats(0, n), st.just(n))))
def test_the_interval_holds_the_share_has_a_width_and_mirrors(counts):
    hits, trials = counts
    found, mirrored = confidence_sequence(hits, trials), confidence_sequence(trials - hits, trials)
    assert found.interval.low <= found.value <= found.interval.high
    assert found.interval.low == pytest.approx(1 - mirrored.interval.high, abs=1e-9)


@given(st.integers(0, 60), st.integers(60, 300), st.floats(0.5, 0.98))
def test_more_confidence_is_a_wider_interval(hits, trials, level):
    narrow, wide = (confidence_sequence(hits, trials, level=each).interval for each in (level, level + 0.01))
    assert wide.low <= narrow.low < narrow.high <= wide.high


@pytest.mark.parametrize(("hits", "trials"), [(5, 4), (-1, 4), (1, 2.5), (float("nan"), 3)])
def test_impossible_counts_are_refused(hits, trials):
    with pytest.raises(ValueError, match=r"successes|whole|finite"):
        confidence_sequence(hits, trials)


@pytest.mark.parametrize("shape", [(9, 1), (1, 30), (2, 2)])
def test_betting_is_the_hedged_capital_of_the_paper(shape):
    values = np.random.default_rng(11).beta(*shape, size=700)
    path = np.array(betting_sequence(values).path)
    lows, highs = plain_hedged_capital(values)
    assert np.abs(path[:, 0] - lows).max() < 1 / 2_000
    assert np.abs(path[:, 1] - highs).max() < 1 / 2_000


def test_bounds_between_the_grid_are_those_of_a_much_finer_one():
    values = (np.random.default_rng(12).random(200) < 0.9).astype(float)
    lows, highs = plain_hedged_capital(values, means=20_001)
    assert betting_sequence(values).interval.low == pytest.approx(lows[-1], abs=8e-5)
    assert betting_sequence(values).interval.high == pytest.approx(highs[-1], abs=8e-5)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.floats(0.1, 50))
def test_the_path_narrows_scales_and_never_loses_its_width(values, upper):
    found, scaled = betting_sequence(values), betting_sequence([upper * v for v in values], upper=upper * (1 + 1e-12))
    path = np.array(found.path)
    assert (path[:, 0] < path[:, 1]).all()
    if found.changed_at is None:
        assert (np.diff(path[:, 0]) >= 0).all()
        assert (np.diff(path[:, 1]) <= 0).all()
    assert scaled.interval.low == pytest.approx(upper * found.interval.low, abs=1e-6 * upper)
    assert scaled.interval.high == pytest.approx(upper * found.interval.high, abs=1e-6 * upper)


def test_a_later_look_keeps_what_an_earlier_one_said():
    values = np.random.default_rng(13).random(600)
    early, late = betting_sequence(values[:300]), betting_sequence(values)
    assert late.path[299] == pytest.approx(early.path[-1], abs=1e-9)
    assert late.interval.low == late.path[-1][0]


def test_betting_is_narrower_than_counting_for_patient_means():
    means = np.random.default_rng(14).beta(9, 1, size=1_500)
    counted = confidence_sequence(float(means.sum()), means.size)
    assert betting_sequence(means).interval.width < 0.6 * counted.interval.width


def test_after_a_change_no_constant_mean_fits_and_nothing_is_claimed():
    found = betting_sequence([1.0] * 500 + [0.0] * 500)
    assert 500 < found.changed_at < 700
    assert (found.interval.low, found.interval.high) == (0, 1)


def test_without_observations_there_is_no_answer():
    assert isinstance(betting_sequence([]), NotEstimable)
    assert isinstance(confidence_sequence(0, 0), NotEstimable)


@pytest.mark.parametrize(("values", "upper"), [([0.5, 1.2], 1), ([-0.1], 1), ([float("nan")], 1), ([0.5], 0)])
def test_values_outside_their_range_are_refused(values, upper):
    with pytest.raises(ValueError, match=r"observations|upper"):
        betting_sequence(values, upper=upper)
