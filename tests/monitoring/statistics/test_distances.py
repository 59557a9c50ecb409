"""Distances are held to published values, to hand counts and to their own null."""

import numpy as np
import pytest
from scipy import stats
from scipy.linalg import sqrtm
from scipy.spatial.distance import jensenshannon

from monitoring.statistics.distances import (
    chi_square,
    energy_distance,
    frechet_distance,
    jensen_shannon,
    kolmogorov_smirnov,
    maximum_mean_discrepancy,
    population_stability_index,
    stability_null,
    wasserstein,
)
from monitoring.statistics.results import NotEstimable


def test_the_stability_index_of_a_hand_counted_example():
    value = population_stability_index([50, 50], [25, 75])
    assert value == pytest.approx((0.25 - 0.5) * np.log(0.5) + (0.75 - 0.5) * np.log(1.5))


def test_an_empty_bin_counts_as_half_a_case():
    value = population_stability_index([10, 0], [5, 5])
    assert value == pytest.approx((0.5 - 1.0) * np.log(0.5) + (0.5 - 0.05) * np.log(10))


def test_identical_histograms_have_index_zero():
    assert population_stability_index([3, 9, 0, 1], [6, 18, 0, 2]) == 0


def test_the_stability_index_under_no_change_follows_yurdakul():
    """E[PSI] ≈ (B − 1)(1/n + 1/m), and the limit holds its level."""
    generator = np.random.default_rng(8)
    n, m, bins = 800, 300, 10
    null = stability_null(bins=bins, reference_cases=n, current_cases=m)
    found = [
        population_stability_index(
            generator.multinomial(n, [1 / bins] * bins), generator.multinomial(m, [1 / bins] * bins)
        )
        for _ in range(3_000)
    ]
    assert np.mean(found) == pytest.approx(null.expected, rel=0.05)
    assert np.mean(np.array(found) > null.limit) == pytest.approx(0.05, abs=0.012)


def test_the_usual_limit_of_a_tenth_is_noise_for_a_hundred_cases():
    assert stability_null(bins=10, reference_cases=100, current_cases=100).expected > 0.1


def test_kolmogorov_smirnov_agrees_with_scipy():
    x, y = np.random.default_rng(1).normal(size=(2, 200))
    found, expected = kolmogorov_smirnov(x, y), stats.ks_2samp(x, y)
    assert (found.statistic, found.p_value) == pytest.approx((expected.statistic, expected.pvalue))


def test_wasserstein_has_the_unit_of_the_values():
    x = np.arange(10.0)
    assert wasserstein(x, x + 3) == pytest.approx(3)
    assert wasserstein(10 * x, 10 * x + 30) == pytest.approx(30)


def test_energy_distance_is_the_root_of_the_statistic():
    assert energy_distance([0.0], [1.0]) == pytest.approx(np.sqrt(2))


def test_jensen_shannon_runs_from_nothing_to_one():
    x = np.linspace(0, 1, 100)
    assert jensen_shannon(x, x) == pytest.approx(0, abs=1e-9)
    assert jensen_shannon(x, x + 5) == pytest.approx(1)


def test_few_distinct_values_are_compared_value_by_value():
    rare = [0.0] * 900 + [1.0] * 99 + [2.0]
    found = jensen_shannon(rare, [0.0] * 1_000)
    assert found == pytest.approx(jensenshannon([0.9, 0.099, 0.001], [1, 0, 0], base=2))


@pytest.mark.parametrize("distance", [wasserstein, energy_distance, jensen_shannon])
def test_distances_are_those_of_scipy_and_symmetric(distance):
    x, y = [0.1, 0.4, 0.4, 0.9, 2.0], [0.2, 0.4, 1.7]
    names = {wasserstein: stats.wasserstein_distance, energy_distance: stats.energy_distance}
    if distance in names:
        assert distance(x, y) == pytest.approx(names[distance](x, y))
    assert distance(x, y) == pytest.approx(distance(y, x))


def test_the_discrepancy_by_hand():
    """x = 0, 2 and y = 1, 5: squared distances 4, 1, 25, 1, 9, 16 with median 6.5."""
    k = lambda d: np.exp(-(d**2) / 6.5)  # noqa: E731
    expected = k(2) + k(4) - (k(1) + k(5) + k(1) + k(3)) / 2
    assert maximum_mean_discrepancy([0.0, 2.0], [1.0, 5.0], seed=0) == pytest.approx(expected)


def test_the_frechet_distance_of_one_dimension_by_hand():
    """(μ₁ − μ₂)² + (σ₁ − σ₂)²."""
    assert frechet_distance([1.0], [[4.0]], [3.0], [[9.0]]) == pytest.approx(4 + 1)
    assert frechet_distance(1.0, 4.0, 3.0, 9.0) == pytest.approx(5)


def test_the_frechet_distance_is_the_formula_with_a_matrix_root():
    generator = np.random.default_rng(4)
    a, b = (np.cov(generator.normal(size=(8, 60)) * np.arange(1, 9)[:, None]) for _ in range(2))
    m, n = generator.normal(size=(2, 8))
    expected = ((m - n) ** 2).sum() + np.trace(a + b - 2 * sqrtm(a @ b).real)
    assert frechet_distance(m, a, n, b) == pytest.approx(expected)
    assert frechet_distance(m, a, m, a) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("covariance", [[[1.0, 0.5], [0.1, 1.0]], [[1.0, 2.0], [2.0, 1.0]], [[1.0]]])
def test_matrices_that_are_no_covariance_are_refused(covariance):
    with pytest.raises(ValueError, match="cov_b"):
        frechet_distance([0, 0], np.eye(2), [0, 0], covariance)


def test_chi_square_matches_a_published_table():
    """Agresti, Categorical Data Analysis, aspirin and heart attack: X² = 25.01 with one degree of freedom."""
    found = chi_square([189, 10_845], [104, 10_933])
    assert found.statistic == pytest.approx(25.01, abs=0.01)
    assert found.df == 1
    assert found.cramers_v == pytest.approx(np.sqrt(25.0139 / 22_071), rel=1e-3)


def test_a_new_category_counts_and_one_empty_everywhere_does_not():
    assert chi_square([50, 0, 0], [40, 10, 0]).df == 1
    assert chi_square([50, 0], [50, 0]) == NotEstimable("one category only")


def test_the_discrepancy_is_near_zero_without_a_change_and_large_with_one():
    generator = np.random.default_rng(3)
    x, y = generator.normal(size=(2, 300, 4))
    assert abs(maximum_mean_discrepancy(x, y, seed=1)) < 0.01
    assert maximum_mean_discrepancy(x, y + 1.5, seed=1) > 0.1


def test_nothing_on_one_side_is_a_result_with_a_reason():
    for distance in (kolmogorov_smirnov, wasserstein, energy_distance, jensen_shannon):
        assert isinstance(distance([], [1.0]), NotEstimable)
    assert isinstance(population_stability_index([0, 0], [1, 2]), NotEstimable)


@pytest.mark.parametrize("counts", [([1, 2], [1]), ([-1, 2], [1, 1]), ([0.5, 1], [1, 1])])
def test_impossible_counts_are_refused(counts):
    with pytest.raises(ValueError, match=r"lengths|whole"):
        population_stability_index(*counts)
