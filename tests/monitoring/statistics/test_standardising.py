"""A reference is finite, and a chart made from it still holds its rate."""

import numpy as np
import pytest
from scipy.special import ndtri

from monitoring.statistics.run_lengths import stepped_run_length
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


@pytest.mark.parametrize(
    ("cases", "k", "confidence"), [(60, 0.5, 0.8), (120, 0.25, 0.8), (120, 0.25, 0.9), (400, 0.5, 0.9)]
)
def test_the_run_length_given_the_reference_is_reached_with_the_stated_confidence(cases, k, confidence):
    """Whatever the scores' distribution, a new one falls between two of the reference with Dirichlet probabilities."""
    chart, guard = guarded_normal_cusum(k=k, arl0=4_000, reference_cases=cases, confidence=confidence)
    steps = ndtri((np.arange(cases + 1) + 0.5) / (cases + 1))
    generator, reached = np.random.default_rng(5), 0
    for _ in range(100):
        places = generator.dirichlet(np.ones(cases + 1))
        up, down = (stepped_run_length(side * steps - k, places, height=chart.threshold, cells=400) for side in (1, -1))
        reached += 1 / up + 1 / down <= 1 / 4_000
    assert guard.confidence == confidence
    assert reached >= 100 * confidence - 4


def test_a_reference_too_small_for_its_guard_says_so():
    _, guard = guarded_normal_cusum(k=0.25, arl0=4_000, reference_cases=40, confidence=0.9)
    assert guard.confidence == pytest.approx(0.794, abs=1e-3)  # P(|Z| ≤ .2 · √40)


@pytest.mark.parametrize(("trials", "share"), [(60, 0.1), (120, 0.15), (400, 0.05)])
def test_the_run_length_of_an_estimated_share_is_reached_with_the_stated_confidence(trials, share):
    generator = np.random.default_rng(6)
    reached = [
        guarded_bernoulli_cusum(events=events, trials=trials, odds_ratio=2.5, arl0=2_000, confidence=0.8)[0].arl(share)
        >= 2_000
        for events in generator.binomial(trials, share, size=100).tolist()
    ]
    assert np.mean(reached) >= 0.8


def test_shares_of_patients_are_covered_as_well_as_single_labels():
    """Four labels a patient with an intra-class correlation of .35, the reference 80 patients."""
    generator, reached = np.random.default_rng(7), []
    for _ in range(100):
        shares = generator.binomial(4, generator.beta(0.1 * 1.857, 0.9 * 1.857, size=80)) / 4
        chart, _ = guarded_bernoulli_cusum(
            events=float(shares.sum()), trials=80, odds_ratio=2.5, arl0=2_000, confidence=0.8
        )
        reached.append(chart.p0 >= 0.1)
    assert np.mean(reached) >= 0.8


@pytest.mark.parametrize(
    "wrong", [{"events": 5, "trials": 4}, {"trials": 0, "events": 0}, {"odds_ratio": 1.0}, {"confidence": 0.4}]
)
def test_impossible_references_are_refused(wrong):
    design = {"events": 2, "trials": 40, "odds_ratio": 2.0, "arl0": 100.0, "confidence": 0.8} | wrong
    with pytest.raises(ValueError, match=r"events|odds_ratio"):
        guarded_bernoulli_cusum(**design)


def test_a_reference_without_an_event_still_gives_a_chart():
    chart, _ = guarded_bernoulli_cusum(events=0, trials=60, odds_ratio=2.5, arl0=1_000, confidence=0.9)
    assert 0 < chart.p0 < chart.p1 < 1
