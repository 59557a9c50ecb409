"""What a test's positives say of the truth: Rogan and Gladen, with and without the error of its own accuracy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.statistics.verification import rogan_gladen


def test_a_known_test_is_turned_back():
    found = rogan_gladen(30, 200, sensitivity=0.9, specificity=0.95)
    assert found.value == pytest.approx((0.15 + 0.95 - 1) / 0.85)
    assert (found.interval.low, found.interval.high) == pytest.approx((0.0672, 0.1836), abs=5e-5)


def test_the_example_of_rsurveillance():
    """R's RSurveillance::tp(20, 120, 0.9, 0.99, "wilson")."""
    found = rogan_gladen(20, 120, sensitivity=0.9, specificity=0.99)
    assert found.value == pytest.approx(0.17603, abs=5e-6)
    assert (found.interval.low, found.interval.high) == pytest.approx((0.1129887, 0.2623065), abs=5e-8)


def test_lang_and_reiczigels_equations_step_by_step():
    """Equations 4, 6, 7, 16 and 17 of the paper, with (1 − P)² in 4, as R's asht::prevSeSp reads them."""
    z, found = 1.959963984540054, rogan_gladen(30, 200, sensitivity=(90, 100), specificity=(190, 200))
    size, se_size, sp_size = 200 + z**2, 102, 202
    apparent, se, sp = (30 + z**2 / 2) / size, 91 / se_size, 191 / sp_size
    middle = (apparent + sp - 1) / (se + sp - 1)
    shift = 2 * z**2 * (middle * se * (1 - se) / se_size - (1 - middle) * sp * (1 - sp) / sp_size)
    spread = apparent * (1 - apparent) / size + middle**2 * se * (1 - se) / se_size
    spread = (spread + (1 - middle) ** 2 * sp * (1 - sp) / sp_size) / (se + sp - 1) ** 2
    ends = middle + shift - z * spread**0.5, middle + shift + z * spread**0.5
    assert (found.interval.low, found.interval.high) == pytest.approx(ends, rel=1e-12)


def test_a_perfect_test_changes_nothing():
    found = rogan_gladen(30, 200, sensitivity=1, specificity=1)
    assert found.value == pytest.approx(0.15)


def test_a_measured_test_widens_and_tends_to_the_known_one():
    known = rogan_gladen(300, 2_000, sensitivity=0.9, specificity=0.95)
    rough = rogan_gladen(300, 2_000, sensitivity=(90, 100), specificity=(190, 200))
    sure = rogan_gladen(300, 2_000, sensitivity=(9_000_000, 10_000_000), specificity=(9_500_000, 10_000_000))
    assert rough.interval.width > 1.3 * known.interval.width
    assert sure.interval.low == pytest.approx(known.interval.low, abs=2e-3)
    assert sure.interval.high == pytest.approx(known.interval.high, abs=2e-3)


@pytest.mark.parametrize(("sensitivity", "specificity"), [(0.5, 0.5), (0.3, 0.6), ((6, 10), (6, 10))])
def test_a_test_like_chance_tells_nothing(sensitivity, specificity):
    found = rogan_gladen(30, 200, sensitivity=sensitivity, specificity=specificity)
    assert isinstance(found, NotEstimable)


def test_fewer_positives_than_errors_alone_give_is_a_true_zero_with_room():
    found = rogan_gladen(0, 100, sensitivity=0.9, specificity=0.95)
    assert found.value == 0
    assert found.unclipped < 0
    assert found.interval.low == 0
    assert 0.05 < found.interval.high < 0.1


@pytest.mark.parametrize("wrong", [{"sensitivity": 1.2}, {"sensitivity": (5, 4)}, {"sensitivity": -0.1}])
def test_impossible_rates_are_refused(wrong):
    with pytest.raises(ValueError, match=r"sensitivity|trials"):
        rogan_gladen(3, 10, **({"specificity": 0.9} | wrong))
    with pytest.raises(ValueError, match="positives"):
        rogan_gladen(11, 10, sensitivity=0.9, specificity=0.9)


@given(st.integers(0, 80), st.integers(30, 60), st.integers(30, 60))
@settings(max_examples=80, deadline=None)
def test_everything_stays_inside_zero_and_one(positives, right, cleared):
    found = rogan_gladen(positives, 80, sensitivity=(right, 60), specificity=(cleared, 60))
    if isinstance(found, Estimate):
        assert 0 <= found.interval.low < found.interval.high <= 1
        assert 0 <= found.value <= 1


@pytest.mark.parametrize("prevalence", [0.02, 0.1, 0.4])
def test_intervals_carry_the_uncertainty_of_the_test(prevalence):
    generator, hits, runs = np.random.default_rng(2), 0, 2_000
    for _ in range(runs):
        positives = generator.binomial(500, prevalence * 0.85 + (1 - prevalence) * 0.08)
        right, cleared = generator.binomial(120, 0.85), generator.binomial(200, 0.92)
        found = rogan_gladen(positives, 500, sensitivity=(right, 120), specificity=(cleared, 200))
        hits += prevalence in found.interval
    assert 0.935 <= hits / runs <= 0.99
