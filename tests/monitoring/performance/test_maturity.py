"""How mature the labels of a month are, with delays that are simulated: what is said must cover what comes."""

from datetime import date

import numpy as np
import pytest

from monitoring.performance.maturity import FLOOR, days_of, maturity_of, month_range, triangle
from monitoring.rollups.delays import EDGES
from monitoring.statistics.results import Estimate, NotEstimable

TODAY = date(2026, 11, 20)
MEDIAN = 26.0


def labels_by_month(generator, *, since=date(2025, 5, 1), a_day=9, median=MEDIAN):
    """Return the labels seen by TODAY, and by month how many there are and will have been in the end."""
    seen, ends = {}, {}
    for month in month_range([since], on=TODAY):
        days = [(TODAY - day).days for day in days_of(month) if day <= TODAY]
        delays = [
            (age, delay)
            for age in days
            for delay in generator.exponential(median / np.log(2), int(generator.poisson(a_day)))
        ]
        there = [delay for age, delay in delays if delay <= age]
        places = np.searchsorted(EDGES, there, side="right")
        seen[month] = np.bincount(places, minlength=len(EDGES) + 1).tolist()
        ends[month] = (len(there), len(delays))
    return seen, ends


def test_expected_labels_and_the_median_delay_cover_what_is_true():
    generator, expected, median = np.random.default_rng(0), 0, 0
    for _ in range(60):
        seen, ends = labels_by_month(generator)
        found = maturity_of(seen, on=TODAY)
        expected += sum(final for _, final in ends.values()) in found.expected_labels.interval
        median += MEDIAN in found.delay_days.interval

    assert expected >= 53
    assert median >= 53


def test_months_are_as_mature_as_their_labels_will_show():
    generator, errors = np.random.default_rng(1), []
    for _ in range(30):
        seen, ends = labels_by_month(generator)
        found = maturity_of(seen, on=TODAY).by_month
        errors.append([found[month].value - there / final for month, (there, final) in list(ends.items())[-3:]])

    assert np.abs(np.mean(errors, axis=0)).max() < 0.02


def test_young_months_are_named_as_immature():
    seen, ends = labels_by_month(np.random.default_rng(2), a_day=40)
    found = maturity_of(seen, on=TODAY)

    shares = {month: there / final for month, (there, final) in ends.items()}
    assert date(2026, 11, 1) in found.immature
    assert all(shares[month] < FLOOR + 0.05 for month in found.immature)


def test_a_month_counts_where_it_is_asked_for_and_the_delay_is_learnt_from_all():
    seen, ends = labels_by_month(np.random.default_rng(3))
    found = maturity_of(seen, on=TODAY, months=[date(2026, 10, 1)])

    assert list(found.by_month) == [date(2026, 10, 1)]
    assert found.expected_labels.cases == ends[date(2026, 10, 1)][0]
    assert found.delay_days == maturity_of(seen, on=TODAY).delay_days


@pytest.mark.parametrize("labels", [{}, {date(2026, 11, 1): [3] + [0] * len(EDGES)}, {date(2026, 1, 1): [0] * 19}])
def test_without_history_nothing_is_said(labels):
    found = maturity_of(labels, on=TODAY)

    assert isinstance(found.share, NotEstimable)
    assert isinstance(found.delay_days, NotEstimable)


def test_labels_that_all_came_are_mature_with_a_width():
    labels = {month: [0, 20] + [0] * 17 for month in month_range([date(2026, 1, 1)], on=date(2026, 9, 30))}
    found = maturity_of(labels, on=TODAY)

    assert found.share.value == pytest.approx(1, abs=0.001)
    assert found.share.interval.low == found.share.cases / found.expected_labels.interval.high < 0.99
    assert all(isinstance(each, Estimate) and each.interval.width > 0 for each in found.by_month.values())
    assert found.expected_labels.interval.high > found.expected_labels.value
    assert date(2026, 9, 1) not in found.immature


def test_only_delays_that_a_whole_month_has_reached_are_compared():
    labels = {date(2026, 9, 1): [1] * 19, date(2026, 10, 1): [1] * 19, date(2026, 11, 1): [1] * 19}

    assert [len(row) for row in triangle(labels, on=TODAY)] == [
        sum(edge < 51 for edge in EDGES),
        sum(edge < 20 for edge in EDGES),
    ]
