"""Proportions against published tables and a second implementation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.proportion import proportion_confint

from monitoring.statistics.proportions import (
    clopper_pearson,
    clustered,
    diagnostic_table,
    difference,
    non_inferior,
    wilson,
)
from monitoring.statistics.results import Estimate, NotEstimable

counts = st.integers(1, 400).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials)))


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe, Stat Med 1998;17:857, table I, score method
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_matches_published_values(successes, trials, low, high):
    interval = wilson(successes, trials).interval
    assert interval.low == pytest.approx(low, abs=5e-5)
    assert interval.high == pytest.approx(high, abs=5e-5)


@given(counts)
def test_wilson_and_clopper_pearson_agree_with_a_second_implementation(pair):
    successes, trials = pair
    for ours, name in ((wilson, "wilson"), (clopper_pearson, "beta")):
        low, high = proportion_confint(successes, trials, method=name)
        interval = ours(successes, trials).interval
        assert interval.low == pytest.approx(low, abs=1e-9)
        assert interval.high == pytest.approx(high, abs=1e-9)


@given(counts)
def test_an_interval_holds_its_value_and_has_a_width(pair):
    estimate = wilson(*pair)
    assert estimate.interval.low <= estimate.value <= estimate.interval.high
    assert estimate.interval.width > 0


def test_zero_misses_in_sixty_still_have_an_upper_bound():
    assert clopper_pearson(0, 60, level=0.90).interval.high == pytest.approx(0.0487, abs=5e-5)


def test_no_trials_is_an_answer_with_a_reason():
    assert isinstance(wilson(0, 0), NotEstimable)
    assert isinstance(clopper_pearson(0, 0), NotEstimable)


@pytest.mark.parametrize("call", [lambda: wilson(3, 2), lambda: wilson(-1, 2), lambda: wilson(0.5, 2)])
def test_impossible_counts_are_refused(call):
    with pytest.raises(ValueError, match=r"."):
        call()


# Newcombe, Stat Med 1998;17:873-890, table II: method 5 with N/(N−1) is Miettinen–Nurminen, method 10 his own.
NEWCOMBE_PAIRS = [
    ((56, 70, 48, 80), (0.0524, 0.3339), (0.0528, 0.3382)),
    ((9, 10, 3, 10), (0.1705, 0.8090), (0.1700, 0.8406)),
    ((6, 7, 2, 7), (0.0582, 0.8062), (0.0342, 0.8534)),
    ((5, 56, 0, 29), (-0.0381, 0.1926), (-0.0326, 0.1933)),
    ((0, 10, 0, 20), (-0.1611, 0.2775), (-0.1658, 0.2844)),
    ((0, 10, 0, 10), (-0.2775, 0.2775), (-0.2879, 0.2879)),
    ((10, 10, 0, 20), (0.6791, 1.0), (0.7156, 1.0)),
    ((10, 10, 0, 10), (0.6075, 1.0), (0.6636, 1.0)),
]


@pytest.mark.parametrize(("counted", "newcombe", "miettinen_nurminen"), NEWCOMBE_PAIRS)
def test_differences_match_published_values(counted, newcombe, miettinen_nurminen):
    for method, ends in (("newcombe", newcombe), ("miettinen_nurminen", miettinen_nurminen)):
        interval = difference(*counted, method=method).interval
        assert (interval.low, interval.high) == pytest.approx(ends, abs=1e-4)


@given(counts, counts)
def test_a_difference_changes_its_sign_with_its_sides(first, second):
    there, back = difference(*first, *second), difference(*second, *first)
    assert there.value == pytest.approx(-back.value)
    assert there.interval.low == pytest.approx(-back.interval.high)


def test_clusters_of_one_give_the_sandwich_of_independent_cases():
    successes = np.array([1] * 70 + [0] * 30)
    estimate = clustered(successes, np.ones(100))
    assert estimate.value == pytest.approx(0.7)
    assert estimate.design_effect == pytest.approx(100 / 99)


def test_the_clustered_error_follows_the_ratio_formula():
    generator = np.random.default_rng(1)
    sizes = generator.integers(1, 6, 200)
    successes = generator.binomial(sizes, generator.beta(6, 3, 200))
    share = successes.sum() / sizes.sum()
    error = np.sqrt(200 / 199 * ((successes - share * sizes) ** 2).sum()) / sizes.sum()
    expected = error**2 * sizes.sum() / (share * (1 - share))
    assert clustered(successes, sizes).design_effect == pytest.approx(expected)


def test_non_inferiority_is_the_exact_binomial_tail():
    result = non_inferior(95, 100, floor=0.9)
    assert result.p_value == pytest.approx(stats.binomtest(95, 100, 0.9, alternative="greater").pvalue)


def test_the_diagnostic_table_of_epir():
    # epiR::epi.tests example: 670, 202, 74, 640
    table = diagnostic_table(670, 202, 74, 640)
    assert table["sensitivity"].value == pytest.approx(0.9005, abs=5e-5)
    assert table["specificity"].value == pytest.approx(0.7601, abs=5e-5)
    assert table["lr_positive"].value == pytest.approx(3.7537, abs=5e-4)
    assert table["lr_positive"].interval.low == pytest.approx(3.32, abs=5e-3)
    assert table["lr_positive"].interval.high == pytest.approx(4.24, abs=5e-3)


def test_a_table_without_diseased_says_so_and_keeps_the_rest():
    table = diagnostic_table(0, 5, 0, 95)
    assert isinstance(table["sensitivity"], NotEstimable)
    assert isinstance(table["specificity"], Estimate)


@pytest.mark.parametrize("size", [10**9, 10**15, 10**18])
def test_huge_counts_still_have_a_width(size):
    for hits in (0, 1, size // 2, size - 1, size):
        for estimate in (wilson(hits, size), clopper_pearson(hits, size), difference(hits, size, size - hits, size)):
            assert estimate.interval.low < estimate.interval.high
            assert estimate.interval.low <= estimate.value <= estimate.interval.high


ALIKE = [([0, 0, 0], [1, 1, 1]), ([1] * 40, [2] * 40), ([3] * 50, [3] * 50), ([1, 2], [1, 2]), ([1, 0], [3, 1])]


@pytest.mark.parametrize("method", ["logit", "wilson"])
@pytest.mark.parametrize(("successes", "trials"), ALIKE)
def test_clusters_all_alike_and_few_still_have_a_width(successes, trials, method):
    estimate = clustered(successes, trials, method=method)
    assert 0 <= estimate.interval.low < estimate.interval.high <= 1
    assert estimate.value in estimate.interval
    assert np.isfinite(estimate.design_effect)


def test_the_order_of_clusters_and_empty_ones_change_nothing():
    generator = np.random.default_rng(4)
    sizes = generator.integers(1, 5, 60)
    successes = generator.binomial(sizes, 0.3)
    order = generator.permutation(60)
    changed = clustered(np.append(successes[order], 0), np.append(sizes[order], 0))
    assert changed.interval.low == pytest.approx(clustered(successes, sizes).interval.low)


def test_counting_the_other_outcome_mirrors_the_interval():
    successes, sizes = np.array([0, 1, 2, 1] * 20), np.array([2, 2, 3, 1] * 20)
    for method in ("logit", "wilson"):
        there, back = (clustered(hits, sizes, method=method).interval for hits in (successes, sizes - successes))
        assert (back.low, back.high) == pytest.approx((1 - there.high, 1 - there.low))


@pytest.mark.parametrize(
    ("successes", "trials"), [([1], [1, 2]), ([3], [2]), ([-1, 1], [2, 2]), ([0.5, 1], [2, 2]), ([np.nan, 1], [2, 2])]
)
def test_impossible_clusters_are_refused(successes, trials):
    with pytest.raises(ValueError, match=r"."):
        clustered(successes, trials)


def test_the_clustered_error_is_that_of_statsmodels():
    generator = np.random.default_rng(2)
    sizes = generator.integers(1, 6, 150)
    successes = generator.binomial(sizes, generator.beta(3, 5, 150))
    patients = np.repeat(np.arange(150), sizes)
    outcomes = np.concatenate([np.arange(n) < x for x, n in zip(successes, sizes, strict=True)]).astype(float)
    fit = OLS(outcomes, np.ones(outcomes.size)).fit(
        cov_type="cluster", cov_kwds={"groups": patients, "use_correction": False}
    )
    share = successes.sum() / sizes.sum()
    expected = fit.bse[0] ** 2 * 150 / 149 * sizes.sum() / (share * (1 - share))
    assert clustered(successes, sizes).design_effect == pytest.approx(expected)
