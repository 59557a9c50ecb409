"""How many cases, what a plan buys, and how long: published sizes, simulated draws, and the confidence sequence."""

import numpy as np
import pytest
from scipy import stats

from monitoring.statistics.planning import (
    PlannedStratum,
    SamplingPlan,
    design_effect_of,
    expected_precision,
    influence_spreads,
    months_to_conclusion,
    sample_size_auc,
    sample_size_precision,
    sample_size_proportion,
)
from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.statistics.sequential import confidence_sequence


def test_an_exact_test_needs_what_the_saw_tooth_says():
    found = sample_size_proportion(0.90, 0.944)
    assert (found.first, found.cases, found.critical) == (304, 328, 306)
    assert stats.binom.sf(305, 328, 0.90) <= 0.025
    assert stats.binom.sf(305, 328, 0.944) == pytest.approx(found.power)
    below = sample_size_proportion(0.10, 0.056)
    assert (below.first, below.cases, below.critical) == (304, 328, 22)


def test_losses_enlarge_what_must_be_collected():
    found = sample_size_proportion(0.90, 0.944, design_effect=1.5, prevalence=0.2, verified=0.5)
    assert (found.cases, found.recruited) == (328, 4_920)
    assert design_effect_of(cluster_size=3, correlation=0.35) == pytest.approx(1.7)


def test_equal_proportions_are_never_told_apart():
    assert isinstance(sample_size_proportion(0.9, 0.9), NotEstimable)
    with pytest.raises(ValueError, match="p0"):
        sample_size_proportion(1.2, 0.9)


def test_sizes_for_a_precision_are_buderers():
    """Buderer 1996: sensitivity .90, specificity .85, prevalence .20, width .10 either side."""
    assert sample_size_precision(0.90, half_width=0.10, prevalence=0.20).recruited == 173
    assert sample_size_precision(0.85, half_width=0.10, prevalence=0.80).recruited == 61


def test_an_area_has_hanley_and_mcneils_error():
    """Hanley & McNeil 1982: area .893 with 51 abnormal and 58 normal, standard error .032."""
    half = 1.959964 * 0.0324
    found = sample_size_auc(0.893, half_width=half, ratio=58 / 51, variance="hanley_mcneil")
    assert found.positives == pytest.approx(51, abs=1)


def test_the_size_of_an_area_gives_its_power():
    found = sample_size_auc(0.90, floor=0.82, ratio=2)
    generator, hits, shift = np.random.default_rng(4), 0, stats.norm.ppf(0.90) * 2**0.5
    from monitoring.statistics.roc import auc

    for _ in range(300):
        scores = np.concatenate([generator.normal(shift, 1, found.positives), generator.normal(0, 1, found.negatives)])
        labels = np.arange(scores.size) < found.positives
        hits += auc(scores, labels).interval.low > 0.82
    assert 0.70 <= hits / 300 <= 0.92
    assert isinstance(sample_size_auc(0.8, floor=0.85), NotEstimable)


STRATA = (
    PlannedStratum(size=4_000, drawn=400, flagged=False, diseased=0.02, score=0.1),
    PlannedStratum(size=1_000, drawn=200, flagged=False, diseased=0.10, score=0.4),
    PlannedStratum(size=1_000, drawn=150, flagged=True, diseased=0.60, score=0.9),
)


def test_a_misses_stratum_weighs_by_the_sensitivity_itself():
    """statistics.md, 3: Se·√p(1−p) among the unflagged, (1−Se)·√p(1−p) among the flagged; 17 to 1 at .944."""
    strata = [
        PlannedStratum(size=1_000, drawn=0, flagged=False, diseased=0.056),
        PlannedStratum(size=1_000, drawn=0, flagged=True, diseased=0.944),
    ]
    spreads = influence_spreads(strata, question="sensitivity")
    assert spreads[0] / spreads[1] == pytest.approx(0.944 / 0.056, rel=1e-9)


@pytest.mark.parametrize("question", ["sensitivity", "specificity", "ppv", "npv", "prevalence"])
def test_the_expected_precision_is_what_draws_give(question):
    from monitoring.statistics.verification import weighted_rates

    expected = expected_precision(SamplingPlan(strata=STRATA))[question]
    generator, found = np.random.default_rng(8), []
    for _ in range(400):
        parts = [generator.random(each.size)[: each.drawn] < each.diseased for each in STRATA]
        labels = np.concatenate(parts)
        decisions = np.concatenate([np.full(each.drawn, each.flagged) for each in STRATA])
        chances = np.concatenate([np.full(each.drawn, each.drawn / each.size) for each in STRATA])
        rate = weighted_rates(decisions, labels, inclusion_probabilities=chances)[question]
        assert isinstance(rate, Estimate)
        found.append(rate.value)
    # The sizes of the strata are given here, so a little of the chance that the plan allows for is missing.
    assert np.mean(found) == pytest.approx(expected.value, abs=4 * expected.standard_error / 20)
    assert np.std(found) == pytest.approx(expected.standard_error, rel=0.2)


def test_a_stratum_without_a_draw_has_no_precision():
    strata = (*STRATA, PlannedStratum(size=10, drawn=0, flagged=False, diseased=0.3))
    found = expected_precision(SamplingPlan(strata=strata))
    assert isinstance(found["sensitivity"], NotEstimable)
    assert isinstance(found["auc"], NotEstimable)  # one stratum has no place among the scores


def test_months_follow_the_confidence_sequence():
    found = months_to_conclusion(0.944, bound=0.88, labels_per_month=100)
    assert found.conclusion == "met"
    assert confidence_sequence(0.944 * found.labels, found.labels).interval.low >= 0.88
    assert confidence_sequence(0.944 * (found.labels - 1), found.labels - 1).interval.low < 0.88
    assert found.months == pytest.approx(found.labels / 100)
    slower = months_to_conclusion(0.944, bound=0.88, labels_per_month=100, design_effect=2)
    assert slower.months == pytest.approx(2 * found.months)


def test_a_claim_that_labels_cannot_settle_says_so():
    assert isinstance(months_to_conclusion(0.9, bound=0.9, labels_per_month=50), NotEstimable)
    assert isinstance(months_to_conclusion(0.95, bound=0.9, labels_per_month=0), NotEstimable)
    assert months_to_conclusion(0.8, bound=0.9, labels_per_month=50).conclusion == "violated"
    done = months_to_conclusion(0.99, bound=0.5, labels_per_month=0, labels_so_far=500, successes_so_far=490)
    assert done.months == 0
