"""Rates at a threshold of today: exact from cases, and from sums a range that holds the exact ones."""

from dataclasses import replace

import pytest

from monitoring.cases.models import Case
from monitoring.performance import rolled
from monitoring.performance.questions import Question
from monitoring.performance.rolled import source_of
from monitoring.performance.scopes import scope_of
from monitoring.performance.thresholds import changed_thresholds, rates_at
from tests.benchmarks.many_cases import register_sites, store_cases
from tests.factories import NOON, make_network

pytestmark = pytest.mark.django_db
QUESTION = Question(product="cxr", finding="nodule")


@pytest.fixture
def scope():
    make_network()
    register_sites()
    store_cases(4_000, rows=True)
    return scope_of(QUESTION)


def sensitivity_of_rows(threshold):
    positives = Case.objects.filter(truth="positive")
    return positives.filter(score__gte=threshold).count() / positives.count()


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.61234])
def test_from_cases_the_rate_at_another_threshold_is_exact(scope, threshold):
    sensitivity, _ = rates_at(source_of(QUESTION, scope, by=[""]), threshold, kind="binary")

    assert sensitivity.outcome.value == pytest.approx(sensitivity_of_rows(threshold))
    assert sensitivity.bounds is None


@pytest.mark.parametrize("threshold", [0.12345, 0.3, 0.61234])
def test_from_sums_the_rate_at_another_threshold_is_a_range_that_holds_it(scope, threshold, monkeypatch):
    monkeypatch.setattr(rolled, "MOST_ROWS", 0)
    sensitivity, _ = rates_at(source_of(QUESTION, scope, by=[""]), threshold, kind="binary")

    exact = sensitivity_of_rows(threshold)
    low, high = sensitivity.bounds or (sensitivity.outcome.value, sensitivity.outcome.value)
    assert low - 1e-12 <= exact <= high + 1e-12
    assert sensitivity.outcome.interval.low < low <= high < sensitivity.outcome.interval.high


def test_from_sums_the_rate_at_the_threshold_that_was_in_force_is_exact(scope, monkeypatch):
    monkeypatch.setattr(rolled, "MOST_ROWS", 0)
    sensitivity, specificity = rates_at(source_of(QUESTION, scope, by=[""]), 0.5, kind="binary")

    assert sensitivity.bounds is None
    assert specificity.bounds is None
    assert sensitivity.outcome.value == pytest.approx(sensitivity_of_rows(0.5))


def test_only_a_threshold_that_changed_is_asked_about(scope):
    assert changed_thresholds(scope, now=NOON) == []

    key = "cxr-north"
    first = scope.settings[key].configurations[0]
    raised = replace(first, starts_at=NOON.replace(day=1), thresholds={"nodule": 0.7})
    changed = replace(scope.settings[key], configurations=(first, raised))

    assert 0.7 in changed_thresholds(replace(scope, settings={key: changed}), now=NOON)
