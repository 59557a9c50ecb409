"""Rates from draws with known probabilities: textbook variances, what is refused, and coverage of simulated plans."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.statistics.proportions import clustered
from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.statistics.sampled_rates import MIN_EVENTS, NotIdentified, weighted_rates


def drawn(generator, *, size=6_000, unflagged=1_500, flagged=300, sensitivity=0.85):
    """Return decisions, labels and chances of a draw by decision, and the population's own sensitivity."""
    diseased = generator.random(size) < 0.2
    said = np.where(diseased, generator.random(size) < sensitivity, generator.random(size) < 0.1)
    rows, chances = [], []
    for state, number in ((False, unflagged), (True, flagged)):
        members = np.flatnonzero(said == state)
        chosen = generator.choice(members, min(number, members.size), replace=False)
        rows.append(chosen)
        chances.append(np.full(chosen.size, chosen.size / members.size))
    taken = np.concatenate(rows)
    return said[taken], diseased[taken], np.concatenate(chances), said[diseased].mean()


def test_a_stratified_mean_has_cochrans_variance():
    """Cochran 1977, (5.7): Σ W²(1 − f)s²/n of a stratified mean; here the prevalence of two strata."""
    labels = [1] * 12 + [0] * 28 + [1] * 30 + [0] * 30
    strata = [0] * 40 + [1] * 60
    chances = [40 / 400] * 40 + [60 / 120] * 60
    found = weighted_rates([1] * 100, labels, inclusion_probabilities=chances, strata=strata)["prevalence"]
    shares, sizes, counts = np.array([0.3, 0.5]), np.array([400, 120]), np.array([40, 60])
    weights = sizes / sizes.sum()
    assert found.value == pytest.approx((weights * shares).sum())
    spread = shares * (1 - shares) * counts / (counts - 1)
    expected = np.sqrt((weights**2 * (1 - counts / sizes) * spread / counts).sum())
    assert found.standard_error == pytest.approx(expected, rel=1e-12)


def test_equal_chances_and_patients_give_the_ratio_of_cluster_totals():
    generator = np.random.default_rng(3)
    patients = np.repeat(np.arange(80), 3)
    decisions = generator.random(240) < np.repeat(generator.beta(6, 2, 80), 3)
    found = weighted_rates(decisions, np.ones(240), inclusion_probabilities=np.full(240, 0.2), clusters=patients)[
        "sensitivity"
    ]
    known = clustered(np.bincount(patients, weights=decisions), np.full(80, 3))
    assert found.value == pytest.approx(known.value)
    spread = known.value * (1 - known.value) / 240 * known.design_effect
    assert found.standard_error == pytest.approx(spread**0.5, rel=1e-12)


def test_one_patient_in_two_strata_makes_it_a_sample_of_patients():
    decisions, labels = [1, 0, 1, 0] * 30, [1, 1, 0, 0] * 30
    chances, strata = [0.5, 0.1] * 60, [0, 1] * 60
    crossed = np.repeat(np.arange(60), 2)
    found = weighted_rates(decisions, labels, inclusion_probabilities=chances, strata=strata, clusters=crossed)
    plain = weighted_rates(decisions, labels, inclusion_probabilities=chances, clusters=crossed)
    assert found["prevalence"].standard_error == plain["prevalence"].standard_error


def test_cases_without_a_chance_leave_bounds_of_the_rates_they_touch():
    found = weighted_rates([1, 1, 0, 0], [1, 0, 1, 0], inclusion_probabilities=[1, 1, 1, 0])
    assert isinstance(found["sensitivity"], NotIdentified)
    assert found["sensitivity"].bounds == pytest.approx((1 / 3, 1 / 2))
    assert isinstance(found["npv"], NotIdentified)
    assert isinstance(found["ppv"], Estimate)  # every flagged case had its chance


def test_no_row_and_one_class_have_no_answer():
    assert isinstance(weighted_rates([], [], inclusion_probabilities=[])["sensitivity"], NotEstimable)
    found = weighted_rates([1, 0], [0, 0], inclusion_probabilities=[0.5, 0.5])
    assert isinstance(found["sensitivity"], NotEstimable)
    assert isinstance(found["specificity"], Estimate)


@pytest.mark.parametrize("chances", [[0.5, 1.1], [0.5, -0.1], [0.5, float("nan")], [0.5]])
def test_chances_that_are_none_are_refused(chances):
    with pytest.raises(ValueError, match=r"inclusion_probabilities|lengths"):
        weighted_rates([1, 0], [1, 0], inclusion_probabilities=chances)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(0.01, 1)), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_every_interval_has_a_width_and_holds_its_value(rows):
    decisions, labels, chances = zip(*rows, strict=True)
    for strata in (None, decisions):
        found = weighted_rates(decisions, labels, inclusion_probabilities=chances, strata=strata)
        for each in found.values():
            if isinstance(each, Estimate):
                assert 0 <= each.interval.low < each.interval.high <= 1
                assert each.interval.low <= each.value <= each.interval.high


def test_no_miss_in_few_draws_still_leaves_room_for_misses():
    decisions, labels = [1] * 60 + [0] * 200, [1] * 60 + [0] * 200
    chances = [0.6] * 60 + [0.02] * 200
    found = weighted_rates(decisions, labels, inclusion_probabilities=chances, strata=decisions)["sensitivity"]
    assert found.value == 1
    assert found.interval.low < 100 / (100 + 3.6 * 50)  # 3.7 misses of weight 50 could have stayed unseen


@pytest.mark.parametrize(
    ("unflagged", "target", "least", "most"),
    [(1_500, "population", 0.935, 0.98), (1_500, "process", 0.935, 0.98), (300, "population", 0.95, 1.0)],
)
def test_intervals_cover_the_truth(unflagged, target, least, most):
    generator, hits, naive, runs = np.random.default_rng(9), 0, 0, 600
    for _ in range(runs):
        said, diseased, chances, truth = drawn(generator, unflagged=unflagged)
        found = weighted_rates(said, diseased, inclusion_probabilities=chances, strata=said, target=target)
        rate = found["sensitivity"]
        hits += (truth if target == "population" else 0.85) in rate.interval
        naive += abs(rate.uncorrected - truth) < rate.interval.width / 2
    assert least <= hits / runs <= most
    assert MIN_EVENTS == 30
    assert naive / runs < 0.9 or unflagged > 1_000


def test_errors_are_those_of_samplics():
    """A second implementation, samplics 0.6.0's TaylorEstimator of a ratio: with strata and fpc, and with clusters."""
    generator, strata = np.random.default_rng(1), np.repeat([0, 1, 2], 100)
    chances = (100 / np.array([2_000, 500, 150]))[strata]
    decisions = np.array([0, 0, 1])[strata]
    labels = generator.random(300) < np.array([0.05, 0.2, 0.6])[strata]
    for keys, error in (
        ({"strata": strata}, 0.06362008565365113),
        ({"clusters": np.arange(300) // 2}, 0.0770864617654714),
    ):
        found = weighted_rates(decisions, labels, inclusion_probabilities=chances, **keys)["sensitivity"]
        assert found.value == pytest.approx(0.35294117647058826, rel=1e-12)
        assert found.standard_error == pytest.approx(error, rel=1e-12)
