"""Rates, their ratio and their rise, against published values and a second implementation."""

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.rates import confint_poisson, test_poisson_2indep

from monitoring.statistics.rates import dispersion, poisson_rate, rate_increase, rate_ratio
from monitoring.statistics.results import Estimate, NotEstimable

test_poisson_2indep.__test__ = False
counts = st.integers(0, 60)
exposures = st.floats(0.5, 500)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [  # Garwood, Biometrika 1936;28:437; table in Ulm, Am J Epidemiol 1990;131:373
        (0, 0.000, 3.689),
        (1, 0.0253, 5.572),
        (10, 4.795, 18.390),
        (20, 12.217, 30.888),
    ],
)
def test_garwood_matches_published_limits(count, low, high):
    found = poisson_rate(count, 1)
    assert [found.interval.low, found.interval.high] == pytest.approx([low, high], abs=6e-4)


@given(counts, exposures)
def test_rates_agree_with_a_second_implementation(count, exposure):
    found = poisson_rate(count, exposure)
    low, high = confint_poisson(count, exposure, method="exact-c")
    assert found.interval.low == pytest.approx(0 if count == 0 else low, rel=1e-9)
    assert found.interval.high == pytest.approx(high, rel=1e-9)
    assert found.value == count / exposure


@pytest.mark.parametrize(
    ("method", "p_value"),
    [("score", 0.000316), ("e_test", 0.000298), ("exact", 0.000428)],  # Gu et al., Biom J 2008;50:283, table 5
)
def test_coronary_disease_by_hormone_use(method, p_value):
    found = rate_increase(60, 51477.5, 30, 54308.7, method=method)
    assert found.p_value == pytest.approx(p_value, abs=5e-7)
    assert found.ratio.value == pytest.approx(2.11, abs=5e-4)


@given(counts, exposures, st.integers(1, 60), exposures, st.sampled_from([0.5, 1.0, 2.0]))
def test_tests_of_two_periods_agree_with_a_second_implementation(count, exposure, before, exposure_before, factor):
    for ours, theirs in (("score", "score"), ("exact", "exact-cond"), ("e_test", "etest")):
        found = rate_increase(count, exposure, before, exposure_before, factor=factor, method=ours).p_value
        second = test_poisson_2indep(
            count, exposure, before, exposure_before, value=factor, method=theirs, alternative="larger"
        )
        assert found == pytest.approx(min(1.0, second.pvalue), rel=1e-6, abs=1e-9)


@given(counts, exposures, counts, exposures)
def test_the_interval_of_a_ratio_is_the_exact_test_inverted(a, exposure_a, b, exposure_b):
    found = rate_ratio(a, exposure_a, b, exposure_b)
    if isinstance(found, NotEstimable):
        assert a + b == 0
        return
    ends = found.interval
    if ends.low > 0:
        assert stats.binom.sf(a - 1, a + b, share(ends.low, exposure_a, exposure_b)) == pytest.approx(0.025, rel=1e-6)
    if ends.high < inf:
        assert stats.binom.cdf(a, a + b, share(ends.high, exposure_a, exposure_b)) == pytest.approx(0.025, rel=1e-6)
    assert ends.low <= found.value <= ends.high


def share(ratio, exposure_a, exposure_b):
    return ratio * exposure_a / (ratio * exposure_a + exposure_b)


@given(counts, exposures, st.integers(1, 60), exposures)
def test_swapping_the_groups_turns_the_ratio_over(a, exposure_a, b, exposure_b):
    one, other = rate_ratio(a, exposure_a, b, exposure_b), rate_ratio(b, exposure_b, a, exposure_a)
    assert one.interval.low * other.interval.high == pytest.approx(1) or one.interval.low == 0


def test_groups_without_events_are_estimates_with_an_open_end():
    none = rate_ratio(0, 10, 3, 10)
    all_of_them = rate_ratio(3, 10, 0, 10)
    assert (none.value, none.interval.low) == (0, 0)
    assert 0 < none.interval.high < inf
    assert (all_of_them.value, all_of_them.interval.high) == (inf, inf)
    assert all_of_them.interval.low > 0


def test_a_rate_written_down_beforehand_is_tested_exactly():
    found = rate_increase(20, 1000, rate=0.01)
    assert found.p_value == pytest.approx(stats.poisson.sf(19, 10))
    assert found.reference_rate == 0.01
    assert found.ratio.value == 2


def test_over_dispersed_counts_need_more_to_show_a_rise():
    poisson = rate_increase(20, 1000, rate=0.01).p_value
    spread = rate_increase(20, 1000, rate=0.01, dispersion=2.5).p_value
    near = rate_increase(20, 1000, rate=0.01, dispersion=1 + 1e-9).p_value
    assert spread > 5 * poisson
    assert near == pytest.approx(poisson, rel=1e-4)
    assert rate_increase(60, 100, 30, 100, method="score", dispersion=4).statistic == pytest.approx(
        rate_increase(60, 100, 30, 100, method="score").statistic / 2
    )


def test_dispersion_is_pearsons_and_never_below_one():
    assert dispersion([4, 16, 4, 16], [1, 1, 1, 1]) == pytest.approx(36 * 4 / 10 / 3)
    assert dispersion([10, 10, 10], [1, 1, 1]) == 1
    assert isinstance(dispersion([10], [1]), NotEstimable)
    assert isinstance(dispersion([0, 0], [1, 1]), NotEstimable)


def test_a_rise_is_found_at_its_level_when_there_is_none():
    generator = np.random.default_rng(8)
    pairs = generator.poisson(30, (4000, 2))
    found = [rate_increase(a, 1, b, 1).p_value < 0.05 for a, b in pairs]
    assert np.mean(found) < 0.05


@pytest.mark.parametrize(
    "ask",
    [
        lambda: poisson_rate(-1, 1),
        lambda: poisson_rate(1.5, 1),
        lambda: poisson_rate(1, -1),
        lambda: poisson_rate(1, 0),
        lambda: poisson_rate(1, inf),
        lambda: rate_ratio(1, 1, float("nan"), 1),
        lambda: rate_increase(1, 1),
        lambda: rate_increase(1, 1, 2),
        lambda: rate_increase(1, 1, 2, 1, rate=0.1),
        lambda: rate_increase(1, 1, rate=0),
        lambda: rate_increase(1, 1, rate=0.1, dispersion=0.5),
        lambda: rate_increase(1, 1, rate=0.1, factor=0),
        lambda: rate_increase(1, 1, rate=0.1, method="e_test"),
        lambda: rate_increase(1, 1, 2, 1, dispersion=2),
        lambda: rate_increase(1, 1, 2, 1, method="wald"),
    ],
)
def test_impossible_input_is_refused(ask):
    with pytest.raises(ValueError, match=r"\w"):
        ask()


@pytest.mark.parametrize(
    "ask",
    [
        lambda: poisson_rate(0, 0),
        lambda: rate_ratio(0, 1, 0, 1),
        lambda: rate_ratio(1, 1, 0, 0),
        lambda: rate_increase(0, 0, rate=0.1),
        lambda: rate_increase(1, 1, 0, 0),
        lambda: rate_increase(0, 1, 0, 1),
    ],
)
def test_what_cannot_be_estimated_says_why(ask):
    assert ask().reason


@given(st.lists(st.tuples(counts, exposures), min_size=1, max_size=3))
def test_every_rate_has_a_width(pairs):
    for count, exposure in pairs:
        found = poisson_rate(count, exposure)
        assert isinstance(found, Estimate)
        assert found.interval.width > 0
