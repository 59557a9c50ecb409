"""Reader studies against published answers, two other ways to the same number, and what must hold for any study.

The published data sets are under the GPL: they are read where they lie beside the project, never copied.
"""

from itertools import product
from math import inf
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from monitoring.statistics.mrmc import obuchowski_rockette, u_statistic
from monitoring.statistics.results import NotEstimable
from monitoring.statistics.roc import auc, paired_auc_difference

SHARED = Path(__file__).resolve().parents[4] / "shared"


def study(*, treatments=2, readers=4, positives=20, negatives=30, seed=1, decimals=1):
    """Return the five columns of a full factorial study with ties."""
    generator = np.random.default_rng(seed)
    shape = (treatments, readers, positives + negatives)
    truth = np.repeat([1, 0], [positives, negatives])
    skill = 1 + 0.4 * np.arange(treatments)[:, None] + generator.normal(0, 0.3, (treatments, readers))
    scores = skill[..., None] * truth + generator.normal(0, 0.7, shape[2]) + generator.normal(0, 0.8, shape)
    treatment, reader, case = (index.ravel() for index in np.indices(shape))
    return reader, treatment, case, truth[case], scores.round(decimals).ravel()


def published(name):
    found = sorted(SHARED.rglob(f"{name}.csv")) if SHARED.exists() else []
    if not found:
        pytest.skip(f"needs {name}.csv, which is not ours to ship")
    table = pd.read_csv(found[0]).rename(columns=str.lower)
    return [table[key].to_numpy() for key in ("reader", "treatment", "case", "truth", "rating")]


# MRMCaov 0.3 user guide and the RJafroc book (dataset02), jackknife covariance.
VANDYKE = [
    ({}, 4.4563187, 15.259675, 0.051665686, -0.087959499, 0.00035885444),
    ({"readers_random": False}, 5.4759532, inf, 0.019279843, -0.080485914, -0.0071147303),
    ({"cases_random": False}, 8.704, 4, 0.041958752, -0.085020224, -0.0025804202),
]


@pytest.mark.parametrize(("options", "statistic", "df", "p_value", "low", "high"), VANDYKE)
def test_van_dyke_gives_the_published_tests(options, statistic, df, p_value, low, high):
    result = obuchowski_rockette(*published("VanDyke"), covariance="jackknife", **options)
    assert result.statistic == pytest.approx(statistic, rel=1e-7)
    assert result.df == pytest.approx(df, rel=1e-7)
    assert result.p_value == pytest.approx(p_value, rel=1e-6)
    assert (result.interval.low, result.interval.high) == pytest.approx((low, high), rel=1e-6)


def test_franken_gives_the_published_clipped_test_and_the_negative_variance():
    readers, treatments, cases, labels, ratings = published("Franken")
    scores = -ratings if roc_auc_score(labels, ratings) < 0.5 else ratings
    clipped = obuchowski_rockette(readers, treatments, cases, labels, scores)
    assert (clipped.statistic, clipped.df) == pytest.approx((4.694, 3.0), abs=5e-4)
    moments = u_statistic(readers, treatments, cases, labels, scores)
    assert moments.variance == pytest.approx(-3.16e-5, abs=5e-8)
    assert moments.variance_mle == pytest.approx(6.15e-4, abs=5e-7)


def test_pooled_readings_of_van_dyke_know_that_cases_come_five_times():
    _, treatments, cases, labels, ratings = published("VanDyke")
    first = treatments == treatments.min()
    pooled = [column[first] for column in (ratings, labels)]
    assert auc(*pooled, clusters=cases[first]).variance ** 0.5 == pytest.approx(0.02275, abs=5e-6)
    assert auc(*pooled).variance ** 0.5 == pytest.approx(0.01391, abs=5e-6)


