"""Bins follow from the scale alone, keep order, and are exact at thresholds and at values that come again."""

from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from monitoring.rollups.binning import LOGIT_STEP, binned, scale_of, together
from monitoring.statistics.roc import auc
from monitoring.statistics.roc_ranges import auc_from_ranges

PROBABILITY = scale_of("probability", None)
SCALES = [PROBABILITY, scale_of("raw", (0.0, 10.0)), scale_of("raw", None)]
scores = hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(0, 1, width=32))


def bins_of(values, *, truth=None, threshold=0.5, scale=PROBABILITY):
    values = np.asarray(values, dtype=float)
    classes = np.zeros(values.size, dtype=np.int64) if truth is None else np.asarray(truth, dtype=np.int64)
    return binned(values, truth=classes, flagged=values >= threshold, scale=scale)


def cases_of(bins):
    return bins["negative"] + bins["positive"] + bins["other"]


def area_of(bins):
    return auc_from_ranges(bins["low"], bins["high"], bins["negative"], bins["positive"])


@settings(deadline=None)
@given(values=scores, threshold=st.floats(0, 1))
def test_every_case_is_in_one_bin_and_no_bin_crosses_the_threshold(values, threshold):
    bins = bins_of(values, threshold=threshold)

    assert cases_of(bins).sum() == values.size
    assert ((bins["low"] >= threshold) | (bins["high"] < threshold)).all()
    assert (bins["low"] <= bins["high"]).all()


@settings(deadline=None)
@given(values=scores)
def test_a_value_that_comes_again_has_a_bin_of_its_own(values):
    bins = bins_of(values)

    for value, times in zip(*np.unique(values, return_counts=True), strict=True):
        if times > 1:
            (own,) = bins[(bins["low"] == value) & (bins["high"] == value)]
            assert cases_of(own) == times


@pytest.mark.parametrize("scale", SCALES)
def test_grid_cells_rise_with_the_score(scale):
    values = np.sort(np.random.default_rng(1).normal(0.5, 3, 2_000))

    assert (np.diff(scale.cells(values)) >= 0).all()
    assert (np.diff(scale.coarse(values)) >= 0).all()


def test_a_bin_of_a_probability_is_no_wider_on_the_logit_than_said():
    bins = bins_of(np.random.default_rng(2).uniform(0.001, 0.999, 50_000))

    for low, high in zip(bins["low"], bins["high"], strict=True):
        assert log(high / (1 - high)) - log(low / (1 - low)) <= LOGIT_STEP + 1e-9


@pytest.mark.parametrize(
    ("scale", "score"), [(SCALES[0], 0.37), (SCALES[0], 1.0), (SCALES[1], 7.25), (SCALES[2], 12.0)]
)
def test_a_round_value_has_a_bin_of_its_own(scale, score):
    bins = bins_of([score, score + 1e-5, score - 1e-5], scale=scale, threshold=-9)

    assert ((bins["low"] == score) & (bins["high"] == score)).sum() == 1


def test_a_device_that_gives_the_same_score_to_everything_is_seen_as_ties():
    generator = np.random.default_rng(3)
    truth = generator.random(3_000) < 0.2
    values = 1 / (1 + np.exp(-generator.normal(truth * 1.5, 1.0)))
    values[1_500:] = 0.73126

    found = area_of(bins_of(values, truth=truth))

    assert found.value == pytest.approx(auc(values, truth).value, abs=5e-4)
    assert found.upper_bound - found.lower_bound < 0.002


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("decimals", [1, 2, 5, 12])
def test_the_exact_area_lies_within_the_bounds_whatever_the_threshold_was(seed, decimals):
    generator = np.random.default_rng(seed)
    truth = generator.random(900) < 0.3
    values = np.round(1 / (1 + np.exp(-generator.normal(truth * 1.5, 1.0))), decimals)
    months = np.array_split(np.arange(values.size), 3)
    parts = [
        bins_of(values[chosen], truth=truth[chosen], threshold=threshold)
        for chosen, threshold in zip(months, (0.5, 0.61803, 0.4), strict=True)
    ]

    found, exact = area_of(together(parts)), auc(values, truth)

    assert found.lower_bound - 1e-12 <= exact.value <= found.upper_bound + 1e-12
    assert found.upper_bound - found.lower_bound < 0.002
    if decimals < 3:
        assert found.value == pytest.approx(exact.value, abs=1e-12)


def test_months_added_up_are_the_bins_of_all_of_them():
    generator = np.random.default_rng(5)
    values = np.round(generator.random(400), 3)

    found = together([bins_of(values[:150]), bins_of(values[150:])])

    assert found.tolist() == bins_of(values).tolist()
