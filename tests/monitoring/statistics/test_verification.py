"""Partly verified cases: the hepatic scan of Begg and Greenes, its bounds, and what follows if they were wrong."""

from math import isclose

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.statistics.verification import (
    begg_greenes,
    non_ignorable_verification,
    verification_bounds,
    weighted_rates,
)

# Drum & Christacopoulos 1969, as in Begg & Greenes, Biometrics 1983;39:207-215.
HEPATIC = {"tested_positive": (231, 32, 166), "tested_negative": (27, 54, 140)}
counts = st.tuples(st.integers(1, 60), st.integers(1, 60), st.integers(0, 60))


def test_the_hepatic_scan_is_corrected_as_published():
    found = begg_greenes(**HEPATIC)
    assert found["sensitivity"].uncorrected == pytest.approx(0.895, abs=5e-4)
    assert found["specificity"].uncorrected == pytest.approx(0.628, abs=5e-4)
    assert found["sensitivity"].value == pytest.approx(0.8365, abs=5e-5)
    assert found["specificity"].value == pytest.approx(0.7384, abs=5e-5)
    assert found["sensitivity"].standard_error == pytest.approx(0.02450, abs=5e-6)


def test_weights_by_test_result_are_begg_and_greenes():
    """R survey::twophase gives .02457 for the sensitivity."""
    decisions = [1] * 263 + [0] * 81
    labels = [1] * 231 + [0] * 32 + [1] * 27 + [0] * 54
    chances = [263 / 429] * 263 + [81 / 221] * 81
    found = weighted_rates(decisions, labels, inclusion_probabilities=chances, strata=decisions, target="process")
    known = begg_greenes(**HEPATIC)
    for name in ("sensitivity", "specificity"):
        assert found[name].value == pytest.approx(known[name].value, rel=1e-12)
    assert found["sensitivity"].standard_error == pytest.approx(0.02457, abs=5e-6)


def test_with_everybody_verified_it_is_the_plain_rate():
    found = begg_greenes(tested_positive=(80, 10, 0), tested_negative=(20, 90, 0))["sensitivity"]
    assert found.value == pytest.approx(0.8)
    assert found.standard_error == pytest.approx((0.8 * 0.2 / 100) ** 0.5, rel=1e-12)


def test_a_test_result_of_which_nobody_was_verified_is_refused_with_bounds():
    found = begg_greenes(tested_positive=(40, 10, 0), tested_negative=(0, 0, 100))["sensitivity"]
    assert isinstance(found, NotEstimable)
    assert "from 0.286 to 1.000" in found.reason


@pytest.mark.parametrize(
    ("positive", "negative"),
    [((0, 0, 0), (0, 0, 0)), ((0, 30, 10), (0, 50, 20)), ((5, 0, 0), (0, 0, 0)), ((0, 5, 5), (3, 9, 1))],
)
def test_sparse_tables_give_an_interval_with_a_width_or_a_reason(positive, negative):
    for found in begg_greenes(tested_positive=positive, tested_negative=negative).values():
        assert isinstance(found, NotEstimable) or 0 <= found.interval.low < found.interval.high <= 1


@pytest.mark.parametrize("wrong", [(1, 2), (-1, 2, 3), (1.5, 2, 3), (float("nan"), 1, 2)])
def test_counts_that_are_none_are_refused(wrong):
    with pytest.raises(ValueError, match="tested_positive"):
        begg_greenes(tested_positive=wrong, tested_negative=(1, 2, 3))


def test_bounds_of_the_hepatic_scan():
    found = verification_bounds(**HEPATIC)
    assert found["sensitivity"].low == pytest.approx(231 / (231 + 27 + 140))
    assert found["sensitivity"].high == pytest.approx((231 + 166) / (231 + 166 + 27))
    assert found["specificity"].low == pytest.approx(54 / (54 + 32 + 166))


@given(counts, counts)
@settings(max_examples=60, deadline=None)
def test_the_correction_lies_within_the_bounds_and_mirrors(positive, negative):
    known = begg_greenes(tested_positive=positive, tested_negative=negative)
    limits = verification_bounds(tested_positive=positive, tested_negative=negative)
    for name in ("sensitivity", "specificity"):
        assert limits[name].low - 1e-12 <= known[name].value <= limits[name].high + 1e-12
        assert known[name].value in known[name].interval
    # What is a specificity for one label is a sensitivity for its opposite.
    turned = [(each[1], each[0], each[2]) for each in (negative, positive)]
    mirrored = begg_greenes(tested_positive=turned[0], tested_negative=turned[1])
    assert isclose(mirrored["sensitivity"].value, known["specificity"].value, rel_tol=1e-9)


def test_the_grid_holds_the_correction_and_tends_to_the_bounds():
    grid = {
        (each.odds_ratio_positive, each.odds_ratio_negative): each.rates["sensitivity"].value
        for each in non_ignorable_verification(**HEPATIC, odds_ratios=(1e-9, 1, 1e9))
    }
    limits = verification_bounds(**HEPATIC)["sensitivity"]
    assert grid[1, 1] == pytest.approx(begg_greenes(**HEPATIC)["sensitivity"].value)
    assert grid[1e-9, 1e9] == pytest.approx(limits.low, abs=1e-6)
    assert grid[1e9, 1e-9] == pytest.approx(limits.high, abs=1e-6)
    with pytest.raises(ValueError, match="odds ratios"):
        non_ignorable_verification(**HEPATIC, odds_ratios=(0,))


def simulated(generator):
    diseased = generator.random(900) < 0.3
    flagged = np.where(diseased, generator.random(900) < 0.85, generator.random(900) < 0.2)
    verified = np.where(flagged, generator.random(900) < 0.7, generator.random(900) < 0.4)
    return {
        name: tuple(
            int(group.sum())
            for group in (diseased & verified & (flagged == said), ~diseased & verified & (flagged == said),
                          ~verified & (flagged == said))
        )
        for name, said in (("tested_positive", True), ("tested_negative", False))
    }  # fmt: skip


def test_intervals_cover_where_the_naive_ones_do_not():
    generator, hits, naive = np.random.default_rng(6), 0, 0
    for _ in range(1_500):
        found = begg_greenes(**simulated(generator))["sensitivity"]
        assert isinstance(found, Estimate)
        hits += 0.85 in found.interval
        naive += abs(found.uncorrected - 0.85) < found.interval.width / 2
    assert 0.935 <= hits / 1_500 <= 0.985
    assert naive / 1_500 < 0.75
