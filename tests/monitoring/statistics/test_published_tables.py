"""Whole tables of the literature that the other tests hold single rows of."""

import numpy as np
import pytest

from monitoring.statistics.agreement import cohen_kappa, mcnemar
from monitoring.statistics.control_charts import p_chart
from monitoring.statistics.delay import nowcast
from monitoring.statistics.measurement import repeatability_coefficient
from monitoring.statistics.multiplicity import benjamini_hochberg, holm
from monitoring.statistics.proportions import difference
from monitoring.statistics.roc import auc
from monitoring.statistics.run_lengths import ewma_run_length
from monitoring.statistics.sequential import NormalCusum, ewma, normal_cusum

# Newcombe, Stat Med 1998;17:873-890, table II: a/m − b/n, method 10 (hybrid score), method 6 (Miettinen–Nurminen)
NEWCOMBE = [
    ((56, 70, 48, 80), (0.0524, 0.3339), (0.0528, 0.3382)),
    ((9, 10, 3, 10), (0.1705, 0.8090), (0.1700, 0.8406)),
    ((6, 7, 2, 7), (0.0582, 0.8062), (0.0342, 0.8534)),
    ((5, 56, 0, 29), (-0.0381, 0.1926), (-0.0326, 0.1933)),
    ((0, 10, 0, 20), (-0.1611, 0.2775), (-0.1658, 0.2844)),
    ((0, 10, 0, 10), (-0.2775, 0.2775), (-0.2879, 0.2879)),
    ((10, 10, 0, 20), (0.6791, 1.0), (0.7156, 1.0)),
    ((10, 10, 0, 10), (0.6075, 1.0), (0.6636, 1.0)),
]


@pytest.mark.parametrize(("counts", "hybrid", "score"), NEWCOMBE)
def test_differences_are_those_of_newcombes_table(counts, hybrid, score):
    for method, published in (("newcombe", hybrid), ("miettinen_nurminen", score)):
        found = difference(*counts, method=method).interval
        assert (found.low, found.high) == pytest.approx(published, abs=6e-5)


# Montgomery, Introduction to Statistical Quality Control, table 9.3: two-sided, k = 1/2
CUSUM = {
    4: {0: 168, 0.25: 74.2, 0.5: 26.6, 0.75: 13.3, 1: 8.38, 1.5: 4.75, 2: 3.34, 2.5: 2.62, 3: 2.19, 4: 1.71},
    5: {0: 465, 0.25: 139, 0.5: 38.0, 0.75: 17.0, 1: 10.4, 1.5: 5.75, 2: 4.01, 2.5: 3.11, 3: 2.57, 4: 2.01},
}


@pytest.mark.parametrize(("height", "row"), CUSUM.items())
def test_run_lengths_are_those_of_montgomerys_table(height, row):
    chart = NormalCusum(k=0.5, threshold=float(height), sides=2)
    assert [chart.arl(shift) for shift in row] == pytest.approx(list(row.values()), rel=0.006)


@pytest.mark.parametrize(
    ("k", "height"), [(0.25, 8.01), (0.5, 4.77), (0.75, 3.34), (1.0, 2.52), (1.25, 1.99), (1.5, 1.61)]
)
def test_thresholds_are_those_of_hawkins(k, height):
    """Hawkins, J Qual Technol 1993;25:248-261: two-sided charts with run length 370."""
    assert normal_cusum(k=k, arl0=370, sides=2).threshold == pytest.approx(height, abs=0.012)


# Lucas & Saccucci, Technometrics 1990;32:1-12: schemes with run length 500
EWMA = [
    (0.4, 3.054, {0.25: 224, 0.5: 71.2, 1: 14.3, 2: 3.5}),
    (0.25, 2.998, {0.25: 170, 0.5: 48.2, 1: 11.1, 2: 3.6}),
    (0.1, 2.814, {0.25: 106, 0.5: 31.3, 1: 10.3, 2: 4.4}),
]


@pytest.mark.parametrize(("lam", "limit", "row"), EWMA)
def test_moving_averages_are_those_of_lucas_and_saccucci(lam, limit, row):
    assert ewma(lam=lam, arl0=500).threshold == pytest.approx(limit, abs=2e-3)
    found = [ewma_run_length(shift, lam=lam, limit=limit) for shift in row]
    assert found == pytest.approx(list(row.values()), rel=0.015)


