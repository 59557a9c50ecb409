"""Sums, columns and streamed rows give one answer: counts to the case, areas within the bounds they show."""

from dataclasses import replace
from datetime import date

import pytest

from monitoring.performance import rolled, sum_part
from monitoring.performance.queries import cuts_of
from monitoring.performance.questions import Question
from monitoring.performance.scopes import scope_of
from monitoring.statistics.results import Estimate
from tests.benchmarks.many_cases import register_sites, store_cases
from tests.factories import make_network

pytestmark = pytest.mark.django_db
CASES = 3_000
QUESTION = Question(product="cxr", finding="nodule")
METRICS = ("auc", "sensitivity", "specificity", "ppv", "npv", "prevalence", "flag_rate", "label_coverage")
SPRING = {"since": date(2024, 2, 10), "until": date(2024, 5, 20)}


@pytest.fixture
def stored():
    make_network()
    register_sites()
    store_cases(CASES, rows=True)


def answered(question, *, by=("",)):
    scope = scope_of(question)
    return {
        (each.metric, *each.slice.values()): each
        for figures, _ in cuts_of(question, scope, metrics=METRICS, by=by, source=None).values()
        for each in figures
    }


def counts(found):
    return {
        key: (each.outcome.cases, each.positives, dict(each.reference))
        for key, each in found.items()
        if isinstance(each.outcome, Estimate) and key[0] != "auc"
    }


@pytest.mark.parametrize("by", ["", "site", "month", "version", "sex", "scanner"])
@pytest.mark.parametrize("days", [{}, SPRING])
def test_columns_count_what_the_rows_count(stored, by, days):
    question = replace(QUESTION, **days)

    ours, rows = answered(question, by=[by]), answered(replace(question, exact=True), by=[by])

    assert counts(ours) == counts(rows)
    for key, each in ours.items():
        if isinstance(each.outcome, Estimate) and key[0] != "auc":
            assert each.outcome == rows[key].outcome


@pytest.mark.parametrize("by", ["", "site", "month"])
@pytest.mark.parametrize("days", [{}, SPRING])
def test_sums_alone_count_what_the_rows_count(stored, by, days, monkeypatch):
    monkeypatch.setattr(rolled, "MOST_ROWS", 0)
    question = replace(QUESTION, **days)

    assert counts(answered(question, by=[by])) == counts(answered(replace(question, exact=True), by=[by]))


def test_every_area_lies_within_the_bounds_it_shows_or_is_exact(stored):
    ours, rows = answered(QUESTION, by=["", "month"]), answered(replace(QUESTION, exact=True), by=["", "month"])

    areas = {key: each for key, each in ours.items() if key[0] == "auc" and isinstance(each.outcome, Estimate)}
    for key, each in areas.items():
        exact = rows[key].outcome.value
        if each.bounds is None:
            assert each.outcome.value == pytest.approx(exact, abs=1e-12)
            assert "from rows" in each.outcome.method
        else:
            assert each.bounds[0] - 1e-12 <= exact <= each.bounds[1] + 1e-12
            assert each.bounds[1] - each.bounds[0] < 0.002
    assert areas["auc",].bounds is not None


def test_sums_take_intervals_from_buckets_where_these_hold_enough_else_from_rows(stored, monkeypatch):
    monkeypatch.setattr(rolled, "MOST_ROWS", 0)
    found = answered(QUESTION)
    exact = answered(replace(QUESTION, exact=True))

    assert "buckets of patients" in found["label_coverage",].outcome.method
    assert found["sensitivity",].outcome == exact["sensitivity",].outcome
    ours, theirs = (each["label_coverage",].outcome.interval.width for each in (found, exact))
    assert ours == pytest.approx(theirs, rel=0.3)


def test_an_area_from_sums_has_the_interval_of_its_buckets(stored, monkeypatch):
    monkeypatch.setattr(rolled, "MOST_ROWS", 0)
    monkeypatch.setattr("monitoring.statistics.patient_buckets.MIN_EVENTS_A_BUCKET", 0.5)
    found, exact = answered(QUESTION)["auc",], answered(replace(QUESTION, exact=True))["auc",]

    assert "buckets of patients" in found.outcome.method
    assert found.bounds[0] <= exact.outcome.value <= found.bounds[1]
    assert found.outcome.interval.width == pytest.approx(exact.outcome.interval.width, rel=0.3)


def test_sums_that_leave_too_much_open_ask_the_rows(stored, monkeypatch):
    monkeypatch.setattr(rolled, "MOST_ROWS", 0)
    monkeypatch.setattr(sum_part, "MOST_LEFT_OPEN", 1e-12)
    found = answered(QUESTION)["auc",]

    assert found.outcome.value == pytest.approx(answered(replace(QUESTION, exact=True))["auc",].outcome.value, abs=2e-3)
