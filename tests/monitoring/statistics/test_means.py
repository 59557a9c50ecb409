"""Means of figures of cases: the exact ends where no patient differs, and the usual interval where they do."""

import pytest
from scipy import stats

from monitoring.statistics.means import mean
from monitoring.statistics.results import NotEstimable


def test_values_that_vary_have_the_interval_of_the_t_test():
    values = [0.1, 0.4, -0.2, 0.3, 0.9]
    found = mean(values)
    ends = stats.ttest_1samp(values, 0).confidence_interval(0.95)

    assert (found.interval.low, found.interval.high) == pytest.approx((ends.low, ends.high))


def test_nine_pairs_without_a_difference_leave_what_clopper_and_pearson_leave_of_none():
    found = mean([0.0] * 9, low=-1, high=1)
    left = stats.binomtest(0, 9).proportion_ci(0.95).high

    assert found.value == 0
    assert (found.interval.low, found.interval.high) == pytest.approx((-left, left))


def test_a_mean_at_its_bound_reaches_only_the_other_way():
    found = mean([1.0] * 20, low=0, high=1)

    assert found.interval.high == 1
    assert found.interval.low == pytest.approx(stats.binomtest(20, 20).proportion_ci(0.95).low)


def test_more_values_of_the_same_patients_tell_no_more():
    alone = mean([0.0] * 9, low=-1, high=1).interval
    together = mean([0.0] * 27, clusters=sorted(list(range(9)) * 3), low=-1, high=1).interval

    assert together == alone


def test_one_patient_has_no_mean():
    assert isinstance(mean([1.0, 2.0], clusters=["a", "a"]), NotEstimable)
