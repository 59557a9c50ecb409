"""Distances of counted bins agree with those of the single scores."""

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from monitoring.drift.binned import Distances, binned, distances
from monitoring.statistics.results import NotEstimable


def counted(scores):
    return binned(Counter(np.round(scores, 3).tolist()))


@pytest.fixture
def samples():
    generator = np.random.default_rng(4)
    return np.round(generator.beta(2, 5, 400), 3), np.round(generator.beta(3, 5, 250), 3)


def test_distances_of_counts_are_those_of_the_scores(samples):
    found = distances(counted(samples[0]), counted(samples[1]))
    assert isinstance(found, Distances)
    assert found.kolmogorov_smirnov == pytest.approx(stats.ks_2samp(*samples).statistic)
    assert found.wasserstein == pytest.approx(stats.wasserstein_distance(*samples))


def test_an_unchanged_distribution_is_within_its_limits_almost_always():
    generator = np.random.default_rng(5)
    reference = counted(generator.beta(2, 5, 400))
    months = [distances(reference, counted(generator.beta(2, 5, 120))) for _ in range(200)]
    assert sum(month.is_notable for month in months) <= 12  # one reference for all: months are not independent


def test_a_shift_is_beyond_them(samples):
    assert distances(counted(samples[0]), counted(np.minimum(samples[0] + 0.2, 1))).is_notable


def test_few_scores_say_nothing():
    assert isinstance(distances(counted([0.1] * 30), counted([0.5] * 5)), NotEstimable)


def test_quantiles_are_values_that_occurred():
    assert binned({0.1: 10, 0.5: 80, 0.9: 10}).quantiles([0.05, 0.5, 0.95]) == [0.1, 0.5, 0.9]
