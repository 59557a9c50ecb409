"""Charts are held to published run lengths, to an exact chain and to their own simulation."""

import numpy as np
import pytest

from monitoring.statistics.run_lengths import ewma_run_length, lattice_run_length, normal_run_length
from monitoring.statistics.sequential import (
    NormalCusum,
    bernoulli_cusum,
    ewma,
    normal_cusum,
    risk_adjusted_cusum,
    shiryaev_roberts,
)


@pytest.mark.parametrize(
    ("h", "shift", "length"),
    [
        (4, 0, 335.4),  # Montgomery, Introduction to SQC, table 9.3 halves them: two-sided 168 and 465
        (4, 1, 8.38),
        (5, 0, 930.9),
        (5, 1, 10.4),
        (5, 0.5, 38.0),
    ],
)
def test_one_sided_run_lengths_match_published_values(h, shift, length):
    assert normal_run_length(shift, k=0.5, h=h) == pytest.approx(length, rel=3e-3)


def test_two_sides_have_half_the_run_length_of_one():
    chart = normal_cusum(k=0.5, arl0=465.4, sides=2)
    assert chart.threshold == pytest.approx(5.0, abs=2e-3)
    assert chart.arl(0) == pytest.approx(465.4, rel=1e-4)


@pytest.mark.parametrize("arl0", [50, 500, 20_000, 1_000_000])
def test_a_normal_chart_reaches_its_designed_run_length(arl0):
    for sides in (1, 2):
        assert arl0 <= normal_cusum(k=0.25, arl0=arl0, sides=sides).arl(0) <= arl0 * 1.005


@pytest.mark.parametrize(
    ("lam", "limit", "shift", "length"),
    [
        (0.2, 2.962, 0, 500),  # Lucas and Saccucci 1990, table 3
        (0.2, 2.962, 1, 10.5),
        (0.1, 2.814, 0, 500),
        (0.1, 2.814, 0.5, 31.3),
        (0.25, 2.998, 0, 500),
    ],
)
def test_ewma_run_lengths_match_lucas_and_saccucci(lam, limit, shift, length):
    assert ewma_run_length(shift, lam=lam, limit=limit) == pytest.approx(length, rel=6e-3)


def test_ewma_design_finds_the_published_limit():
    assert ewma(lam=0.2, arl0=500).threshold == pytest.approx(2.962, abs=1e-3)


def test_a_bernoulli_chart_of_one_step_counts_like_a_run_of_events():
    """One up, one down, alarm at 2: states 0 and 1 give (2 + q − p·q…) by hand: E = (1 + p) / p²."""
    p = 0.1
    first = (1 + p) / p**2  # E0 = 1 + qE0 + pE1, E1 = 1 + qE0
    assert lattice_run_length(p, up=1, down=1, height=2) == pytest.approx(first)


def test_the_bernoulli_reference_value_follows_reynolds_and_stoumbos():
    chart = bernoulli_cusum(0.01, 0.025, arl0=5_000)
    assert (chart.up, chart.down) == (60, 1)  # m = 61: .016396 lies nearest to 1/61


@pytest.mark.parametrize(("p0", "p1"), [(0.01, 0.025), (0.2, 0.38), (0.5, 0.7), (0.056, 0.1), (0.9, 0.8), (0.3, 0.1)])
def test_a_bernoulli_chart_alarms_no_more_often_than_designed(p0, p1):
    chart = bernoulli_cusum(p0, p1, arl0=2_000)
    assert 2_000 <= chart.arl(p0) < 2_060  # the lattice is no finer
    assert chart.arl(p1) < 400


def test_the_exact_bernoulli_run_length_is_what_simulation_finds():
    chart = bernoulli_cusum(0.2, 0.38, arl0=400)
    events = (np.random.default_rng(4).random(300_000) < 0.2).astype(float)
    assert 300_000 / len(chart.run(events).alarms) == pytest.approx(chart.arl(0.2), rel=0.08)


