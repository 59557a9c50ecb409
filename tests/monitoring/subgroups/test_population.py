import numpy as np
import pytest
from scipy import stats

from monitoring.statistics.results import NotEstimable
from monitoring.subgroups.population import chi_square, shift_of, standardised_difference


def test_the_standardised_difference_of_two_shares_is_austins():
    # (p₁ − p₂) / √((p₁q₁ + p₂q₂)/2), Austin 2009.
    found = standardised_difference(np.array([0.4, 0.6]), np.array([0.5, 0.5]))
    assert found == pytest.approx(0.1 / np.sqrt((0.24 + 0.25) / 2), abs=1e-4)


def test_the_order_of_values_does_not_matter():
    one, other = np.array([0.2, 0.3, 0.5]), np.array([0.3, 0.3, 0.4])
    turned = [2, 0, 1]
    assert standardised_difference(one, other) == pytest.approx(standardised_difference(one[turned], other[turned]))
    assert standardised_difference(one, one) == 0


def test_the_test_is_the_likelihood_ratio_of_two_samples():
    found = chi_square(np.array([400.0, 600.0]), np.array([0.5, 0.5]), size=1000)
    other = stats.chi2_contingency([[400.5, 600.5], [500.5, 500.5]], correction=False, lambda_="log-likelihood")
    assert found.statistic == pytest.approx(other.statistic, rel=1e-9)


def test_cases_that_development_had_not_are_outside():
    found = shift_of("age_band", {"60-69": 60, "80-89": 20, "unknown": 5}, developed={"60-69": 1.0}, size=500)
    assert found.outside.value == pytest.approx(0.25)
    assert found.unknown == 5
    assert [row.value for row in found.rows if row.is_outside] == ["80-89"]
    assert found.state == "act"


def test_shares_that_leave_room_put_nobody_named_outside_but_strangers():
    found = shift_of("sex", {"F": 50, "M": 50}, developed={"F": 0.5, "M": 0.5}, size=None)
    assert found.state == "ok"
    assert found.outside.value == 0
    assert found.outside.interval.high > 0


def test_an_empty_window_says_so():
    found = shift_of("sex", {}, developed={"F": 0.5, "M": 0.5}, size=10)
    assert isinstance(found.distance, NotEstimable)
    assert isinstance(found.test, NotEstimable)
    assert isinstance(found.outside, NotEstimable)
