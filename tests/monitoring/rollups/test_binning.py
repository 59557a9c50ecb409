"""Bins depend on score, threshold and scale alone, keep order, and are exact at thresholds and round values."""

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.rollups.binning import columns, scale_of
from monitoring.statistics.roc import auc, auc_from_histograms

PROBABILITY = scale_of("probability", None)
scores = st.floats(min_value=0.0, max_value=1.0)


@given(score=scores, threshold=st.none() | scores)
def test_a_score_lies_in_its_bin(score, threshold):
    here = PROBABILITY.bin_of(PROBABILITY.name_of(score, threshold=threshold))

    assert here.low <= score <= here.high


@given(score=scores, threshold=scores)
def test_no_bin_holds_scores_on_both_sides_of_the_threshold(score, threshold):
    here = PROBABILITY.bin_of(PROBABILITY.name_of(score, threshold=threshold))

    assert here.low >= threshold if score >= threshold else here.high <= threshold


def test_bins_of_a_probability_are_at_most_a_fiftieth_wide_on_the_logit():
    edges = [edge for edge in PROBABILITY.edges if 1e-6 < edge < 1 - 1e-6]
    logits = [log(edge / (1 - edge)) for edge in edges]

    assert max(np.diff(logits)) <= 0.02 + 1e-6


@pytest.mark.parametrize("score", [0.0, 0.5, 0.37, 0.125, 1.0])
def test_round_values_have_a_bin_of_their_own(score):
    assert PROBABILITY.bin_of(PROBABILITY.name_of(score, threshold=0.4)).is_single


@pytest.mark.parametrize(
    ("scale", "range", "score"), [("raw", (0.0, 10.0), 7.25), ("raw", (0.0, 100.0), 37.4), ("raw", None, 12.0)]
)
def test_round_values_of_raw_scores_too(scale, range, score):
    found = scale_of(scale, range)

    assert found.bin_of(found.name_of(score, threshold=None)).is_single


def test_a_score_outside_its_scale_still_has_a_place():
    names = [PROBABILITY.name_of(score, threshold=0.5) for score in (-3.0, 0.2, 7.0)]

    assert [column.names[0] for column in columns(names, scale=PROBABILITY)] == names


def test_bins_cut_at_different_thresholds_are_joined_where_they_overlap():
    names = [PROBABILITY.name_of(0.60011, threshold=each) for each in (0.60005, 0.6002)]

    (joined,) = columns(names, scale=PROBABILITY)

    assert set(joined.names) == set(names)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("decimals", [1, 2, 12])
def test_the_exact_area_lies_within_the_bounds(seed, decimals):
    generator = np.random.default_rng(seed)
    truth = generator.random(400) < 0.3
    values = np.round(1 / (1 + np.exp(-generator.normal(truth * 1.5, 1.0))), decimals)
    names = [PROBABILITY.name_of(float(value), threshold=0.61803) for value in values]
    bins = columns(set(names), scale=PROBABILITY)
    place = {name: index for index, column in enumerate(bins) for name in column.names}
    counts = np.zeros((2, len(bins)))
    for name, positive in zip(names, truth, strict=True):
        counts[int(positive), place[name]] += 1

    binned = auc_from_histograms(counts[0], counts[1], ties=[column.is_single for column in bins])
    exact = auc(values, truth)

    assert binned.lower_bound - 1e-12 <= exact.value <= binned.upper_bound + 1e-12
    if decimals < 3:
        assert binned.value == pytest.approx(exact.value, abs=1e-12)
        assert binned.upper_bound - binned.lower_bound < 1e-12
