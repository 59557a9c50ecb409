"""Agreement of measured values, held to published figures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from monitoring.statistics.means import mean
from monitoring.statistics.measurement import (
    LimitsOfAgreement,
    MethodLine,
    bland_altman,
    concordance_correlation,
    deming,
    icc,
    mean_absolute_error,
    median,
    passing_bablok,
    quantile,
    repeatability_coefficient,
)
from monitoring.statistics.results import Estimate, NotEstimable

# Peak expiratory flow by two meters, l/min, twice each: Bland & Altman, Lancet 1986;327:307-310, table.
WRIGHT = (494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427)
WRIGHT_AGAIN = (490, 397, 512, 401, 470, 611, 415, 431, 638, 429, 420, 633, 275, 492, 165, 372, 421)
MINI = (512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451)
MINI_AGAIN = (525, 415, 508, 444, 500, 625, 460, 390, 642, 432, 420, 605, 227, 467, 268, 370, 443)

# Six subjects by four judges: Shrout & Fleiss, Psychol Bull 1979;86:420-428, table 2.
JUDGES = ((9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7))


def estimated(found):
    assert isinstance(found, Estimate)
    return found


# --- Bland and Altman --------------------------------------------------------------------------------------------


def test_bias_matches_the_published_interval():
    found = bland_altman(WRIGHT, MINI)

    assert isinstance(found, LimitsOfAgreement)
    assert found.bias.value == pytest.approx(-2.1, abs=0.05)
    assert found.bias.interval.low == pytest.approx(-22.0, abs=0.1)
    assert found.bias.interval.high == pytest.approx(17.8, abs=0.1)


def test_limits_are_the_published_ones_with_1_96_for_their_2():
    found = bland_altman(WRIGHT, MINI)

    assert isinstance(found, LimitsOfAgreement)
    spread = (found.upper.value - found.bias.value) / 1.96
    assert spread == pytest.approx(38.8, abs=0.05)
    assert found.bias.value - 2 * spread == pytest.approx(-79.7, abs=0.1)
    assert found.bias.value + 2 * spread == pytest.approx(75.5, abs=0.1)
    assert (found.lower.value, found.upper.value) == (pytest.approx(-78.1, abs=0.05), pytest.approx(73.9, abs=0.05))


def test_intervals_of_the_limits_are_near_the_published_ones():
    # 1986, p. 309: −114.3 to −45.1 and 40.9 to 110.1 around ±2 SD, so 1.6 further in around ±1.96 SD.
    found = bland_altman(WRIGHT, MINI)

    assert isinstance(found, LimitsOfAgreement)
    assert found.lower.interval.low == pytest.approx(-114.3 + 1.6, abs=0.6)
    assert found.upper.interval.high == pytest.approx(110.1 - 1.6, abs=0.6)


def test_the_same_cases_twice_are_worth_no_more():
    once = bland_altman(WRIGHT, MINI)
    twice = bland_altman(WRIGHT * 2, MINI * 2, clusters=list(range(17)) * 2)

    assert isinstance(once, LimitsOfAgreement)
    assert isinstance(twice, LimitsOfAgreement)
    assert twice.bias.interval.low == pytest.approx(once.bias.interval.low)
    assert "clustered" in twice.bias.method


def test_mean_absolute_error_is_the_mean_distance():
    found = estimated(mean_absolute_error(WRIGHT, MINI))

    assert found.value == pytest.approx(np.abs(np.subtract(WRIGHT, MINI)).mean())
    assert found.value in found.interval


@pytest.mark.parametrize("measure", [bland_altman, mean_absolute_error])
def test_one_patient_tells_nothing_of_the_spread(measure):
    assert isinstance(measure([1.0, 2.0], [1.5, 2.5], clusters=["a", "a"]), NotEstimable)


def test_equal_measurements_have_the_width_that_rounding_hides():
    whole = bland_altman([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    finer = bland_altman([1.0, 1.1, 3.0], [1.0, 1.1, 3.0])

    assert isinstance(whole, LimitsOfAgreement)
    assert isinstance(finer, LimitsOfAgreement)
    assert whole.bias.value == 0.0
    assert whole.bias.interval.low < finer.bias.interval.low < 0.0


@pytest.mark.parametrize(
    ("one", "again", "published"), [(WRIGHT, WRIGHT_AGAIN, 43.2), (MINI, MINI_AGAIN, 56.4)]
)  # Bland & Altman 1986, p. 309, with 2 SD of the differences: 21.6 and 28.2
def test_repeatability_matches_the_published_coefficients(one, again, published):
    found = estimated(repeatability_coefficient(np.column_stack([one, again])))

    assert found.value == pytest.approx(published * 1.96 / 2, abs=0.15)
    assert estimated(repeatability_coefficient(one, again)).value == found.value


def test_repetitions_may_be_missing_but_somebody_must_be_measured_twice():
    assert estimated(repeatability_coefficient([[1.0, 2.0, np.nan], [3.0, 3.5, 4.0], [9.0, np.nan, np.nan]])).cases == 2
    assert isinstance(repeatability_coefficient([[1.0, np.nan], [2.0, np.nan]]), NotEstimable)


# --- intraclass correlation --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "value", "low", "high"),
    [
        ("ICC(1,1)", 0.17, -0.13, 0.72),  # values: Shrout & Fleiss 1979, table 4; intervals: R psych, ICC()
        ("ICC(2,1)", 0.29, 0.02, 0.76),
        ("ICC(3,1)", 0.71, 0.34, 0.95),
        ("ICC(1,k)", 0.44, -0.88, 0.91),
        ("ICC(2,k)", 0.62, 0.07, 0.93),
        ("ICC(3,k)", 0.91, 0.68, 0.99),
    ],
)
def test_the_six_forms_match_shrout_and_fleiss(form, value, low, high):
    found = estimated(icc(JUDGES, form=form))

    assert found.value == pytest.approx(value, abs=0.005)
    assert found.interval.low == pytest.approx(low, abs=0.005)
    assert found.interval.high == pytest.approx(high, abs=0.005)


def test_a_subject_with_a_missing_rating_is_left_out_and_said():
    found = estimated(icc([*JUDGES, (1, np.nan, 2, 3)]))

    assert found.cases == 6
    assert "1 subjects" in found.method
    assert found.value == estimated(icc(JUDGES)).value


def test_perfect_raters_have_an_interval_and_equal_ratings_no_answer():
    found = estimated(icc([[each / 10, each / 10] for each in range(30)]))

    assert found.value == 1.0
    assert 0.9 < found.interval.low < found.interval.high == 1.0
    assert isinstance(icc([[4, 4], [4, 4], [4, 4]]), NotEstimable)


def test_an_unknown_form_and_infinite_ratings_are_refused():
    with pytest.raises(ValueError, match="form"):
        icc(JUDGES, form="ICC(4,1)")
    with pytest.raises(ValueError, match="finite"):
        icc([[1.0, np.inf], [2.0, 3.0]])


# --- concordance -------------------------------------------------------------------------------------------------


def test_concordance_is_lins_with_moments_over_n():
    found = estimated(concordance_correlation(WRIGHT, MINI))

    x, y = np.array(WRIGHT, float), np.array(MINI, float)
    direct = 2 * np.cov(x, y, ddof=0)[0, 1] / (x.var() + y.var() + (x.mean() - y.mean()) ** 2)
    assert found.value == pytest.approx(direct)
    assert found.value == pytest.approx(0.943, abs=0.001)  # epiR, epi.ccc on the same data
    assert 0.0 < found.interval.low < found.value < found.interval.high < 1.0


def test_lins_error_agrees_with_a_jackknife():
    generator = np.random.default_rng(7)
    a = generator.normal(50, 10, 400)
    b = a + generator.normal(2, 5, 400)

    asymptotic = estimated(concordance_correlation(a, b)).interval
    jackknife = estimated(concordance_correlation(a, b, clusters=np.arange(400))).interval

    assert asymptotic.width == pytest.approx(jackknife.width, rel=0.08)


def test_perfect_concordance_keeps_a_width():
    found = estimated(concordance_correlation([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]))

    assert found.value == 1.0
    assert found.interval.low < 1.0


# --- lines -------------------------------------------------------------------------------------------------------


def test_deming_with_equal_errors_is_the_orthogonal_line():
    found = deming(WRIGHT, MINI)

    assert isinstance(found, MethodLine)
    cloud = np.column_stack([WRIGHT, MINI]) - np.mean([WRIGHT, MINI], axis=1)
    direction = np.linalg.svd(cloud, full_matrices=False)[2][0]
    assert found.slope.value == pytest.approx(direction[1] / direction[0])


def test_deming_turns_round_when_the_methods_change_places():
    there, back = deming(WRIGHT, MINI, ratio=2.0), deming(MINI, WRIGHT, ratio=0.5)

    assert isinstance(there, MethodLine)
    assert isinstance(back, MethodLine)
    assert there.slope.value == pytest.approx(1 / back.slope.value)


def test_passing_bablok_does_not_mind_an_outlier():
    x = np.arange(1.0, 31.0)
    y = 2.0 + 1.5 * x + np.tile([-0.3, 0.1, 0.2], 10)
    y[4] = 500.0

    found = passing_bablok(x, y)

    assert isinstance(found, MethodLine)
    assert found.slope.value == pytest.approx(1.5, abs=0.02)
    assert 1.5 in found.slope.interval
    assert 2.0 in found.intercept.interval


def test_passing_bablok_turns_round_when_the_methods_change_places():
    there, back = passing_bablok(WRIGHT, MINI), passing_bablok(MINI, WRIGHT)

    assert isinstance(there, MethodLine)
    assert isinstance(back, MethodLine)
    assert there.slope.value == pytest.approx(1 / back.slope.value, rel=0.01)


@pytest.mark.parametrize("line", [deming, passing_bablok])
def test_a_line_through_every_point_keeps_a_width_and_one_value_has_no_line(line):
    found = line([1, 2, 3, 4], [1, 2, 3, 4])

    assert found.slope.value == pytest.approx(1.0)
    assert found.slope.interval.width > 0
    assert isinstance(line([2, 2, 2, 2], [1, 2, 3, 4]), NotEstimable)


# --- quantiles ---------------------------------------------------------------------------------------------------


def test_the_median_lies_between_order_statistics():
    # 25 values: the 95 % interval is the 8th to the 18th (Conover, table A3, n = 25).
    found = estimated(median(range(1, 26)))

    assert (found.interval.low, found.value, found.interval.high) == (8.0, 13.0, 18.0)


def test_five_values_are_too_few_for_a_median():
    assert isinstance(median([1, 2, 3, 4, 5]), NotEstimable)


@given(st.integers(40, 300), st.sampled_from([0.25, 0.5, 0.75, 0.9]))
def test_a_quantiles_interval_covers_at_least_its_level(size, share):
    found = quantile(range(1, size + 1), share=share)
    if isinstance(found, Estimate):
        inside = stats.binom.cdf(found.interval.high - 1, size, share) - stats.binom.cdf(
            found.interval.low - 1, size, share
        )
        assert inside >= 0.95 - 1e-9


def test_a_quantile_of_patients_who_come_again_is_worth_no_more():
    values = list(range(1, 61))

    once = estimated(median(values))
    thrice = estimated(median(values * 3, clusters=values * 3))

    assert thrice.value == once.value
    assert thrice.interval.width == pytest.approx(once.interval.width, abs=3)
    assert estimated(median(values * 3)).interval.width < once.interval.width


def test_a_mean_is_cut_at_what_it_can_be_and_never_has_a_zero_width():
    found = estimated(mean([0.98, 1.0, 0.99, 1.0], low=0.0, high=1.0))

    assert (found.value, found.interval.high) == (pytest.approx(0.9925), 1.0)
    assert estimated(mean([0.5] * 9)).interval.width > 0
    assert isinstance(mean([0.5, 0.6], clusters=["a", "a"]), NotEstimable)
