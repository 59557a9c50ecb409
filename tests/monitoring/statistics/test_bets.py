"""Bets are held to the formula of the paper by hand, and bounds to what they are made from."""

import numpy as np
import pytest

from monitoring.statistics.bets import BLOCK, plug_in_bets, running_bounds


def test_the_first_bets_by_hand():
    """Waudby-Smith & Ramdas 2024, eq. 26 at α = .05: σ̂₀² = 1/4, μ̂₁ = 3/4 and σ̂₁² = (1/4 + 1/16) / 2 after a one."""
    bets = plug_in_bets(np.array([1.0, 0.0]), level=0.95)
    assert bets[0] == pytest.approx(np.sqrt(2 * np.log(40) / (0.25 * np.log(2))))
    assert bets[1] == pytest.approx(np.sqrt(2 * np.log(40) / (0.15625 * 2 * np.log(3))))


def test_a_bet_knows_nothing_of_its_own_value():
    first, second = (plug_in_bets(np.array([0.2, 0.9, last]), level=0.95) for last in (0.0, 1.0))
    assert (first == second).all()


def test_bounds_of_mirrored_values_are_mirrored():
    values = np.random.default_rng(1).beta(3, 2, size=BLOCK + 50)
    lows, highs = running_bounds(values, level=0.9)
    mirrored_lows, mirrored_highs = running_bounds(1 - values, level=0.9)
    assert lows == pytest.approx(1 - mirrored_highs, abs=1e-6)
    assert highs == pytest.approx(1 - mirrored_lows, abs=1e-6)


def test_working_in_blocks_changes_nothing():
    values = np.random.default_rng(2).random(3 * BLOCK)
    lows, highs = running_bounds(values, level=0.95)
    for size in (1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK):
        fewer_lows, fewer_highs = running_bounds(values[:size], level=0.95)
        assert fewer_lows == pytest.approx(lows[:size], abs=1e-12)
        assert fewer_highs == pytest.approx(highs[:size], abs=1e-12)
