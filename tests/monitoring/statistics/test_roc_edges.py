"""The edges of every figure of a ROC curve: perfect, reversed, tied, one case, one cluster, no weight."""

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
    pairwise_auc,
    partial_auc,
    sensitivity_at_specificity,
)

SAMPLES = {
    "one of each": ([1, 2], [0, 1]),
    "one of each, wrong": ([2, 1], [0, 1]),
    "one of each, tied": ([1, 1], [0, 1]),
    "one positive": ([1, 4, 2, 3], [0, 0, 0, 1]),
    "perfect": (list(range(100)), [0] * 50 + [1] * 50),
    "reversed": (list(range(100)), [1] * 50 + [0] * 50),
    "all tied": ([0.5] * 100, [0, 1] * 50),
    "enormous": ([1e308, -1e308, 0, 1], [0, 1, 0, 1]),
}
OPTIONS = [
    {},
    {"scale": "plain"},
    {"clusters": "one"},
    {"clusters": "pairs"},
    {"weights": "alike"},
    {"weights": "rising"},
]


def with_columns(options, count):
    columns = {
        "one": [0] * count,
        "pairs": [index // 2 for index in range(count)],
        "alike": [2.5] * count,
        "rising": [1 + index for index in range(count)],
    }
    return {name: columns.get(value, value) for name, value in options.items()}


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize(("scores", "labels"), SAMPLES.values(), ids=SAMPLES)
def test_an_area_always_has_a_width_and_holds_its_value(scores, labels, options):
    estimate = auc(scores, labels, **with_columns(options, len(scores)))
    assert 0 <= estimate.interval.low < estimate.interval.high <= 1
    assert estimate.value in estimate.interval
    assert np.isfinite(estimate.variance)
    assert estimate.variance >= 0


@pytest.mark.parametrize(("scores", "labels"), SAMPLES.values(), ids=SAMPLES)
def test_parts_of_the_curve_always_have_a_width(scores, labels):
    found = [
        *(partial_auc(scores, labels, min_specificity=low) for low in (0, 0.5, 0.99)),
        *(partial_auc(scores, labels, min_specificity=low, standardised=True) for low in (0, 0.5, 0.99)),
        *(sensitivity_at_specificity(scores, labels, specificity=least) for least in (0, 0.5, 1)),
    ]
    for estimate in found:
        assert estimate.interval.low < estimate.interval.high
        assert estimate.interval.low - 1e-12 <= estimate.value <= estimate.interval.high + 1e-12


def test_weights_are_those_of_scikit_learn_and_no_weight_is_no_case():
    generator = np.random.default_rng(1)
    labels = generator.integers(0, 2, 300)
    scores, weights = (labels + generator.normal(0, 1.5, 300)).round(1), generator.exponential(1, 300)
    weights[:40] = 0
    estimate = auc(scores, labels, weights=weights)
    assert estimate.value == pytest.approx(roc_auc_score(labels, scores, sample_weight=weights))
    assert estimate.cases == 260
    kept = auc(scores[40:], labels[40:], weights=7 * weights[40:])
    assert kept.interval.low == pytest.approx(estimate.interval.low)


def test_weights_all_alike_are_no_weights_above_the_floor():
    labels = np.arange(200) % 2
    scores = labels + np.random.default_rng(2).normal(0, 1.5, 200)
    plain, weighted = auc(scores, labels), auc(scores, labels, weights=[3.0] * 200)
    assert weighted.variance == pytest.approx(plain.variance)
    assert weighted.interval.low == pytest.approx(plain.interval.low)


def test_a_rare_heavy_case_widens_the_interval_whether_or_not_it_was_drawn():
    labels = np.array([1] * 40 + [0] * 300)
    scores = labels + np.random.default_rng(3).normal(0, 1, 340)
    heavy = np.where(np.arange(340) < 330, 1.0, 50.0)
    assert auc(scores, labels, weights=heavy).interval.width > 2 * auc(scores, labels).interval.width


@pytest.mark.parametrize("weights", [[1, -1], [1], [1, np.nan]])
def test_impossible_weights_are_refused(weights):
    with pytest.raises(ValueError, match=r"."):
        auc([1, 2], [0, 1], weights=weights)


def test_no_weight_at_all_cannot_be_estimated():
    assert isinstance(auc([1, 2], [0, 1], weights=[0, 0]), NotEstimable)


def obuchowski(scores, labels, clusters):
    """Obuchowski 1997, formula by formula, from every pair of cases."""
    positive, negative = scores[labels == 1], scores[labels == 0]
    wins = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    area, up, down = wins.mean(), wins.mean(axis=1), wins.mean(axis=0)
    m, n = wins.shape
    keys = np.unique(clusters)
    sum_up = np.array([(up - area)[clusters[labels == 1] == key].sum() for key in keys])
    sum_down = np.array([(down - area)[clusters[labels == 0] == key].sum() for key in keys])
    i10 = np.unique(clusters[labels == 1]).size
    i01 = np.unique(clusters[labels == 0]).size
    s10 = i10 / ((i10 - 1) * m) * (sum_up**2).sum()
    s01 = i01 / ((i01 - 1) * n) * (sum_down**2).sum()
    s11 = keys.size / (keys.size - 1) * (sum_up * sum_down).sum()
    return s10 / m + s01 / n + 2 * s11 / (m * n)


@pytest.mark.parametrize("seed", range(3))
def test_clusters_give_the_variance_of_obuchowski(seed):
    generator = np.random.default_rng(seed)
    clusters = generator.integers(0, 40, 200)
    labels = generator.integers(0, 2, 200)
    scores = (labels + generator.normal(0, 1, 40)[clusters] + generator.normal(0, 1, 200)).round(1)
    estimate = auc(scores, labels, clusters=clusters)
    assert estimate.variance == pytest.approx(obuchowski(scores, labels, clusters))
    names = [f"patient {key}" for key in clusters]
    assert auc(scores, labels, clusters=names).variance == pytest.approx(estimate.variance)


@pytest.mark.parametrize("classes", [3, 4])
def test_the_mean_over_pairs_of_classes_is_that_of_scikit_learn(classes):
    generator = np.random.default_rng(classes)
    labels = np.arange(240) % classes
    scores = generator.dirichlet(np.ones(classes), 240) + 0.5 * np.eye(classes)[labels]
    scores /= scores.sum(axis=1, keepdims=True)
    expected = roc_auc_score(labels, scores, multi_class="ovo", average="macro")
    assert pairwise_auc(scores, labels).value == pytest.approx(expected)


def test_a_class_alone_cannot_be_estimated():
    assert isinstance(pairwise_auc([[1.0], [2.0]], [1, 1]), NotEstimable)
    assert isinstance(pairwise_auc(np.eye(3), [0, 1, 1], classes=[0, 1, 2]), NotEstimable)


bins = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=12).filter(
    lambda rows: sum(a for a, _ in rows) > 0 and sum(b for _, b in rows) > 0
)


