"""Shrinkage, heterogeneity and funnels against published answers and a second implementation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from monitoring.statistics.pooling import (
    Dispersion,
    funnel,
    funnel_limits,
    heterogeneity,
    shrunken_effects,
    shrunken_proportions,
)
from monitoring.statistics.results import Estimate, NotEstimable

# Colditz et al., JAMA 1994;271:698-702: trials of the BCG vaccine, as metafor's dat.bcg.
VACCINATED_ILL = np.array([4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27])
VACCINATED_WELL = np.array([119, 300, 228, 13536, 5036, 1361, 2537, 87886, 7470, 1699, 50448, 2493, 16886])
OTHERS_ILL = np.array([11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29])
OTHERS_WELL = np.array([128, 274, 209, 12619, 5761, 1079, 619, 87892, 7232, 1600, 27197, 2338, 17825])
VACCINATED, OTHERS = VACCINATED_ILL + VACCINATED_WELL, OTHERS_ILL + OTHERS_WELL
LOG_RISK = np.log(VACCINATED_ILL / VACCINATED) - np.log(OTHERS_ILL / OTHERS)
LOG_RISK_VARIANCE = 1 / VACCINATED_ILL - 1 / VACCINATED + 1 / OTHERS_ILL - 1 / OTHERS
LOG_ODDS = np.log(VACCINATED_ILL * OTHERS_WELL / (VACCINATED_WELL * OTHERS_ILL))
LOG_ODDS_VARIANCE = 1 / VACCINATED_ILL + 1 / VACCINATED_WELL + 1 / OTHERS_ILL + 1 / OTHERS_WELL

# Rubin 1981 in Gelman et al., Bayesian Data Analysis, table 5.2: coaching in eight schools.
SCHOOLS, SCHOOL_ERRORS = [28, 8, -3, 7, -1, 1, 18, 12], np.array([15, 10, 16, 11, 9, 11, 10, 18])

# Efron & Morris, JASA 1975;70:311-319, table 1: hits in the first 45 at bats of 18 players.
HITS = [18, 17, 16, 15, 14, 14, 13, 12, 11, 11, 10, 10, 10, 10, 10, 9, 8, 7]


@pytest.mark.parametrize(
    ("method", "tau2", "mean", "low", "high"),
    [
        ("dersimonian_laird", 0.3088, -0.7141, -1.0644, -0.3638),  # metafor, rma(yi, vi, method="DL")
        ("reml", 0.3132, -0.7145, -1.0669, -0.3622),  # metafor, rma(yi, vi)
        ("paule_mandel", 0.3181, -0.7150, -1.0695, -0.3604),
    ],
)
def test_heterogeneity_matches_metafor_on_the_vaccine_trials(method, tau2, mean, low, high):
    found = heterogeneity(LOG_RISK, LOG_RISK_VARIANCE, method=method, adjustment="normal")
    assert found.tau_squared.value == pytest.approx(tau2, abs=5e-5)
    assert found.mean.value == pytest.approx(mean, abs=5e-5)
    assert (found.mean.interval.low, found.mean.interval.high) == pytest.approx((low, high), abs=1e-4)
    assert found.q.statistic == pytest.approx(152.2330, abs=5e-4)
    assert found.i_squared == pytest.approx(0.9212, abs=5e-5)


def test_the_interval_of_tau_squared_is_the_q_profile_of_metafor():
    found = heterogeneity(LOG_RISK, LOG_RISK_VARIANCE).tau_squared.interval  # metafor, confint(res)
    assert (found.low, found.high) == pytest.approx((0.1197, 1.1115), abs=5e-5)


def test_reml_matches_van_houwelingen_on_log_odds():
    # van Houwelingen, Arends & Stijnen, Stat Med 2002;21:589-624, section 3: mean −.7452, between variance .3378.
    found = heterogeneity(LOG_ODDS, LOG_ODDS_VARIANCE)
    assert found.tau_squared.value == pytest.approx(0.3378, abs=2e-4)
    assert found.mean.value == pytest.approx(-0.7452, abs=2e-4)


@pytest.mark.parametrize(("ours", "theirs"), [("dersimonian_laird", "dl"), ("paule_mandel", "pm")])
def test_heterogeneity_agrees_with_statsmodels(ours, theirs):
    found = heterogeneity(LOG_ODDS, LOG_ODDS_VARIANCE, method=ours)
    other = combine_effects(LOG_ODDS, LOG_ODDS_VARIANCE, method_re=theirs, use_t=True)
    assert found.tau_squared.value == pytest.approx(other.tau2, rel=1e-6)
    low, high = other.conf_int()[3]  # Hartung–Knapp–Sidik–Jonkman
    assert found.mean.interval.low <= low + 1e-7
    assert found.mean.interval.high >= high - 1e-7


def test_the_prediction_interval_is_that_of_higgins():
    found = heterogeneity(LOG_RISK, LOG_RISK_VARIANCE, method="dersimonian_laird")
    other = combine_effects(LOG_RISK, LOG_RISK_VARIANCE, method_re="dl")
    half = stats.t.ppf(0.975, 11) * np.sqrt(other.tau2 + other.sd_eff_w_re**2)
    ends = (found.next_group.low, found.next_group.high)
    assert ends == pytest.approx((other.mean_effect_re - half, other.mean_effect_re + half), rel=1e-9)


def test_two_groups_predict_no_third_and_one_is_no_answer():
    assert isinstance(heterogeneity([0.1, 0.4], [0.1, 0.1]).next_group, NotEstimable)
    assert isinstance(heterogeneity([0.1], [0.1]), NotEstimable)
    assert isinstance(heterogeneity([], []), NotEstimable)


def test_groups_that_are_alike_still_have_intervals_with_a_width():
    found = heterogeneity([1.0, 1.0, 1.0, 1.0], [0.1, 0.2, 0.1, 0.3])
    assert found.tau_squared.value == 0
    assert found.tau_squared.interval.high > 0
    assert found.mean.interval.width > 0
    assert found.i_squared == 0


@pytest.mark.parametrize(
    ("effects", "variances"), [([1, 2], [1]), ([1, np.nan], [1, 1]), ([1, 2], [0, 1]), ([1, 2], [-1, 1])]
)
def test_heterogeneity_refuses_impossible_input(effects, variances):
    with pytest.raises(ValueError):
        heterogeneity(effects, variances)
    with pytest.raises(ValueError):
        shrunken_effects(effects, variances)


def test_shrunken_effects_are_those_of_the_eight_schools():
    # Posterior means with a flat prior on the spread (Stan's case study): 11.4, 7.9, 6.1, 7.6, 5.1, 6.1, 10.6, 8.5.
    found = shrunken_effects(SCHOOLS, SCHOOL_ERRORS**2.0)
    published = [11.4, 7.9, 6.1, 7.6, 5.1, 6.1, 10.6, 8.5]
    assert [each.value for each in found.groups] == pytest.approx(published, abs=0.25)
    assert found.mean.value == pytest.approx(7.9, abs=0.2)


def test_shrunken_proportions_are_near_those_of_efron_and_morris():
    # Table 1, limited to no player: the James–Stein estimates after the arcsine transformation.
    published = [0.290, 0.286, 0.281, 0.277, 0.273, 0.273, 0.268, 0.264, 0.259, 0.259]
    published += [0.254, 0.254, 0.254, 0.254, 0.254, 0.249, 0.244, 0.239]
    found = shrunken_proportions(HITS, [45] * 18)
    assert [each.value for each in found.groups] == pytest.approx(published, abs=0.0101)
    truth = [0.346, 0.298, 0.276, 0.222, 0.273, 0.270, 0.263, 0.210, 0.269, 0.230, 0.264, 0.256, 0.303, 0.264, 0.226]
    truth += [0.285, 0.316, 0.200]
    inside = sum(value in each.interval for value, each in zip(truth, found.groups, strict=True))
    assert inside >= 16


def test_the_mixture_of_two_methods_agree_where_both_apply():
    hits, trials = np.array([160, 140, 152, 171]), np.full(4, 200)
    share = hits / trials
    logits = shrunken_effects(np.log(share / (1 - share)), 1 / (trials * share * (1 - share)))
    counts = shrunken_proportions(hits, trials)
    for one, other in zip(counts.groups, logits.groups, strict=True):
        assert one.value == pytest.approx(1 / (1 + np.exp(-other.value)), abs=0.01)
        assert one.interval.low == pytest.approx(1 / (1 + np.exp(-other.interval.low)), abs=0.02)


def test_a_small_group_is_drawn_in_and_a_big_one_stays():
    found = shrunken_proportions([900, 450, 1], [1000, 500, 4])
    big, _, small = found.groups
    assert big.value == pytest.approx(0.9, abs=0.003)
    assert small.value > 0.5
    assert small.shrinkage > 0.5 > 0.1 > big.shrinkage
    assert small.interval.width > big.interval.width


def test_groups_without_a_case_or_alone_say_why():
    assert isinstance(shrunken_proportions([3], [9]), NotEstimable)
    assert isinstance(shrunken_proportions([0, 0], [0, 0]), NotEstimable)
    assert isinstance(shrunken_proportions([3, 0, 2], [9, 0, 4]).groups[1], NotEstimable)
    assert isinstance(shrunken_effects([0.2], [0.1]), NotEstimable)


def test_clustering_widens_what_is_shrunken():
    plain = shrunken_proportions([80, 60, 75], [100, 100, 100])
    clustered = shrunken_proportions([80, 60, 75], [100, 100, 100], design_effects=[3, 3, 3])
    for one, other in zip(plain.groups, clustered.groups, strict=True):
        assert other.interval.width > one.interval.width


counts = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 2000)), min_size=2, max_size=12)


@settings(max_examples=60, deadline=None)
@given(counts)
def test_shrunken_proportions_lie_between_their_own_figure_and_the_others(pairs):
    hits, trials = [min(pair) for pair in pairs], [max(pair) for pair in pairs]
    found = shrunken_proportions(hits, trials)
    if isinstance(found, NotEstimable):
        assert sum(n > 0 for n in trials) < 2
        return
    for n, each in zip(trials, found.groups, strict=True):
        assert isinstance(each, Estimate) == (n > 0)
        if isinstance(each, Estimate):
            assert 0 <= each.interval.low < each.interval.high <= 1
            assert each.value in each.interval or each.interval.width > 0
            assert 0 <= each.shrinkage <= 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-4, 4), st.floats(1e-4, 4)), min_size=2, max_size=15), st.floats(-3, 3))
def test_moving_all_groups_moves_what_is_said_of_them(pairs, by):
    effects, variances = np.array([a for a, _ in pairs]), [b for _, b in pairs]
    one, other = (heterogeneity(effects + shift, variances) for shift in (0.0, by))
    assert other.mean.value == pytest.approx(one.mean.value + by, abs=1e-4)
    assert other.tau_squared.value == pytest.approx(one.tau_squared.value, abs=1e-4, rel=1e-4)
    assert one.tau_squared.interval.width > 0


def test_intervals_cover_when_groups_differ():
    """Twelve sites of very different sizes, true sensitivities around .85: at least 94 % of them are covered."""
    random = np.random.default_rng(4)
    trials = np.array([4, 8, 12, 20, 30, 40, 60, 80, 120, 200, 400, 800])
    inside = []
    for _ in range(150):
        truth = random.beta(34, 6, trials.size)
        found = shrunken_proportions(random.binomial(trials, truth), trials)
        inside += [value in each.interval for value, each in zip(truth, found.groups, strict=True)]
    assert 0.93 <= np.mean(inside) <= 0.985


# --- funnels -------------------------------------------------------------------------------------------------------


def test_funnel_limits_are_interpolated_binomial_quantiles():
    # 100 trials at .1: P(X ≤ 4) = .0237, P(X ≤ 5) = .0576; Spiegelhalter 2005, A.1.1, with r = 5.
    low, high = funnel_limits(0.1, 100, level=0.95)
    four, five = stats.binom.cdf([4, 5], 100, 0.1)
    assert low == pytest.approx((5 - (five - 0.025) / (five - four)) / 100)
    assert low == pytest.approx(0.0404, abs=5e-5)
    assert high == pytest.approx(0.1677, abs=5e-5)


@pytest.mark.parametrize("level", [0.95, 0.998])
def test_big_sites_keep_the_normal_limits(level):
    low, high = funnel_limits(0.3, 100_000, level=level)
    half = stats.norm.ppf(0.5 + level / 2) * np.sqrt(0.3 * 0.7 / 100_000)
    assert (low, high) == pytest.approx((0.3 - half, 0.3 + half), abs=2e-5)


def test_additive_over_dispersion_without_winsorising_is_dersimonian_and_laird():
    hits, trials = np.array([80, 50, 95, 70, 88, 40, 66]), np.array([100, 90, 110, 100, 95, 80, 70])
    found = funnel(hits, trials, winsorise=0)
    share = hits.sum() / trials.sum()
    other = combine_effects(hits / trials, share * (1 - share) / trials, method_re="dl")
    assert found.dispersion.tau_squared == pytest.approx(other.tau2, rel=1e-9)


def test_multiplicative_over_dispersion_is_the_winsorised_mean_of_squares():
    # z = ±1, ±2, ±3, 0 at the 10 % points of seven sites: 2.4 and −2.4 replace the ends.
    trials = np.full(7, 400)
    hits = 200 + 10 * np.array([-3, -2, -1, 0, 1, 2, 3])
    found = funnel(hits, trials, target=0.5, over_dispersion="multiplicative")
    assert found.dispersion.phi == pytest.approx((2 * 2.4**2 + 2 * 2**2 + 2 * 1) / 7)
    site = found.sites[6]
    assert site.z == pytest.approx(3 / np.sqrt(found.dispersion.phi))
    assert not site.is_outside


def test_sites_that_spread_as_chance_allows_keep_exact_limits():
    found = funnel([50, 52, 47, 49, 53, 51], [100] * 6)
    assert found.dispersion.method == "none"
    assert found.method == "exact binomial limits"


def test_four_sites_cannot_tell_over_dispersion():
    assert funnel([90, 50, 40, 10], [100] * 4).dispersion == Dispersion()


def test_a_site_is_judged_by_what_its_case_mix_would_give_elsewhere():
    hard, usual = funnel([60, 80], [100, 100], target=0.8, expected=[0.6, 0.8]).sites
    assert hard.value == pytest.approx(0.8)
    assert hard.z == pytest.approx(0)
    assert not hard.is_outside
    assert not usual.is_outside
    assert funnel([60, 80], [100, 100], target=0.8).sites[0].is_outside


def test_a_funnel_without_a_case_or_without_an_event_says_why():
    assert isinstance(funnel([1], [2]), NotEstimable)
    assert isinstance(funnel([0, 0], [5, 9]), NotEstimable)
    assert isinstance(funnel([3, 0, 4], [5, 0, 9]).sites[1], NotEstimable)


@pytest.mark.parametrize("bad", [{"successes": [3], "trials": [2]}, {"successes": [1, 2], "trials": [3]}])
def test_a_funnel_refuses_impossible_counts(bad):
    with pytest.raises(ValueError):
        funnel(bad["successes"], bad["trials"])


def test_the_limits_hold_what_they_promise():
    for level in (0.95, 0.998):
        low, high = funnel_limits(0.85, 60, level=level)
        outside = stats.binom.cdf(np.ceil(60 * low) - 1, 60, 0.85) + stats.binom.sf(np.floor(60 * high), 60, 0.85)
        assert outside <= 1 - level
        swapped = funnel_limits(0.15, 60, level=level)
        assert (1 - high, 1 - low) == pytest.approx(swapped)
