"""Areas under the curve against brute force, scikit-learn and the properties that must hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from monitoring.statistics.results import NotEstimable
from monitoring.statistics.roc import (
    auc,
    auc_from_histograms,
    curve,
    paired_auc_difference,
    partial_auc,
    unpaired_auc_difference,
)

samples = st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=6, max_size=60).filter(
    lambda rows: 2 <= sum(label for _, label in rows) <= len(rows) - 2
)


def split(rows):
    scores = np.array([score for score, _ in rows], dtype=float)
    return scores, np.array([int(label) for _, label in rows])


def brute_force(scores, labels):
    """Return DeLong's area and variance from every pair of cases."""
    positive, negative = scores[labels == 1], scores[labels == 0]
    wins = (positive[:, None] > negative[None, :]) + 0.5 * (positive[:, None] == negative[None, :])
    rows, columns = wins.mean(axis=1), wins.mean(axis=0)
    return wins.mean(), rows.var(ddof=1) / rows.size + columns.var(ddof=1) / columns.size


@given(samples)
def test_the_area_and_its_variance_are_those_of_all_pairs(rows):
    scores, labels = split(rows)
    area, variance = brute_force(scores, labels)
    estimate = auc(scores, labels)
    assert estimate.value == pytest.approx(area)
    assert estimate.value == pytest.approx(roc_auc_score(labels, scores))
    assert estimate.variance == pytest.approx(variance, abs=1e-12)


@given(samples)
def test_swapping_the_labels_mirrors_the_area(rows):
    scores, labels = split(rows)
    assert auc(scores, labels).value == pytest.approx(1 - auc(scores, 1 - labels).value)


@given(samples)
def test_a_rising_transformation_changes_nothing(rows):
    scores, labels = split(rows)
    assert auc(scores, labels).value == pytest.approx(auc(np.exp(scores) * 3 - 1, labels).value)


@given(samples)
def test_clusters_of_one_case_are_no_clusters(rows):
    scores, labels = split(rows)
    singles = auc(scores, labels, clusters=list(range(len(rows))))
    assert singles.variance == pytest.approx(auc(scores, labels).variance, abs=1e-9)


def test_repeated_patients_widen_the_interval():
    generator = np.random.default_rng(3)
    labels = generator.integers(0, 2, 200)
    scores = labels + generator.normal(0, 1.5, 200)
    three_times = np.repeat(scores, 3), np.repeat(labels, 3)
    naive = auc(*three_times)
    honest = auc(*three_times, clusters=np.repeat(np.arange(200), 3).tolist())
    assert honest.value == pytest.approx(naive.value)
    assert honest.interval.width > 1.5 * naive.interval.width
    assert honest.variance == pytest.approx(auc(scores, labels).variance, rel=0.02)


def test_perfect_separation_still_has_an_interval():
    estimate = auc(np.arange(80.0), np.repeat([0, 1], 40))
    assert estimate.value == 1
    assert 0.8 < estimate.interval.low < 1


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_only_cannot_be_estimated(label):
    assert isinstance(auc([0.1, 0.2, 0.3], [label] * 3), NotEstimable)


@pytest.mark.parametrize(("scores", "labels"), [([0.1, float("nan")], [0, 1]), ([0.1], [0, 1]), ([0.1, 0.2], [0, 2])])
def test_what_is_no_score_or_no_label_is_refused(scores, labels):
    with pytest.raises(ValueError, match=r"."):
        auc(scores, labels)


@given(samples, st.integers(2, 7))
def test_the_area_from_bins_bounds_the_exact_one(rows, bins):
    scores, labels = split(rows)
    edges = np.linspace(0, 9, bins + 1)
    negative, positive = (np.histogram(scores[labels == label], edges)[0] for label in (0, 1))
    binned, exact = auc_from_histograms(negative, positive), auc(scores, labels).value
    assert binned.lower_bound - 1e-12 <= exact <= binned.upper_bound + 1e-12


@given(samples)
def test_bins_of_one_value_are_exact(rows):
    scores, labels = split(rows)
    edges = np.arange(-0.5, 9)
    negative, positive = (np.histogram(scores[labels == label], edges)[0] for label in (0, 1))
    binned = auc_from_histograms(negative, positive, ties=[True] * 9)
    assert binned.lower_bound == binned.upper_bound == pytest.approx(auc(scores, labels).value)


def test_the_curve_starts_at_nothing_and_ends_at_all():
    line = curve([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    assert (line.sensitivity[0], line.specificity[0]) == (0, 1)
    assert (line.sensitivity[-1], line.specificity[-1]) == (1, 0)


@given(samples, st.sampled_from([0.5, 0.8, 0.9]))
def test_the_standardised_partial_area_is_that_of_scikit_learn(rows, specificity):
    scores, labels = split(rows)
    ours = partial_auc(scores, labels, min_specificity=specificity, standardised=True)
    assert ours.value == pytest.approx(roc_auc_score(labels, scores, max_fpr=1 - specificity))


def test_a_paired_difference_uses_the_covariance():
    generator = np.random.default_rng(5)
    labels = generator.integers(0, 2, 300)
    first = labels + generator.normal(0, 1, 300)
    second = first + generator.normal(0, 0.3, 300)
    paired = paired_auc_difference(first, second, labels)
    unpaired = unpaired_auc_difference(first, labels, second, labels)
    assert paired.difference == pytest.approx(unpaired.difference)
    assert paired.interval.width < unpaired.interval.width


def test_the_same_scores_do_not_differ():
    scores, labels = np.arange(100.0) % 17, np.arange(100) % 2
    same = paired_auc_difference(scores, scores, labels)
    assert same.difference == 0
    assert same.p_value == 1