@given(bins, bins)
def test_merged_days_give_what_all_their_cases_give(first, second):
    size = max(len(first), len(second))
    days = [np.array(rows + [(0, 0)] * (size - len(rows))) for rows in (first, second)]
    merged = days[0] + days[1]
    counts = np.concatenate([merged[:, 0], merged[:, 1]])
    scores, labels = np.repeat(np.tile(np.arange(size), 2), counts), np.repeat(np.repeat([0, 1], size), counts)
    binned, exact = auc_from_histograms(*merged.T, ties=[True] * size), auc(scores, labels)
    assert binned.value == pytest.approx(exact.value)
    assert binned.interval.low == pytest.approx(exact.interval.low)


@given(bins)
def test_coarser_bins_only_widen_the_bounds(rows):
    table = np.array(rows + [(0, 0)] * (len(rows) % 2))
    fine = auc_from_histograms(*table.T)
    coarse = auc_from_histograms(*(table[0::2] + table[1::2]).T)
    assert coarse.lower_bound <= fine.lower_bound + 1e-12
    assert coarse.upper_bound >= fine.upper_bound - 1e-12


def test_the_sensitivity_is_read_off_the_curve():
    generator = np.random.default_rng(5)
    labels = generator.integers(0, 2, 400)
    scores = (labels + generator.normal(0, 1, 400)).round(1)
    points = curve(scores, labels)
    for least in (0.8, 0.9, 0.95):
        estimate = sensitivity_at_specificity(scores, labels, specificity=least)
        assert estimate.value == points.sensitivity[points.specificity >= least - 1e-12].max()
        assert estimate.specificity >= least
        called = scores >= estimate.threshold
        assert called[labels == 1].mean() == pytest.approx(estimate.value)