def by_pseudovalues(readers, treatments, cases, labels, scores):
    """Dorfman, Berbaum & Metz: a three-way analysis of jackknife pseudovalues gives the same F and ddf."""
    t, r, c = treatments.max() + 1, readers.max() + 1, cases.max() + 1
    block, truth = np.empty((t, r, c)), np.empty(c)
    block[treatments, readers, cases], truth[cases] = scores, labels
    values = np.empty((t, r, c))
    for i, j in product(range(t), range(r)):
        whole = roc_auc_score(truth, block[i, j])
        for k in range(c):
            kept = np.arange(c) != k
            values[i, j, k] = c * whole - (c - 1) * roc_auc_score(truth[kept], block[i, j][kept])
    ti, rj, ck = values.mean((1, 2)), values.mean((0, 2)), values.mean((0, 1))
    tr, tc, rc, all_ = values.mean(2), values.mean(1), values.mean(0), values.mean()
    ms_t = r * c * ((ti - all_) ** 2).sum() / (t - 1)
    ms_tr = c * ((tr - ti[:, None] - rj[None] + all_) ** 2).sum() / (t - 1) / (r - 1)
    ms_tc = r * ((tc - ti[:, None] - ck[None] + all_) ** 2).sum() / (t - 1) / (c - 1)
    left = values - tr[:, :, None] - tc[:, None] - rc[None] + ti[:, None, None] + rj[None, :, None] + ck - all_
    ms_trc = (left**2).sum() / (t - 1) / (r - 1) / (c - 1)
    denominator = ms_tr + max(ms_tc - ms_trc, 0)
    return ms_t / denominator, denominator**2 / (ms_tr**2 / ((t - 1) * (r - 1)))


@pytest.mark.parametrize("options", [{"seed": 1}, {"seed": 2, "treatments": 3}, {"seed": 8, "readers": 3}])
def test_the_jackknife_gives_the_analysis_of_pseudovalues(options):
    rows = study(**options)
    statistic, df = by_pseudovalues(*rows)
    result = obuchowski_rockette(*rows, covariance="jackknife")
    assert (result.statistic, result.df) == pytest.approx((statistic, df))
    assert result.p_value == pytest.approx(stats.f.sf(statistic, result.df_numerator, df))


def winning(block, truth):
    """Return success[treatment, reader, positive, negative], counted one pair at a time."""
    positive, negative = block[:, :, truth == 1], block[:, :, truth == 0]
    wins = (positive[..., :, None] > negative[..., None, :]) + 0.5 * (positive[..., :, None] == negative[..., None, :])
    return wins, np.isfinite(positive[..., :, None] + negative[..., None, :])


def variance_by_enumeration(wins, seen):
    """Return the unbiased variance of the difference from every two readings that share nothing."""
    triples = list(product(*(range(size) for size in wins.shape[1:])))
    covariance = {}
    for a, b in ((0, 0), (1, 1), (0, 1)):
        apart = [
            wins[a][x] * wins[b][y]
            for x, y in product(triples, triples)
            if seen[a][x] and seen[b][y] and all(u != v for u, v in zip(x, y, strict=True))
        ]
        area = [wins[each][seen[each]].mean() for each in (a, b)]
        covariance[a, b] = area[0] * area[1] - np.mean(apart)
    return covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]


@pytest.mark.parametrize("gaps", [0.0, 0.25])
def test_the_u_statistic_is_the_sum_over_all_readings_that_share_nothing(gaps):
    reader, treatment, case, truth, scores = study(readers=3, positives=5, negatives=4, seed=3)
    kept = np.random.default_rng(5).random(scores.size) >= gaps
    block = np.full((2, 3, 9), np.nan)
    block[treatment[kept], reader[kept], case[kept]] = scores[kept]
    expected = variance_by_enumeration(*winning(block, np.repeat([1, 0], [5, 4])))
    result = u_statistic(reader[kept], treatment[kept], case[kept], truth[kept], scores[kept])
    assert result.variance == pytest.approx(expected)
    assert result.variance_mle > 0


def test_the_three_covariances_are_close_and_in_their_known_order():
    rows = study(positives=40, negatives=60)
    found = {name: obuchowski_rockette(*rows, covariance=name) for name in ("delong", "jackknife", "unbiased")}
    assert found["delong"].statistic == pytest.approx(found["jackknife"].statistic, rel=0.1)
    error = {name: each.variance_components.error for name, each in found.items()}
    assert error["unbiased"] < error["delong"] < error["jackknife"]


def test_one_fixed_reader_is_the_paired_test_of_delong():
    reader, treatment, case, truth, scores = study(readers=1)
    result = obuchowski_rockette(reader, treatment, case, truth, scores, readers_random=False)
    first, second = (scores[treatment == each] for each in (0, 1))
    paired = paired_auc_difference(first, second, truth[treatment == 0])
    assert result.difference == pytest.approx(paired.difference)
    assert result.statistic == pytest.approx(paired.statistic**2)


