"""What no honest caller sends: it is refused with a reason, never answered with NaN, and never half understood."""

import warnings

import numpy as np
import pytest

from monitoring.statistics.agreement import cohen_kappa, gwet_ac, krippendorff_alpha
from monitoring.statistics.calibration import brier
from monitoring.statistics.delay import nowcast
from monitoring.statistics.distances import energy_distance, maximum_mean_discrepancy, wasserstein
from monitoring.statistics.measurement import bland_altman, concordance_correlation, icc, passing_bablok
from monitoring.statistics.planning import sample_size_auc
from monitoring.statistics.proportions import clopper_pearson, wilson
from monitoring.statistics.roc import auc
from monitoring.statistics.sequential import ewma, normal_cusum, shiryaev_roberts
from monitoring.statistics.verification import rogan_gladen, weighted_rates

SCORES, LABELS = [0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]


@pytest.fixture(autouse=True)
def _loud():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize(
    "scores",
    [
        ["0.1", "0.4", "0.35", "0.8"],
        np.array([1, 2, 3, 4], dtype="M8[D]"),
        np.array([1 + 2j, 2, 3, 4]),
        np.ma.masked_array(SCORES, mask=[0, 1, 0, 0]),
    ],
)
def test_what_is_no_number_is_refused(scores):
    with pytest.raises(ValueError, match="scores must hold numbers"):
        auc(scores, LABELS)


@pytest.mark.parametrize(
    "clusters", [[None] * 4, [None, 1, 1, 2], ["a", None, "b", "b"], np.array([1, np.nan, 2, 2], object)]
)
def test_a_patient_that_nobody_names_is_refused(clusters):
    with pytest.raises(ValueError, match="clusters must not hold missing keys"):
        auc(SCORES, LABELS, clusters=clusters)


@pytest.mark.parametrize("level", ["x", None, [0.95], float("nan"), 95])
def test_a_level_is_a_number_inside_0_and_1(level):
    with pytest.raises(ValueError, match="level must"):
        wilson(3, 10, level=level)


@pytest.mark.parametrize("proportion", [wilson, clopper_pearson])
def test_counts_beyond_all_counting_are_refused(proportion):
    with pytest.raises(ValueError, match="trials must be a count"):
        proportion(3, 1e300)


@pytest.mark.parametrize(
    "distance", [bland_altman, concordance_correlation, passing_bablok, wasserstein, energy_distance]
)
def test_numbers_whose_squares_are_infinite_are_refused(distance):
    with pytest.raises(ValueError, match="must not hold numbers beyond"):
        distance([1e308, -1e308, 1e308, 0.0], [1.0, 2.0, 3.0, 5.0])


def test_so_are_ratings():
    ratings = [[1e200, 2e200], [3e200, 1e200]]
    for agreement in (icc, lambda table: krippendorff_alpha(table, metric="interval")):
        with pytest.raises(ValueError, match="must not hold numbers beyond"):
            agreement(ratings)
    with pytest.raises(ValueError, match="x must not hold"):
        maximum_mean_discrepancy([1e300, 2e300], [1.0, 2.0], seed=1)


def test_texts_have_no_intraclass_correlation():
    with pytest.raises(ValueError, match="ratings must hold numbers only"):
        icc([["a", "b"], ["c", "d"]])


def test_vectors_of_different_length_have_no_discrepancy():
    with pytest.raises(ValueError, match="different length"):
        maximum_mean_discrepancy(np.zeros((3, 2)), np.zeros((3, 4)), seed=1)


@pytest.mark.parametrize(
    "chart", [normal_cusum(k=0.5, arl0=500), ewma(lam=0.2, arl0=500), shiryaev_roberts(k=0.5, arl0=500)]
)
@pytest.mark.parametrize("shift", [float("nan"), float("inf"), "a", None])
def test_a_shift_is_a_finite_number(chart, shift):
    with pytest.raises(ValueError, match="shift of the mean"):
        chart.arl(shift)


def test_a_shift_away_from_a_one_sided_chart_never_alarms():
    assert normal_cusum(k=0.5, arl0=500, sides=1).arl(-50) == float("inf")
    assert normal_cusum(k=0.5, arl0=500, sides=2).arl(50) == pytest.approx(1)


@pytest.mark.parametrize("k", [float("nan"), float("inf"), 0, -1, "a"])
def test_an_allowance_is_positive_and_finite(k):
    with pytest.raises(ValueError, match="k must be positive"):
        normal_cusum(k=k, arl0=500)


def test_a_coefficient_below_minus_one_lies_in_its_interval():
    """Weights that punish every answer given and none that chance would give: 1 − 1/(1/3) = −2."""
    found = cohen_kappa([[0, 5, 0], [0, 0, 5], [5, 0, 0]], weights=[[0, 1, 0], [0, 0, 1], [1, 0, 0]])
    assert found.value == pytest.approx(-2)
    assert found.value in found.interval


@pytest.mark.parametrize("coefficient", [lambda table: gwet_ac(table=table, weights="quadratic"), cohen_kappa])
def test_every_coefficient_lies_in_its_interval(coefficient):
    generator = np.random.default_rng(62)
    for _ in range(300):
        size = int(generator.integers(2, 5))
        table = generator.integers(0, 4, (size, size)) * (generator.random((size, size)) < 0.6)
        found = coefficient(table)
        assert not hasattr(found, "value") or found.value in found.interval


def test_probabilities_that_no_draw_has_are_refused():
    with pytest.raises(ValueError, match="inclusion_probabilities below"):
        weighted_rates([1, 0, 1], [1, 0, 0], inclusion_probabilities=[1e-300, 0.5, 0.5])


def test_a_measured_rate_may_be_an_array():
    counts = rogan_gladen(50, 200, sensitivity=(90, 100), specificity=(95, 100))
    assert rogan_gladen(50, 200, sensitivity=np.array([90, 100]), specificity=[95, 100]) == counts


@pytest.mark.parametrize("bins", [0, 2.5, float("nan"), None, "a"])
def test_bins_are_a_whole_number(bins):
    with pytest.raises(ValueError, match="bins must be a whole number"):
        brier(SCORES, LABELS, bins=bins)


@pytest.mark.parametrize("half_width", [0, -0.1, 1, float("nan")])
def test_a_half_width_lies_inside_0_and_1(half_width):
    with pytest.raises(ValueError, match="half_width must"):
        sample_size_auc(0.9, half_width=half_width)


@pytest.mark.parametrize("triangle", [[1, 2], ["ab"], [["a"]], [[1e300, 2e300], [1e300]]])
def test_a_triangle_holds_rows_of_counts(triangle):
    with pytest.raises(ValueError, match="counts_triangle must hold"):
        nowcast(triangle)


def test_the_figures_of_a_period_are_plain_numbers():
    found = nowcast([[10, 15, 18], [12, 17], [9]]).periods[2]
    for each in (found.expected_final, found.outstanding, found.maturity):
        assert type(each.value) is type(each.interval.low) is float


def test_equal_measurements_of_one_method_raise_no_warning():
    found = passing_bablok([1, 2, 3, 4, 4, 6], [1, 2, 2, 4, 5, 6])
    assert found.slope.value == pytest.approx(1)
