from datetime import timedelta

import numpy as np
import pytest

from monitoring.claims.evidence import evidence_of
from monitoring.claims.expecting import Expected, expected_conclusion
from monitoring.claims.judging import Status, entered, standing_of, statuses_at_looks
from monitoring.claims.terms import measure_of
from monitoring.statistics.results import NotEstimable
from tests.monitoring.claims.rows import LAUNCH, make_row, make_terms

TERMS = make_terms(value=0.9, margin=0.05)
MEASURE = measure_of(TERMS)


def expected(rows, *, now):
    evidence = evidence_of(rows, terms=TERMS, measure=MEASURE)
    standing = standing_of(evidence, measure=MEASURE, level=0.95)
    return expected_conclusion(evidence, standing, measure=MEASURE, claimed=0.9, level=0.95, now=now)


def rows_with(rng, count, *, truth):
    hits = rng.random(count) < truth
    return [make_row(n, decision="positive" if hit else "negative") for n, hit in enumerate(hits)]


def test_the_expectation_lies_within_a_factor_of_two_of_the_median_that_simulation_finds():
    needed = []
    for seed in range(60):
        evidence = evidence_of(rows_with(np.random.default_rng(seed), 2500, truth=0.9), terms=TERMS, measure=MEASURE)
        statuses = statuses_at_looks(entered(evidence), measure=MEASURE, level=0.95)
        needed.append(statuses.index(Status.MET) + 1)

    found = expected([make_row(n) for n in range(20)], now=LAUNCH + timedelta(days=22))

    assert isinstance(found, Expected)
    assert found.assumes == "if it performs as claimed"
    assert np.median(needed) / 2 < found.patients < 2 * np.median(needed)


def test_where_labels_exist_they_are_what_is_expected_to_come():
    rows = [make_row(n, decision="negative" if n % 10 == 0 else "positive") for n in range(60)]

    found = expected(rows, now=LAUNCH + timedelta(days=61))

    assert isinstance(found, Expected)
    assert found.assumes == "as it performs so far"
    assert found.days == pytest.approx(found.patients * 90 / 60, abs=1)


@pytest.mark.parametrize(
    ("rows", "days", "reason"),
    [
        ([], 10, "no label that counts has come"),
        ([make_row(1)], 200, "no label that counts has come"),
        ([make_row(n, decision="negative" if n % 20 < 3 else "positive") for n in range(100)], 100, "too near"),
        ([make_row(n) for n in range(300)], 301, "it is met"),
    ],
)
def test_no_expectation_has_its_reason(rows, days, reason):
    found = expected(rows, now=LAUNCH + timedelta(days=days))

    assert isinstance(found, NotEstimable)
    assert reason in found.reason
