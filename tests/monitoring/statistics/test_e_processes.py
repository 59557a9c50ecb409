"""Evidence is held to its closed form, to hand counts, and to what it promises under no change."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.statistics.results import NotEstimable
from monitoring.statistics.sequential import confidence_sequence, e_detector, e_process


def test_evidence_of_a_hand_counted_example():
    """Uniform mixture: E = 1 / ((n + 1) P(X = k | p0)), and after one yes 1 / (2 p0)."""
    found = e_process([1, 1, 0, 1], p0=0.5)
    assert found.path[0] == pytest.approx(1.0)
    assert found.e_value == pytest.approx(1 / (5 * comb(4, 3) * 0.5**4))
    assert found.p_value == pytest.approx(1 / max(found.path))


@given(st.lists(st.booleans(), min_size=1, max_size=80), st.floats(0.02, 0.98))
def test_evidence_against_p0_is_large_exactly_outside_the_confidence_sequence(seen, p0):
    interval = confidence_sequence(sum(seen), len(seen)).interval
    e_value = e_process([float(x) for x in seen], p0=p0).e_value
    assert (e_value < 20) == (interval.low < p0 < interval.high)


@given(st.floats(0.05, 0.95), st.integers(1, 12), st.sampled_from(["two-sided", "less", "greater"]))
def test_under_the_hypothesis_the_mean_evidence_is_one(p0, trials, alternative):
    """Summed over every outcome, exactly; order plays no part, so counts suffice."""
    mean = 0.0
    for hits in range(trials + 1):
        found = e_process([1.0] * hits + [0.0] * (trials - hits), p0=p0, alternative=alternative)
        mean += comb(trials, hits) * p0**hits * (1 - p0) ** (trials - hits) * found.e_value
    assert mean == pytest.approx(1.0)


def test_a_side_of_the_hypothesis_is_safe_all_along_it():
    """Evidence for less than p0 has mean at most one at every p ≥ p0."""
    for p in (0.8, 0.9, 0.99):
        mean = sum(
            comb(9, k)
            * p**k
            * (1 - p) ** (9 - k)
            * e_process([1] * k + [0] * (9 - k), p0=0.8, alternative="less").e_value
            for k in range(10)
        )
        assert mean <= 1 + 1e-12


def test_fractions_carry_no_more_evidence_than_coins_of_the_same_mean():
    halves = e_process([0.5] * 40, p0=0.5).e_value
    coins = e_process([0.0, 1.0] * 20, p0=0.5).e_value
    assert halves == pytest.approx(coins)
    assert halves < 1


def test_a_year_of_looks_at_a_true_proportion_rejects_it_in_fewer_than_one_in_twenty():
    generator = np.random.default_rng(21)
    worst = [max(e_process((generator.random(2_000) < 0.9).astype(float), p0=0.9).path) for _ in range(400)]
    assert np.mean(np.array(worst) >= 20) < 0.05


def test_the_detector_follows_its_recursion_by_hand():
    """pre .5 against .75: ratios 1.5 and .5; M = 1.5, (1.5 + 1)·1.5 = 3.75, (3.75 + 1)·.5 = 2.375."""
    found = e_detector([1, 1, 0], pre=0.5, alternatives=[0.75], arl0=100)
    assert found.path == pytest.approx((1.5, 3.75, 2.375))


def test_alternatives_are_averaged_and_an_alarm_starts_again():
    found = e_detector([0] * 12, pre=0.5, alternatives=[0.25, 0.0], arl0=50)
    assert found.path[0] == pytest.approx((1.5 + 2.0) / 2)
    assert found.path[1] == pytest.approx((2.5 * 1.5 + 3 * 2.0) / 2)
    assert found.path[found.alarms[0]] >= 50
    assert found.path[found.alarms[0] + 1] == pytest.approx(found.path[0])
    assert found.arl == found.threshold == 50


@pytest.mark.parametrize("clustered", [False, True])
def test_the_guaranteed_run_length_holds(clustered):
    generator = np.random.default_rng(22)
    size = 200_000
    values = (
        generator.binomial(4, generator.beta(9 * 1.86, 1.86, size=size)) / 4
        if clustered
        else generator.random(size) < 0.9
    )
    found = e_detector(np.asarray(values, dtype=float), pre=0.9, alternatives=[0.85, 0.8], arl0=400)
    assert size / max(len(found.alarms), 1) >= 400


def test_a_better_state_than_before_raises_no_more_alarms():
    values = (np.random.default_rng(23).random(60_000) < 0.95).astype(float)
    assert len(e_detector(values, pre=0.9, alternatives=[0.85, 0.8], arl0=400).alarms) <= 60_000 / 400


def test_a_drop_is_found_soon_and_dated():
    generator = np.random.default_rng(24)
    values = np.concatenate([generator.random(1_000) < 0.944, generator.random(1_000) < 0.84]).astype(float)
    found = e_detector(values, pre=0.944, alternatives=[0.92, 0.9, 0.85], arl0=5_000)
    assert 1_000 < found.alarms[0] < 1_250
    assert abs(found.began[0] - 1_000) < 100


def test_weighted_values_are_watched_on_their_own_scale():
    plain = e_detector([1.0, 0.0, 1.0], pre=0.5, alternatives=[0.7], arl0=100)
    weighted = e_detector([4.0, 0.0, 4.0], pre=2.0, alternatives=[2.8], arl0=100, upper=4.0)
    assert weighted.path == pytest.approx(plain.path)


def test_without_observations_there_is_no_evidence_and_no_alarm():
    assert isinstance(e_process([], p0=0.5), NotEstimable)
    assert e_detector([], pre=0.5, alternatives=[0.4], arl0=100).alarms == ()


@pytest.mark.parametrize("p0", [0.0, 1.0, -0.2, float("nan")])
def test_a_hypothesis_on_the_edge_is_refused(p0):
    with pytest.raises(ValueError, match="p0"):
        e_process([1.0], p0=p0)


@pytest.mark.parametrize(
    "wrong", [{"alternatives": []}, {"alternatives": [0.5]}, {"alternatives": [1.5]}, {"arl0": 1.0}, {"pre": 1.0}]
)
def test_impossible_detectors_are_refused(wrong):
    design = {"pre": 0.5, "alternatives": [0.4], "arl0": 100.0} | wrong
    with pytest.raises(ValueError, match=r"alternatives|arl0|pre"):
        e_detector([1.0], **design)
