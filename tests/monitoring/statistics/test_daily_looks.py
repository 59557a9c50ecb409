"""Looking every day for a year does not inflate errors; `make bench` shows the same with a thousand products."""

import numpy as np
import pytest

from monitoring.statistics.sequential import betting_sequence, confidence_sequence, e_process
from tests.benchmarks.labelled_years import drawn_labels, several_a_patient, single_labels, wilson_misses

SHARE, PRODUCTS = 0.9, 100


def leaves_out(path: tuple[tuple[float, float], ...]) -> bool:
    bounds = np.array(path)
    return bool(((bounds[:, 0] > SHARE) | (bounds[:, 1] < SHARE)).any())


def years(count: int = PRODUCTS):
    return (np.random.default_rng(seed) for seed in range(count))


def test_a_naive_interval_leaves_a_true_claim_out_in_two_fifths_of_products():
    misses = [wilson_misses(single_labels(generator, share=SHARE), share=SHARE) for generator in years()]
    outside, below = np.mean(misses, axis=0)
    assert outside == pytest.approx(0.44, abs=0.13)
    assert below == pytest.approx(0.25, abs=0.12)


def test_counts_at_daily_looks_hold_a_true_claim():
    missed = 0
    for generator in years():
        year = single_labels(generator, share=SHARE)
        missed += max(np.array(e_process(year.right, p0=SHARE).path)[year.known - 1]) >= 20
    assert missed / PRODUCTS < 0.05


def test_the_sequence_itself_says_the_same_at_monthly_looks():
    for generator in years(20):
        right = np.cumsum(single_labels(generator, share=SHARE).right)
        evidence = e_process(np.diff(right, prepend=0), p0=SHARE).path
        for size in range(600, 7_300, 600):
            assert (SHARE in confidence_sequence(right[size - 1], size).interval) == (evidence[size - 1] < 20)


@pytest.mark.parametrize(("least", "most"), [(1, 1), (3, 5)])
def test_bets_on_one_bounded_value_a_patient_hold_a_true_claim(least, most):
    missed = 0
    for generator in years():
        year = several_a_patient(generator, share=SHARE, least=least, most=most)
        missed += leaves_out(betting_sequence(year.right / year.labels).path)
    assert missed / PRODUCTS < 0.05


def test_labels_of_one_patient_taken_as_independent_would_err_more_often():
    missed = 0
    for generator in years(300):
        year = several_a_patient(generator, share=SHARE, least=5, most=5)
        right, labels = np.cumsum(year.right), np.cumsum(year.labels)
        missed += any(
            SHARE not in confidence_sequence(right[each - 1], labels[each - 1]).interval for each in year.known[4::20]
        )
    assert missed / 300 > 0.1


def test_weighted_labels_of_a_drawn_sample_hold_a_true_claim():
    missed = [
        leaves_out(betting_sequence(drawn_labels(generator, share=SHARE, least=0.2), upper=5.0).path)
        for generator in years(60)
    ]
    assert np.mean(missed) < 0.05
