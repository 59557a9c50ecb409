"""Differences of areas against DeLong's formula by brute force, published answers, and what must always hold."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from monitoring.statistics.results import NotEstimable
from monitoring.statistics.roc import auc, paired_auc_difference, unpaired_auc_difference

SHARED = Path(__file__).resolve().parents[4] / "shared"


def two_scores(*, cases=200, seed=1, positives=0.4):
    generator = np.random.default_rng(seed)
    labels = (generator.random(cases) < positives).astype(int)
    common = generator.normal(0, 0.8, cases)
    first = labels + common + generator.normal(0, 0.7, cases)
    return first.round(1), (0.7 * labels + common + generator.normal(0, 0.7, cases)).round(1), labels


def components(scores, labels):
    positive, negative = scores[labels == 1], scores[labels == 0]
    wins = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    return wins.mean(), wins.mean(axis=1), wins.mean(axis=0)


def asah():
    # pROC's data of aneurysmal subarachnoid haemorrhage (GPL): read where it lies, never shipped.
    found = sorted(SHARED.rglob("*[aA]SAH*.csv")) if SHARED.exists() else []
    if not found:
        pytest.skip("needs aSAH.csv, which is not ours to ship")
    table = pd.read_csv(found[0])
    poor = table["outcome"].astype(str).str.lower().isin({"poor", "1"}).to_numpy().astype(int)
    return {name: table[name].to_numpy(float) for name in ("s100b", "ndka", "wfns")}, poor


def test_the_areas_of_proc():
    scores, poor = asah()
    for name, area in (("s100b", 0.7314), ("ndka", 0.6120), ("wfns", 0.8237)):
        assert auc(scores[name], poor).value == pytest.approx(area, abs=5e-5)
    interval = auc(scores["s100b"], poor, scale="plain").interval
    assert (interval.low, interval.high) == pytest.approx((0.6301, 0.8326), abs=5e-5)


def test_the_paired_test_of_proc():
    scores, poor = asah()
    result = paired_auc_difference(scores["wfns"], scores["s100b"], poor)
    assert result.statistic == pytest.approx(2.209, abs=5e-4)
    assert result.p_value == pytest.approx(0.02718, abs=5e-6)


@pytest.mark.parametrize("seed", range(4))
def test_a_paired_difference_is_delong_by_brute_force(seed):
    first, second, labels = two_scores(seed=seed)
    (area_a, up_a, down_a), (area_b, up_b, down_b) = components(first, labels), components(second, labels)
    variance = (up_a - up_b).var(ddof=1) / up_a.size + (down_a - down_b).var(ddof=1) / down_a.size
    result = paired_auc_difference(first, second, labels)
    z = (area_a - area_b) / np.sqrt(variance)
    assert result.statistic == pytest.approx(z)
    assert result.p_value == pytest.approx(2 * stats.norm.sf(abs(z)))
    assert result.interval.width == pytest.approx(2 * 1.959964 * np.sqrt(variance), rel=1e-6)


def test_an_unpaired_difference_is_welch_on_the_two_variances():
    first, _, labels = two_scores(seed=1)
    other, _, other_labels = two_scores(seed=2, cases=300)
    a, b = auc(first, labels), auc(other, other_labels)
    variance = a.variance + b.variance
    df = variance**2 / (a.variance**2 / 199 + b.variance**2 / 299)
    result = unpaired_auc_difference(first, labels, other, other_labels)
    assert result.df == pytest.approx(df)
    assert result.statistic == pytest.approx((a.value - b.value) / np.sqrt(variance))
    assert result.p_value == pytest.approx(2 * stats.t.sf(abs(result.statistic), df))


def test_few_cases_have_welch_s_p_and_an_interval_joined_from_conservative_ones():
    first, _, labels = two_scores(cases=30, seed=3)
    result = unpaired_auc_difference(first, labels, -first, labels)
    assert "few cases" in result.method
    assert result.p_value == pytest.approx(2 * stats.t.sf(abs(result.statistic), result.df))
    a, b = auc(first, labels), auc(-first, labels)
    low = result.difference - np.hypot(a.value - a.interval.low, b.interval.high - b.value)
    assert result.interval.low == pytest.approx(low)
    assert result.interval.width > 2 * stats.t.isf(0.025, result.df) * np.sqrt(a.variance + b.variance)


@pytest.mark.parametrize("level", [0.9, 0.95, 0.999])
def test_without_any_spread_p_is_where_the_interval_reaches_zero(level):
    perfect, tied, labels = np.arange(8.0), np.zeros(8), [0, 0, 0, 0, 1, 1, 1, 1]
    result = unpaired_auc_difference(perfect, labels, tied, labels, level=level)
    assert (0.0 in result.interval) == (result.p_value >= 1 - level)


@pytest.mark.parametrize("cases", [24, 200])
def test_the_difference_turns_round_with_its_sides_and_with_the_labels(cases):
    first, second, labels = two_scores(cases=cases)
    there = paired_auc_difference(first, second, labels)
    for back in (paired_auc_difference(second, first, labels), paired_auc_difference(first, second, 1 - labels)):
        assert back.difference == pytest.approx(-there.difference)
        assert back.p_value == pytest.approx(there.p_value)
        assert back.interval.low == pytest.approx(-there.interval.high)
    apart = unpaired_auc_difference(first, labels, second, labels)
    back = unpaired_auc_difference(second, labels, first, labels)
    assert back.p_value == pytest.approx(apart.p_value, abs=1e-6)


@pytest.mark.parametrize("cases", [24, 200])
def test_rising_transformations_and_the_order_of_cases_change_nothing(cases):
    first, second, labels = two_scores(cases=cases)
    order = np.random.default_rng(0).permutation(cases)
    there = paired_auc_difference(first, second, labels)
    changed = paired_auc_difference(np.exp(first)[order], second[order] * 9, labels[order])
    assert changed.p_value == pytest.approx(there.p_value)


def test_clusters_of_one_case_are_no_clusters_and_copies_are_no_news():
    first, second, labels = two_scores()
    alone = paired_auc_difference(first, second, labels)
    singles = paired_auc_difference(first, second, labels, clusters=np.arange(200))
    assert singles.statistic == pytest.approx(alone.statistic)
    twice = [np.repeat(column, 2) for column in (first, second, labels)]
    copies = paired_auc_difference(*twice, clusters=np.repeat(np.arange(200), 2))
    assert copies.statistic == pytest.approx(alone.statistic, rel=0.02)


@pytest.mark.parametrize("labels", [[0, 1], [0, 0, 1, 1], [0] * 40 + [1] * 40])
def test_perfect_and_reversed_scores_are_told_apart_with_a_width(labels):
    scores = np.arange(float(len(labels)))
    paired = paired_auc_difference(scores, -scores, labels)
    apart = unpaired_auc_difference(scores, labels, -scores, labels)
    for result in (paired, apart):
        assert result.difference == 1
        assert result.interval.low < 1 == result.interval.high
        assert 0 < result.p_value <= 1
        assert np.isfinite(result.statistic)


def test_one_class_and_bad_input():
    assert isinstance(paired_auc_difference([1, 2], [2, 1], [1, 1]), NotEstimable)
    assert isinstance(unpaired_auc_difference([1, 2], [0, 1], [1, 2], [1, 1]), NotEstimable)
    for rows in (([1, 2], [1], [0, 1]), ([1, 2], [1, np.inf], [0, 1])):
        with pytest.raises(ValueError, match=r"."):
            paired_auc_difference(*rows)
