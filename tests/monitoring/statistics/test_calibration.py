"""Calibration against the FDA's example, statsmodels and scikit-learn, and what must hold for any scores."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from monitoring.statistics.calibration import (
    brier,
    expected_calibration_error,
    in_the_large,
    reliability_curve,
    slope_and_intercept,
    spiegelhalter,
)
from monitoring.statistics.results import NotEstimable

CALZONE = Path(__file__).resolve().parents[4] / "shared" / "data" / "calzone"
FUNCTIONS = (
    slope_and_intercept,
    in_the_large,
    expected_calibration_error,
    brier,
    spiegelhalter,
    reliability_curve,
)

graded = st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=4, max_size=80).filter(
    lambda rows: 0 < sum(label for _, label in rows) < len(rows)
)


def drawn(*, cases=400, slope=0.8, shift=0.2, seed=1):
    generator = np.random.default_rng(seed)
    scores = expit(generator.normal(-0.5, 1.5, cases))
    return scores, (generator.random(cases) < expit(shift + slope * logit(scores))).astype(int)


def calzone(name):
    path = CALZONE / f"simulated_{name}data.csv"
    if not path.exists():
        pytest.skip("needs ../shared/data/calzone")
    table = pd.read_csv(path)
    return table["proba_1"].to_numpy(), table["label"].to_numpy().astype(int)


@pytest.mark.parametrize(
    ("name", "slope", "large", "by_width"),
    [("well", 0.99425, -0.0452, 0.012088), ("mis", 0.49712, -0.0745, 0.081446)],
)
def test_the_example_of_calzone(name, slope, large, by_width):
    # DIDSR/calzone, quick start: slope .994, intercept −.045, z .376, ECE .012 and .009 (well calibrated).
    scores, labels = calzone(name)
    line = slope_and_intercept(scores, labels)
    assert line.slope.value == pytest.approx(slope, abs=6e-6)
    assert line.intercept.value == pytest.approx(-0.045, abs=5e-5)
    assert in_the_large(scores, labels).value == pytest.approx(large, abs=5e-5)
    assert expected_calibration_error(scores, labels).value == pytest.approx(by_width, abs=5e-7)


def test_the_well_calibrated_example_shows_no_fault():
    scores, labels = calzone("well")
    assert spiegelhalter(scores, labels).statistic == pytest.approx(0.376, abs=5e-4)
    error = expected_calibration_error(scores, labels, binning="count")
    assert error.value == pytest.approx(0.009, abs=5e-4)
    assert error.interval.low == 0
    assert error.expected_by_chance == pytest.approx(0.0114, abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_the_line_is_that_of_statsmodels(seed):
    scores, labels = drawn(seed=seed)
    fit = sm.Logit(labels, sm.add_constant(logit(scores))).fit(disp=0)
    line = slope_and_intercept(scores, labels)
    assert (line.intercept.value, line.slope.value) == pytest.approx(tuple(fit.params))
    assert (line.slope.interval.low, line.slope.interval.high) == pytest.approx(tuple(fit.conf_int()[1]))


def test_clusters_give_the_sandwich_of_statsmodels():
    scores, labels = drawn()
    patients = np.arange(400) // 4
    fit = sm.Logit(labels, sm.add_constant(logit(scores))).fit(
        disp=0, cov_type="cluster", cov_kwds={"groups": patients, "use_correction": False}
    )
    interval = slope_and_intercept(scores, labels, clusters=patients).slope.interval
    assert interval.width == pytest.approx(2 * 1.959964 * fit.bse[1] * np.sqrt(100 / 99), rel=1e-6)


def test_calibration_in_the_large_is_an_intercept_with_an_offset():
    scores, labels = drawn()
    fit = sm.GLM(labels, np.ones((400, 1)), family=sm.families.Binomial(), offset=logit(scores)).fit(
        cov_type="HC0", use_t=False
    )
    estimate = in_the_large(scores, labels)
    assert estimate.value == pytest.approx(fit.params[0])
    assert estimate.value != pytest.approx(labels.mean() - scores.mean(), abs=0.01)
    assert estimate.interval.width == pytest.approx(2 * 1.959964 * fit.bse[0] * np.sqrt(400 / 399), rel=1e-6)


@given(graded)
def test_the_brier_score_is_that_of_scikit_learn_and_its_parts_add_up(rows):
    scores, labels = np.array([grade / 10 for grade, _ in rows]), np.array([int(label) for _, label in rows])
    estimate = brier(scores, labels)
    assert estimate.value == pytest.approx(brier_score_loss(labels, scores))
    assert estimate.reliability - estimate.resolution + estimate.uncertainty == pytest.approx(estimate.value)
    assert estimate.within_bins == pytest.approx(0)
    assert estimate.interval.low <= estimate.value <= estimate.interval.high


def test_the_parts_of_continuous_scores_add_up_too():
    scores, labels = drawn()
    for binning in ("width", "count"):
        estimate = brier(scores, labels, binning=binning)
        assert estimate.reliability - estimate.resolution + estimate.uncertainty == pytest.approx(estimate.value)


@pytest.mark.parametrize("binning", ["width", "count"])
def test_the_curve_and_its_mean_error_are_those_of_scikit_learn(binning):
    scores, labels = drawn()
    strategy = {"width": "uniform", "count": "quantile"}[binning]
    observed, predicted = calibration_curve(labels, scores, n_bins=10, strategy=strategy)
    points = reliability_curve(scores, labels, binning=binning).points
    assert [point.observed.value for point in points] == pytest.approx(list(observed))
    assert [point.mean_score for point in points] == pytest.approx(list(predicted))
    weights = [point.observed.cases / 400 for point in points]
    expected = np.sum(weights * np.abs(observed - predicted))
    assert expected_calibration_error(scores, labels, binning=binning).value == pytest.approx(expected)


def test_the_test_of_spiegelhalter_by_hand():
    scores, labels = np.array([0.1, 0.2, 0.7, 0.9]), np.array([0, 1, 1, 1])
    top = sum((y - p) * (1 - 2 * p) for p, y in zip(scores, labels, strict=True))
    below = sum((1 - 2 * p) ** 2 * p * (1 - p) for p in scores)
    assert spiegelhalter(scores, labels).statistic == pytest.approx(top / np.sqrt(below))


@pytest.mark.parametrize(
    ("scores", "labels"),
    [
        ([0.1, 0.2, 0.7, 0.9], [0, 0, 1, 1]),
        ([0.9, 0.8, 0.3, 0.1], [0, 0, 1, 1]),
        ([0.1, 0.5, 0.5, 0.9], [0, 0, 1, 1]),
    ],
)
def test_separated_classes_have_no_slope_and_say_so(scores, labels):
    result = slope_and_intercept(scores, labels)
    assert isinstance(result, NotEstimable)
    assert "separate" in result.reason


def test_scores_all_alike_have_no_slope_but_a_level():
    assert isinstance(slope_and_intercept([0.3] * 10, [0, 1] * 5), NotEstimable)
    assert in_the_large([0.3] * 10, [0, 1] * 5).value == pytest.approx(-logit(0.3))
    flat = brier([0.5] * 10, [0, 1] * 5)
    assert flat.value == 0.25
    assert flat.interval.width > 0.1


def test_certain_scores_are_clipped_and_counted():
    scores, labels = drawn()
    certain = np.where(np.arange(400) < 3, 1.0, scores)
    assert slope_and_intercept(certain, labels).clipped == 3
    assert slope_and_intercept(scores, labels).clipped == 0


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_cases_and_one_class_cannot_be_estimated(function):
    assert isinstance(function([], []), NotEstimable)
    assert isinstance(function([0.2, 0.4], [1, 1]), NotEstimable)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("scores", "labels"), [([0.2, 1.1], [0, 1]), ([0.2, np.nan], [0, 1]), ([0.2], [0, 1]), ([0.2, 0.4], [0, 3])]
)
def test_what_is_no_probability_is_refused(function, scores, labels):
    with pytest.raises(ValueError, match=r"."):
        function(scores, labels)


@pytest.mark.parametrize("options", [{"bins": 0}, {"bins": 2.5}, {"binning": "equal"}])
def test_impossible_bins_are_refused(options):
    with pytest.raises(ValueError, match=r"."):
        expected_calibration_error([0.2, 0.4], [0, 1], **options)


@given(graded, st.randoms(use_true_random=False))
def test_the_order_of_cases_changes_nothing(rows, chance):
    mixed = chance.sample(rows, len(rows))
    first, second = (
        [function([grade / 10 for grade, _ in some], [label for _, label in some]) for function in FUNCTIONS[1:4]]
        for some in (rows, mixed)
    )
    for one, other in zip(first, second, strict=True):
        assert type(one) is type(other)
        if not isinstance(one, NotEstimable):
            assert one.value == pytest.approx(other.value)
            assert one.interval.low == pytest.approx(other.interval.low)


def test_swapping_labels_and_scores_mirrors_the_level_and_keeps_the_slope():
    scores, labels = drawn()
    there, back = slope_and_intercept(scores, labels), slope_and_intercept(1 - scores, 1 - labels)
    assert back.slope.value == pytest.approx(there.slope.value)
    assert back.intercept.value == pytest.approx(-there.intercept.value)
