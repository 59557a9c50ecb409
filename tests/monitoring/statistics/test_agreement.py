"""Agreement of measurements and categories, held to published figures and a second implementation."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from monitoring.statistics.agreement import LimitsOfAgreement, bland_altman, kappa, mean_absolute_error, median
from monitoring.statistics.results import NotEstimable

# Peak expiratory flow by two meters, l/min: Bland & Altman, Lancet 1986;327:307-310, table (first measurements).
WRIGHT = (494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427)
MINI = (512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451)


def test_bias_matches_the_published_interval():
    found = bland_altman(WRIGHT, MINI)

    assert isinstance(found, LimitsOfAgreement)
    assert found.bias.value == pytest.approx(-2.1, abs=0.05)
    assert found.bias.interval.low == pytest.approx(-22.0, abs=0.1)
    assert found.bias.interval.high == pytest.approx(17.8, abs=0.1)


def test_limits_are_the_published_ones_with_1_96_for_their_2():
    found = bland_altman(WRIGHT, MINI)

    assert isinstance(found, LimitsOfAgreement)
    assert (found.upper.value - found.bias.value) / 1.96 == pytest.approx(38.8, abs=0.05)
    assert found.lower.value + found.upper.value == pytest.approx(2 * found.bias.value)


def test_the_same_cases_twice_are_worth_no_more():
    once = bland_altman(WRIGHT, MINI)
    twice = bland_altman(WRIGHT * 2, MINI * 2, clusters=list(range(17)) * 2)

    assert isinstance(once, LimitsOfAgreement)
    assert isinstance(twice, LimitsOfAgreement)
    assert twice.bias.interval.low == pytest.approx(once.bias.interval.low)
    assert "clustered" in twice.bias.method


def test_mean_absolute_error_is_the_mean_distance():
    found = mean_absolute_error(WRIGHT, MINI)

    assert not isinstance(found, NotEstimable)
    assert found.value == pytest.approx(np.abs(np.subtract(WRIGHT, MINI)).mean())
    assert found.value in found.interval


@pytest.mark.parametrize("measure", [bland_altman, mean_absolute_error])
def test_one_patient_tells_nothing_of_the_spread(measure):
    assert isinstance(measure([1.0, 2.0], [1.5, 2.5], clusters=["a", "a"]), NotEstimable)


def test_equal_measurements_have_an_interval_of_their_own_width():
    found = bland_altman([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])

    assert isinstance(found, LimitsOfAgreement)
    assert found.bias.value == 0.0
    assert found.bias.interval.low < 0.0 < found.bias.interval.high


@pytest.mark.parametrize("weights", ["none", "quadratic"])
def test_kappa_agrees_with_a_second_implementation(weights):
    generator = np.random.default_rng(3)
    first = generator.integers(0, 4, 300)
    second = np.where(generator.random(300) < 0.7, first, generator.integers(0, 4, 300))

    found = kappa(first.tolist(), second.tolist(), classes=[0, 1, 2, 3], weights=weights)

    assert not isinstance(found, NotEstimable)
    other = cohen_kappa_score(first, second, weights=None if weights == "none" else "quadratic")
    assert found.value == pytest.approx(other)


def test_kappas_interval_is_near_the_asymptotic_one():
    table = np.array([[88, 10, 2], [14, 40, 6], [18, 10, 12]])
    pairs = [(i, j) for i in range(3) for j in range(3) for _ in range(table[i, j])]

    found = kappa([i for i, _ in pairs], [j for _, j in pairs], classes=[0, 1, 2])

    assert not isinstance(found, NotEstimable)
    asymptotic = cohens_kappa(table)
    assert found.value == pytest.approx(asymptotic.kappa)
    assert found.interval.low == pytest.approx(asymptotic.kappa_low, abs=0.01)
    assert found.interval.high == pytest.approx(asymptotic.kappa_upp, abs=0.01)


def test_everything_in_one_class_has_no_kappa():
    assert isinstance(kappa(["a"] * 5, ["a"] * 5, classes=["a", "b"]), NotEstimable)


def test_the_median_lies_between_order_statistics():
    # 25 values: the 95 % interval is the 8th to the 18th (Conover, table A3, n = 25).
    found = median(range(1, 26))

    assert not isinstance(found, NotEstimable)
    assert (found.interval.low, found.value, found.interval.high) == (8.0, 13.0, 18.0)


def test_five_values_are_too_few_for_a_median():
    assert isinstance(median([1, 2, 3, 4, 5]), NotEstimable)
