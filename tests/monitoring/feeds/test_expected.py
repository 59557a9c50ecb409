"""What an hour usually brings: the predictive interval covers, and a short past says so."""

import numpy as np
from scipy import stats

from monitoring.feeds.expected import HOURS, expected_hours
from monitoring.statistics.results import NotEstimable


def weeks_of(rates, *, weeks, seed):
    random = np.random.default_rng(seed)
    return [dict(enumerate(random.poisson(rates).tolist())) for _ in range(weeks)]


def test_fewer_than_four_weeks_are_no_week():
    assert isinstance(expected_hours([{0: 3}] * 3), NotEstimable)


def test_without_dispersion_it_is_the_gamma_poisson_prediction():
    found = expected_hours([{9: 4}] * 8)[9]
    predicted = stats.nbinom(32.5, 8 / 9)
    assert (found.mean, found.low, found.high) == (4.0, predicted.ppf(0.025), predicted.ppf(0.975))


def test_an_hour_that_never_brought_any_may_bring_one_but_not_many():
    found = expected_hours([{9: 4}] * 12)[3]
    assert (found.low, found.mean) == (0, 0.0) and found.high <= 1


def test_the_interval_covers_the_next_week():
    inside = trials = 0
    rates = np.where(np.arange(HOURS) % 24 < 8, 0.1, 5.0)
    for seed in range(60):
        *reference, following = weeks_of(rates, weeks=9, seed=seed)
        for hour in expected_hours(reference):
            trials += 1
            inside += hour.low <= following.get(hour.hour, 0) <= hour.high
    assert 0.95 <= inside / trials <= 0.995
