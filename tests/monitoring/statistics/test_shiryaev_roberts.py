"""The chart is held to Knoth's table, to its martingale, and to its own simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.statistics.run_lengths import shiryaev_roberts_run_length
from monitoring.statistics.sequential import shiryaev_roberts


@pytest.mark.parametrize(
    ("mean", "length"), [(0, 697), (0.5, 32.6), (1, 10.4), (1.5, 6.2), (2, 4.4), (2.5, 3.5), (3, 2.9)]
)
def test_run_lengths_are_those_of_knoth(mean, length):
    """Knoth 2006, The art of evaluating monitoring schemes, table 2 (k = .5, threshold 390)."""
    assert shiryaev_roberts_run_length(mean, k=0.5, limit=390) == pytest.approx(length, abs=0.5 if mean == 0 else 0.051)


@pytest.mark.parametrize(
    ("limit", "length", "delay"), [(47.17, 50.29, 41.40), (94.34, 100.28, 72.32), (943.41, 1_000.28, 298.5)]
)
def test_run_lengths_are_those_of_moustakides_and_others(limit, length, delay):
    """Moustakides, Polunchenko & Tartakovsky 2009, table 2 (change of .1 SD). Their tables 3 and 4 are one less than
    simulation of the recursion finds."""
    assert shiryaev_roberts_run_length(0, k=0.05, limit=limit) == pytest.approx(length, abs=0.011)
    assert shiryaev_roberts_run_length(0.1, k=0.05, limit=limit) == pytest.approx(delay, abs=0.06)


@pytest.mark.parametrize(("k", "limit", "share"), [(0.25, 7_476.15, 0.7476), (0.5, 5_603.7, 0.5604)])
def test_the_threshold_of_a_long_run_length_is_the_known_share_of_it(k, limit, share):
    """Pollak 1987: run length ≈ threshold / the mean exponential overshoot of the walk."""
    assert limit / shiryaev_roberts_run_length(0, k=k, limit=limit) == pytest.approx(share, rel=2e-3)


@settings(deadline=None, max_examples=25)
@given(st.floats(0.1, 1.5), st.floats(2, 20_000))
def test_the_design_reaches_its_run_length_below_a_threshold_of_as_much(k, arl0):
    chart = shiryaev_roberts(k=k, arl0=arl0)
    assert arl0 <= chart.arl(0) <= 1.001 * arl0
    assert chart.threshold <= arl0


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_simulation_finds_the_run_length(shift):
    chart = shiryaev_roberts(k=0.5, arl0=200)
    values = np.random.default_rng(31).normal(shift, 1, size=150_000)
    assert 150_000 / len(chart.run(values).alarms) == pytest.approx(chart.arl(shift), rel=0.08)


def test_the_path_follows_the_recursion_and_restarts_from_nothing():
    chart = shiryaev_roberts(k=0.5, arl0=20)
    values = [0.2, 1.0, 2.5, 2.5, 0.0]
    run, total = chart.run(values), 0.0
    for position, value in enumerate(values):
        total = (1 + total) * np.exp(value - 0.5)
        assert run.path[position] == pytest.approx(total)
        assert (total >= chart.threshold) == (position in run.alarms)
        total = 0.0 if position in run.alarms else total
    assert run.alarms


def test_the_chart_dates_a_change():
    run = shiryaev_roberts(k=0.5, arl0=1_000).run([-0.6] * 80 + [1.2] * 30)
    assert run.began[0] == 80 < run.alarms[0] < 95


@pytest.mark.parametrize("wrong", [{"k": 0}, {"k": -1}, {"k": float("inf")}, {"arl0": 1}, {"arl0": float("nan")}])
def test_impossible_designs_are_refused(wrong):
    with pytest.raises(ValueError, match=r"k must|arl0"):
        shiryaev_roberts(**({"k": 0.5, "arl0": 100} | wrong))