def test_the_exact_normal_run_length_is_what_simulation_finds():
    chart = normal_cusum(k=0.5, arl0=400, sides=2)
    values = np.random.default_rng(5).normal(size=300_000)
    assert 300_000 / len(chart.run(values).alarms) == pytest.approx(400, rel=0.08)


def test_the_run_says_where_the_change_began_and_restarts():
    quiet, loud = [0.0] * 50, [1.0] * 40
    run = bernoulli_cusum(0.1, 0.3, arl0=1_000).run(quiet + loud)
    assert run.began[0] == 50
    assert 50 < run.alarms[0] < 65
    assert run.began[1] == run.alarms[0] + 1


def test_a_lasting_change_is_one_excursion_from_its_beginning_to_its_end():
    chart = bernoulli_cusum(0.1, 0.3, arl0=1_000)
    (stay,) = chart.excursions([0.0] * 50 + [1.0] * 200 + [0.0] * 400)
    assert (stay.began, stay.peak) == (50, 249)
    assert 50 < stay.alarm < 65
    assert 249 < stay.ended < 450


def test_an_excursion_that_has_not_come_to_rest_has_no_end():
    chart = normal_cusum(k=0.25, arl0=1_000)
    (stay,) = chart.excursions([0.0] * 20 + [2.0] * 60, upward=True)
    assert (stay.began, stay.ended) == (20, None)
    assert chart.excursions([0.0] * 20 + [2.0] * 60, upward=False) == ()


def test_excursions_begin_no_more_often_than_the_chart_is_designed_to_alarm():
    chart = bernoulli_cusum(0.2, 0.38, arl0=400)
    events = (np.random.default_rng(4).random(300_000) < 0.2).astype(float)
    assert len(chart.excursions(events)) <= 300_000 / chart.arl(0.2) * 1.08


def test_both_directions_are_told_apart():
    chart = normal_cusum(k=0.25, arl0=1_000, sides=2)
    assert chart.run([1.0] * 60).directions[0] == 1
    assert chart.run([-1.0] * 60).directions[0] == -1


def test_patient_means_alarm_no_more_often_than_single_observations():
    """A mean of several correlated values has the same expectation and less spread than one."""
    generator = np.random.default_rng(6)
    chart = bernoulli_cusum(0.2, 0.4, arl0=300)
    risk = generator.beta(2, 8, size=100_000)
    means = generator.binomial(3, risk) / 3
    assert len(chart.run(means).alarms) <= 100_000 / chart.arl(0.2) * 1.05


def test_rare_events_have_their_exact_run_length_too():
    """One event in ten thousand: 60,000 states or more, and the martingale bound of the likelihood ratio holds."""
    chart = bernoulli_cusum(1e-4, 2e-4, arl0=1_000_000)
    assert 1_000_000 <= chart.arl(1e-4) <= 1_005_000
    assert chart.arl(2e-4) < 100_000


@pytest.mark.parametrize(("p", "up"), [(0.01, 59), (0.001, 599)])
def test_two_events_close_together_by_hand(p, up):
    """Alarm at the second of two events within `up` observations: (1 + w) / (p·w), w = 1 − (1 − p)^up."""
    close = 1 - (1 - p) ** up
    assert lattice_run_length(p, up=up, down=1, height=up + 1) == pytest.approx((1 + close) / (p * close))


@pytest.mark.parametrize("arl0", [1.01, 1.5, 3, 10])
def test_a_chart_may_be_asked_to_alarm_almost_always(arl0):
    charts = (normal_cusum(k=0.5, arl0=arl0, sides=2), ewma(lam=0.2, arl0=arl0), shiryaev_roberts(k=0.5, arl0=arl0))
    assert all(chart.threshold > 0 and chart.arl(0) >= arl0 for chart in charts)
    assert bernoulli_cusum(0.2, 0.4, arl0=arl0).arl(0.2) >= arl0
    assert risk_adjusted_cusum(2, arl0=arl0, risks=np.linspace(0.1, 0.5, 30)).arl(1) >= arl0