def test_the_carcinoma_readings_have_agrestis_kappa():
    """Agresti, Categorical Data Analysis, section 10.5: κ = .493 with standard error .057."""
    found = cohen_kappa([[22, 2, 2, 0], [5, 7, 14, 0], [0, 2, 36, 0], [0, 1, 17, 10]])
    assert found.value == pytest.approx(0.493, abs=5e-4)
    assert found.interval.width / 2 / 1.96 == pytest.approx(0.057, abs=5e-4)


def test_the_approval_ratings_have_agrestis_chi_square():
    """Agresti, Categorical Data Analysis, section 10.1: 150 against 86, z² = 17.36."""
    assert mcnemar(150, 86, exact=False).statistic == pytest.approx(17.36, abs=5e-3)


def test_the_head_scans_have_hanley_and_mcneils_area():
    """Hanley & McNeil, Radiology 1982;143:29-36, table I: .893."""
    normal, abnormal = [33, 6, 6, 11, 2], [3, 2, 2, 11, 33]
    scores = np.repeat([1, 2, 3, 4, 5] * 2, normal + abnormal)
    assert auc(scores, np.repeat([0, 1], [58, 51])).value == pytest.approx(0.893, abs=5e-4)


def test_peak_flow_meters_repeat_as_published():
    """Bland & Altman, Lancet 1986;327:307-310: within-subject SD 15.3 and 19.9 l/min."""
    large = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
    large_again = [490, 397, 512, 401, 470, 611, 415, 431, 638, 429, 420, 633, 275, 492, 165, 372, 421]
    mini = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
    mini_again = [525, 415, 508, 444, 500, 625, 460, 390, 642, 432, 420, 605, 227, 467, 268, 370, 443]
    for first, second, published in ((large, large_again, 15.3), (mini, mini_again, 19.9)):
        assert repeatability_coefficient(first, second).value / (1.96 * 2**0.5) == pytest.approx(published, abs=0.05)


def test_thrombolysis_has_the_rejections_of_benjamini_and_hochberg():
    """Benjamini & Hochberg, J R Stat Soc B 1995;57:289-300, section 3.2: four are rejected, by Holm's steps three."""
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    p += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert (benjamini_hochberg(p).adjusted <= 0.05).sum() == 4
    assert (holm(p).adjusted <= 0.05).sum() == 3


def test_orange_juice_cans_leave_montgomerys_limits_twice():
    """Montgomery, Introduction to Statistical Quality Control, example 7.1: limits .0524 and .4102."""
    d = [12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6]
    found = p_chart(d, [50] * 30)
    assert (found.center, found.lower[0], found.upper[0]) == pytest.approx((0.2313, 0.0524, 0.4102), abs=6e-5)
    assert found.alarms == (14, 22)


def test_every_accident_year_has_macks_error():
    """Mack, ASTIN Bulletin 1993;23:213-225: standard errors in thousands for Taylor & Ashe's triangle."""
    triangle = [
        [357848, 1124788, 1735330, 2218270, 2745596, 3319994, 3466336, 3606286, 3833515, 3901463],
        [352118, 1236139, 2170033, 3353322, 3799067, 4120063, 4647867, 4914039, 5339085],
        [290507, 1292306, 2218525, 3235179, 3985995, 4132918, 4628910, 4909315],
        [310608, 1418858, 2195047, 3757447, 4029929, 4381982, 4588268],
        [443160, 1136350, 2128333, 2897821, 3402672, 3873311],
        [396132, 1333217, 2180715, 2985752, 3691712],
        [440832, 1288463, 2419861, 3483130],
        [359480, 1421128, 2864498],
        [376686, 1363294],
        [344014],
    ]
    found = nowcast(triangle)
    assert found.outstanding.standard_error / 1000 == pytest.approx(2447, abs=0.6)
    published = [76, 122, 134, 261, 411, 558, 875, 971, 1363]
    assert [each.outstanding.standard_error / 1000 for each in found.periods[1:]] == pytest.approx(published, abs=0.6)
