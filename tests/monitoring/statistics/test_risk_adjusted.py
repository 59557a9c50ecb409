"""The chart is held to Steiner's weights, to the exact chain of equal risks, and to its own simulation."""

from math import log

import numpy as np
import pytest

from monitoring.statistics.run_lengths import stepped_run_length
from monitoring.statistics.sequential import risk_adjusted_cusum

MIX = np.random.default_rng(41).beta(1, 9, size=400)
CHART = risk_adjusted_cusum(2, arl0=5_000, risks=MIX)


def test_weights_are_those_of_steiner():
    """Steiner et al. 2000, section 3: odds ratio 2 and a Parsonnet-like risk of .05 or .5."""
    run = CHART.run([1, 1, 0], risks=[0.05, 0.5, 0.5])
    assert run.path == pytest.approx(
        (log(2 / 1.05), log(2 / 1.05) + log(2 / 1.5), log(2 / 1.05) + log(2 / 1.5) + log(1 / 1.5))
    )


@pytest.mark.parametrize("odds_ratio", [2, 0.5])
def test_the_design_is_reached_and_simulation_finds_it(odds_ratio):
    chart = risk_adjusted_cusum(odds_ratio, arl0=400, risks=MIX)
    generator = np.random.default_rng(42)
    risks = generator.choice(MIX, size=200_000)
    outcomes = (generator.random(risks.size) < risks).astype(float)
    assert 400 <= chart.arl(1) <= 404
    assert risks.size / len(chart.run(outcomes, risks=risks).alarms) == pytest.approx(400, rel=0.08)


@pytest.mark.parametrize("true", [1.5, 2.0])
def test_run_lengths_at_other_odds_are_what_simulation_finds(true):
    generator = np.random.default_rng(43)
    risks = generator.choice(MIX, size=200_000)
    outcomes = (generator.random(risks.size) < true * risks / (1 - risks + true * risks)).astype(float)
    found = risks.size / len(CHART.run(outcomes, risks=risks).alarms)
    assert found == pytest.approx(CHART.arl(true), rel=0.1)


def test_equal_steps_on_a_lattice_have_the_exact_run_length():
    """One up, one down, alarm at 2: (1 + p) / p² by hand."""
    found = stepped_run_length(np.array([1.0, -1.0]), np.array([0.1, 0.9]), height=2.0, cells=1_000)
    assert found == pytest.approx(1.1 / 0.01)


@pytest.mark.parametrize(("risks", "arl0"), [([0.3], 20), ([0.5, 0.5], 60)])
def test_finer_lattices_change_the_run_length_by_less_than_half_a_percent(risks, arl0):
    chart = risk_adjusted_cusum(2, arl0=arl0, risks=risks)
    risk, missed = np.array(risks), -np.log1p(np.array(risks))
    steps = np.concatenate([missed + log(2), missed])
    shares = np.concatenate([risk, 1 - risk]) / risk.size
    finest = stepped_run_length(steps, shares, height=chart.threshold, cells=12_000)
    assert chart.arl(1) >= arl0
    assert chart.arl(1) == pytest.approx(finest, rel=5e-3)


def test_a_harder_case_mix_is_no_alarm():
    """Hard cases of which half end badly, as their risks foresee, raise nothing; held against the average they do."""
    assert not CHART.run([1, 0] * 100, risks=np.full(200, 0.5)).alarms
    assert CHART.run([1, 0] * 100, risks=np.full(200, MIX.mean())).alarms


@pytest.mark.parametrize(
    ("odds_ratio", "arl0", "risks"),
    [(1, 100, [0.1]), (0, 100, [0.1]), (-2, 100, [0.1]), (2, 1, [0.1]), (2, 100, [0.0]), (2, 100, [1.0]), (2, 100, [])],
)
def test_impossible_designs_are_refused(odds_ratio, arl0, risks):
    with pytest.raises(ValueError, match=r"odds_ratio|risks|arl0"):
        risk_adjusted_cusum(odds_ratio, arl0=arl0, risks=risks)


def test_each_outcome_needs_its_risk():
    with pytest.raises(ValueError, match="lengths"):
        CHART.run([1, 0], risks=[0.1])