def test_the_difference_is_first_minus_second_in_sorted_order():
    reader, treatment, case, truth, scores = study()
    names = np.array(["with AI", "alone"])[treatment]  # sorted: alone, with AI
    for analyse in (obuchowski_rockette, u_statistic):
        result = analyse(reader, names, case, truth, scores)
        assert list(result.areas) == ["alone", "with AI"]
        assert result.difference == pytest.approx(result.areas["alone"] - result.areas["with AI"])


@pytest.mark.parametrize("analyse", [obuchowski_rockette, u_statistic])
def test_the_order_of_rows_and_rising_transformations_change_nothing(analyse):
    rows = study()
    order = np.random.default_rng(2).permutation(rows[0].size)
    shuffled = [column[order] for column in rows]
    changed = analyse(*shuffled[:4], np.exp(shuffled[4]))
    assert changed.difference == pytest.approx(analyse(*rows).difference)
    assert changed.p_value == pytest.approx(analyse(*rows).p_value)


@pytest.mark.parametrize("analyse", [obuchowski_rockette, u_statistic])
def test_swapping_the_labels_turns_the_difference_round(analyse):
    *keys, truth, scores = study()
    there, back = analyse(*keys, truth, scores), analyse(*keys, 1 - truth, scores)
    assert back.difference == pytest.approx(-there.difference)
    assert back.p_value == pytest.approx(there.p_value)


@pytest.mark.parametrize("analyse", [obuchowski_rockette, u_statistic])
@pytest.mark.parametrize("kind", ["all right", "all tied", "the same twice"])
def test_no_spread_still_has_a_width(analyse, kind):
    reader, treatment, case, truth, scores = study()
    if kind == "the same twice":
        scores = np.tile(scores[treatment == 0], 2)
    else:
        scores = truth * 1.0 if kind == "all right" else np.zeros(scores.size)
    result = analyse(reader, treatment, case, truth, scores)
    assert (result.difference, result.p_value) == (0, 1)
    assert result.interval.low < 0 < result.interval.high
    assert np.isfinite([result.statistic, result.interval.low, result.interval.high]).all()


def test_a_perfect_treatment_against_a_blind_one_is_told_apart_as_far_as_the_readers_allow():
    reader, treatment, case, truth, _ = study(readers=8)
    result = obuchowski_rockette(reader, treatment, case, truth, truth * (treatment == 0.0))
    assert result.difference == 0.5
    assert 0 < result.p_value < 0.05
    assert result.interval.low < 0.5


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda r, t, c, y, s: (r, t, c, y * 0, s), "one class"),
        (lambda r, t, c, y, s: (r, t * 0, c + 100 * t, y, s), "one treatment"),
        (lambda r, t, c, y, s: (r * 0, t, c + 100 * r, y, s), "one reader"),
        (lambda r, t, c, y, s: (r[:-1], t[:-1], c[:-1], y[:-1], s[:-1]), "not every reader"),
        (lambda r, t, c, y, s: (r[:0], t[:0], c[:0], y[:0], s[:0]), "one class"),
    ],
)
def test_what_cannot_be_estimated_says_why(change, reason):
    result = obuchowski_rockette(*change(*study()))
    assert isinstance(result, NotEstimable)
    assert reason in result.reason


def test_gaps_are_no_hindrance_to_the_u_statistic_and_one_reader_is():
    rows = study()
    assert u_statistic(*(column[:-7] for column in rows)).interval.width > 0
    alone = rows[0] == 0
    assert isinstance(u_statistic(*(column[alone] for column in rows)), NotEstimable)


@pytest.mark.parametrize("analyse", [obuchowski_rockette, u_statistic])
def test_impossible_rows_are_refused(analyse):
    reader, treatment, case, truth, scores = study()
    one_more = [np.append(column, column[0]) for column in (reader, treatment, case, truth, scores)]
    two_truths = np.where((case == 0) & (reader == 0), 1 - truth, truth)
    for rows in (
        one_more,
        (reader, treatment, case, two_truths, scores),
        (reader[1:], treatment, case, truth, scores),
        (reader, treatment, case, truth, np.where(case == 0, np.nan, scores)),
    ):
        with pytest.raises(ValueError, match=r"."):
            analyse(*rows)


def test_nothing_random_is_refused():
    with pytest.raises(ValueError, match="random"):
        obuchowski_rockette(*study(), readers_random=False, cases_random=False)
