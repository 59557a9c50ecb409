"""Charts for counts are held to the textbook's worked examples and to their own false alarms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from monitoring.statistics.control_charts import g_chart, laney_p_prime, p_chart, u_chart
from monitoring.statistics.results import NotEstimable

# Montgomery, Introduction to Statistical Quality Control, table 7.1: orange juice cans, samples of 50
CANS = [12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6]

groups = st.lists(
    st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=2, max_size=30
)


def test_the_p_chart_of_the_textbook():
    chart = p_chart(CANS, [50] * 30)
    assert chart.center == pytest.approx(0.2313, abs=5e-5)
    assert (chart.lower[0], chart.upper[0]) == pytest.approx((0.0524, 0.4102), abs=1e-4)
    assert chart.alarms == (14, 22)


def test_the_u_chart_of_the_textbook():
    """Montgomery, example 7.4: flaws in rolls of dyed cloth, ū = 153/107.5 = 1.42."""
    chart = u_chart([14, 12, 20, 11, 7, 10, 21, 16, 19, 23], [10, 8, 13, 10, 9.5, 10, 12, 10.5, 12, 12.5])
    assert chart.center == pytest.approx(1.42, abs=5e-3)
    assert (chart.lower[0], chart.upper[0]) == pytest.approx((0.29, 2.55), abs=6e-3)
    assert chart.alarms == ()


def test_laneys_spread_is_the_mean_moving_range_over_1_128():
    """By hand: p̄ = .2, errors .04, z = −2.5, 0, 2.5, so ranges 2.5 and 2.5."""
    chart = laney_p_prime([10, 20, 30], [100, 100, 100])
    assert chart.z == pytest.approx([-2.5, 0, 2.5])
    assert chart.sigma_z == pytest.approx(2.5 / 1.128)
    assert chart.upper[0] == pytest.approx(0.2 + 3 * 0.04 * 2.5 / 1.128)


def test_laneys_limits_hold_where_groups_vary_more_than_chance():
    generator = np.random.default_rng(51)
    sizes = generator.integers(3_000, 9_000, size=600)
    counts = generator.binomial(sizes, np.clip(generator.normal(0.1, 0.02, size=600), 0, 1))
    assert len(p_chart(counts, sizes).alarms) > 200
    assert len(laney_p_prime(counts, sizes).alarms) <= 6


def test_laneys_spread_is_one_where_groups_vary_by_chance():
    generator = np.random.default_rng(52)
    sizes = generator.integers(200, 400, size=3_000)
    assert laney_p_prime(generator.binomial(sizes, 0.2), sizes).sigma_z == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("limits", ["normal", "exact"])
def test_exact_limits_alarm_as_rarely_as_three_sigmas_also_for_small_counts(limits):
    generator = np.random.default_rng(53)
    sizes = np.full(40_000, 20.0)
    alarms = len(u_chart(generator.poisson(0.03 * sizes), sizes, limits=limits).alarms) / 40_000
    assert (alarms < 0.0027) == (limits == "exact")


def test_exact_limits_are_quantiles_of_the_counts():
    chart = p_chart(CANS, [50] * 30, limits="exact")
    tail = stats.norm.sf(3)
    assert stats.binom.cdf(chart.lower[0] * 50 - 1, 50, chart.center) < tail
    assert stats.binom.sf(chart.upper[0] * 50, 50, chart.center) <= tail


def test_the_chart_of_gaps_follows_benneyan():
    """ḡ = 20: 20 + 3 √(20 · 21), and no lower limit."""
    chart = g_chart([10, 30, 20])
    assert (chart.center, chart.lower[0]) == (20, 0)
    assert chart.upper[0] == pytest.approx(20 + 3 * np.sqrt(420))


def test_gaps_that_grow_long_are_an_alarm():
    gaps = np.random.default_rng(54).geometric(0.02, size=200) - 1
    assert g_chart([*gaps, 900], limits="exact").alarms == (200,)


@given(groups)
def test_limits_hold_the_centre_and_do_not_depend_on_the_order(pairs):
    counts, sizes = (np.array(each) for each in zip(*pairs, strict=True))
    chart = p_chart(counts, sizes)
    if isinstance(chart, NotEstimable):
        assert counts.sum() in (0, sizes.sum())
        return
    assert ((chart.lower < chart.center) & (chart.center < chart.upper)).all()
    assert p_chart(counts[::-1], sizes[::-1]).upper[::-1] == pytest.approx(chart.upper)


def test_without_spread_there_are_no_limits():
    assert isinstance(p_chart([0, 0], [5, 9]), NotEstimable)
    assert isinstance(p_chart([], []), NotEstimable)
    assert isinstance(laney_p_prime([5, 5], [10, 10]), NotEstimable)
    assert isinstance(laney_p_prime([3], [10]), NotEstimable)
    assert isinstance(u_chart([0, 0], [1.0, 2.0]), NotEstimable)
    assert isinstance(g_chart([0, 0]), NotEstimable)


@pytest.mark.parametrize(("d", "n"), [([3], [2]), ([1, 2], [4]), ([1], [0]), ([0.5], [2]), ([float("nan")], [2])])
def test_impossible_groups_are_refused(d, n):
    with pytest.raises(ValueError, match=r"group|lengths|whole|finite"):
        p_chart(d, n)


def test_exposures_must_be_positive():
    with pytest.raises(ValueError, match="exposures"):
        u_chart([1, 2], [1.0, 0.0])
