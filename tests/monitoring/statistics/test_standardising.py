"""A reference is finite, and a chart made from it still holds its rate."""

import numpy as np
import pytest

from monitoring.statistics.standardising import guarded_bernoulli_cusum, guarded_normal_cusum, normal_scores


def test_scores_of_the_reference_itself_are_standard_normal():
    values = np.random.default_rng(1).exponential(size=2_000)
    scores = normal_scores(values, reference=values)
    assert scores.mean() == pytest.approx(0, abs=1e-3)
    assert scores.std() == pytest.approx(1, abs=0.01)


def test_scores_do_not_change_when_the_scale_does():
    generator = np.random.default_rng(2)
    values, reference = generator.random(50), generator.random(200)
    assert normal_scores(values, reference=reference) == pytest.approx(
        normal_scores(np.exp(values), reference=np.exp(reference))
    )


def test_a_value_beyond_the_reference_stays_finite():
    assert np.isfinite(normal_scores([1e9, -1e9], reference=[1.0, 2.0])).all()


def test_a_constant_reference_gives_zero():
    assert normal_scores([120.0, 120.0], reference=[120.0] * 99) == pytest.approx([0, 0])


def test_a_normal_chart_holds_its_rate_with_an_estimated_reference():
    """200 sites, 300 cases of reference each, 4,000 cases watched: designed for one alarm in 4,000 cases."""
    generator = np.random.default_rng(3)
    chart, guard = guarded_normal_cusum(k=0.25, arl0=4_000, reference_cases=300, confidence=0.9)
    counts = [
        len(chart.run(normal_scores(generator.random(4_000), reference=generator.random(300))).alarms)
        for _ in range(120)
    ]
    assert guard.allowance > 0
    assert np.mean(counts) < 1
    assert np.mean(np.array(counts) > 1) < 0.15


def test_a_bernoulli_chart_holds_its_rate_with_an_estimated_reference():
    generator = np.random.default_rng(4)
    counts = []
    for _ in range(120):
        events = int(generator.binomial(120, 0.15))
        chart, _ = guarded_bernoulli_cusum(events=events, trials=120, odds_ratio=2.5, arl0=2_000, confidence=0.9)
        counts.append(len(chart.run((generator.random(2_000) < 0.15).astype(float)).alarms))
    assert np.mean(counts) < 1
    assert np.mean(np.array(counts) > 1) < 0.15


def test_a_reference_without_an_event_still_gives_a_chart():
    chart, _ = guarded_bernoulli_cusum(events=0, trials=60, odds_ratio=2.5, arl0=1_000, confidence=0.9)
    assert 0 < chart.p0 < chart.p1 < 1