def test_a_fall_of_a_proportion_mirrors_a_rise():
    falling, rising = bernoulli_cusum(0.9, 0.8, arl0=500), bernoulli_cusum(0.1, 0.2, arl0=500)
    seen = (np.random.default_rng(7).random(3_000) < 0.85).astype(float)
    assert falling.arl(0.85) == pytest.approx(rising.arl(0.15))
    assert falling.run(seen).alarms == rising.run(1 - seen).alarms


@pytest.mark.parametrize(
    ("h", "shift", "length"),
    [
        (3, 0, 117.6),  # Brook and Evans 1972 and Lucas and Crosier 1982, one-sided, k = .5
        (4, 0, 335.4),
        (4, 0.5, 26.6),
        (4, 2, 3.34),
        (5, 1.5, 5.75),
        (5, 2, 4.01),
    ],
)
def test_more_published_run_lengths_of_one_side(h, shift, length):
    assert normal_run_length(shift, k=0.5, h=h) == pytest.approx(length, rel=4e-3)


@pytest.mark.parametrize(("h", "length"), [(4, 167.7), (5, 465.4)])
def test_two_sides_of_the_textbook(h, length):
    """Montgomery, Introduction to Statistical Quality Control, table 9.3: 168 and 465."""
    chart = NormalCusum(k=0.5, threshold=float(h), sides=2)
    assert chart.arl(0) == pytest.approx(length, rel=1e-3)
    assert 1 / chart.arl(1) == pytest.approx(
        1 / normal_run_length(1, k=0.5, h=h) + 1 / normal_run_length(-1, k=0.5, h=h)
    )


def test_page_lengths_approach_siegmunds_formula():
    """Siegmund 1985: (exp(2kb) − 2kb − 1) / (2k²) with b = h + 1.166."""
    b = 5 + 1.166
    assert normal_run_length(0, k=0.5, h=5) == pytest.approx((np.exp(b) - b - 1) / 0.5, rel=0.02)


def test_a_run_length_too_long_to_be_told_is_endless_not_wrong():
    chart = normal_cusum(k=0.5, arl0=500, sides=2)
    assert chart.arl(6) == pytest.approx(normal_run_length(6, k=0.5, h=chart.threshold))


def test_the_alarm_limit_of_371_is_the_textbook_one():
    assert ewma(lam=0.2, arl0=371).threshold == pytest.approx(2.86, abs=5e-3)


def test_the_exact_ewma_run_length_is_what_simulation_finds():
    chart = ewma(lam=0.2, arl0=300)
    run = chart.run(np.random.default_rng(8).normal(size=200_000))
    assert 200_000 / len(run.alarms) == pytest.approx(300, rel=0.1)
    assert all(abs(run.path[each]) >= chart.threshold for each in run.alarms)


def test_the_statistic_is_at_its_threshold_exactly_where_it_alarms():
    values = np.random.default_rng(9).normal(0.3, 1, size=4_000)
    for chart in (normal_cusum(k=0.25, arl0=200, sides=2), normal_cusum(k=0.25, arl0=200, sides=1)):
        run = chart.run(values)
        assert run.alarms == tuple(np.flatnonzero(np.array(run.path) >= chart.threshold))
    chart = bernoulli_cusum(0.5, 0.7, arl0=200)
    run = chart.run((values > 0).astype(float))
    assert run.alarms == tuple(np.flatnonzero(np.array(run.path) >= chart.threshold))


@pytest.mark.parametrize("bad", [{"p0": 0.2, "p1": 0.2}, {"p0": 0.0, "p1": 0.2}, {"p0": 0.2, "p1": 1.0}])
def test_impossible_designs_are_refused(bad):
    with pytest.raises(ValueError, match="p0 and p1"):
        bernoulli_cusum(bad["p0"], bad["p1"], arl0=100)


def test_observations_that_are_no_numbers_are_refused():
    with pytest.raises(ValueError, match="finite"):
        normal_cusum(k=0.5, arl0=100, sides=1).run([0.0, float("nan")])
