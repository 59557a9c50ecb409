"""Rates against labels with known errors: the algebra, a second implementation, and simulated coverage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from monitoring.statistics.imperfect_reference import LabelledCalls, corrected_area, corrected_rates
from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.statistics.roc import auc


def calls(*, size, prevalence, product, labeller):
    """Return the cells expected where product and labeller err independently given the truth."""
    (se, sp), (right, spared) = product, labeller
    cells = [
        size * (prevalence * a * b + (1 - prevalence) * c * d)
        for a, b, c, d in (
            (se, right, 1 - sp, 1 - spared),
            (se, 1 - right, 1 - sp, spared),
            (1 - se, right, sp, 1 - spared),
            (1 - se, 1 - right, sp, spared),
        )
    ]
    names = ("both", "product_only", "labeller_only", "neither")
    return dict(zip(names, (round(each) for each in cells), strict=True))


def test_expected_counts_give_back_the_rates_they_were_made_of():
    """Prevalence .2, product .9/.8 against labels right in .8/.9: apparent .667/.744 (Staquet et al. 1981)."""
    cells = calls(size=100_000, prevalence=0.2, product=(0.9, 0.8), labeller=(0.8, 0.9))
    found = corrected_rates([LabelledCalls(**cells, sensitivity=0.8, specificity=0.9)])

    apparent = cells["both"] / (cells["both"] + cells["labeller_only"])
    assert apparent == pytest.approx(0.16 / 0.24 * 0.9 + 0.08 / 0.24 * 0.2)
    assert found["sensitivity"].value == pytest.approx(0.9, abs=1e-9)
    assert found["specificity"].value == pytest.approx(0.8, abs=1e-9)
    assert found["prevalence"].value == pytest.approx(0.2, abs=1e-9)
    assert found["ppv"].value == pytest.approx(0.18 / 0.34, abs=1e-9)


def test_the_formula_is_the_likelihoods_maximum():
    cells, right, spared = (70, 25, 20, 185), 0.85, 0.95
    found = corrected_rates(
        [LabelledCalls(both=70, product_only=25, labeller_only=20, neither=185, sensitivity=right, specificity=spared)]
    )

    def loss(x):
        prevalence, se, sp = x
        a = prevalence * se * right + (1 - prevalence) * (1 - sp) * (1 - spared)
        b = prevalence * se * (1 - right) + (1 - prevalence) * (1 - sp) * spared
        c = prevalence * (1 - se) * right + (1 - prevalence) * sp * (1 - spared)
        return -np.dot(cells, np.log([a, b, c, 1 - a - b - c]))

    second = optimize.minimize(loss, [0.3, 0.8, 0.9], bounds=[(0.01, 0.99)] * 3, options={"ftol": 1e-15}).x
    values = [found[name].value for name in ("prevalence", "sensitivity", "specificity")]
    assert values == pytest.approx(second, abs=1e-4)


@given(st.tuples(*[st.integers(0, 80)] * 4))
def test_with_a_perfect_labeller_nothing_is_corrected(cells):
    names = ("both", "product_only", "labeller_only", "neither")
    found = corrected_rates(
        [LabelledCalls(**dict(zip(names, cells, strict=True)), sensitivity=1, specificity=1)], draws=200
    )
    both, product, labeller, neither = cells
    for name, hits, size in (
        ("sensitivity", both, both + labeller),
        ("specificity", neither, neither + product),
        ("ppv", both, both + product),
    ):
        if isinstance(found[name], Estimate):
            assert found[name].value == pytest.approx(hits / size)
            assert found[name].interval.width > 0
        else:
            assert size == 0


def test_the_interval_covers_the_truth_with_a_measured_labeller():
    generator, covered, naive = np.random.default_rng(5), {"sensitivity": 0, "specificity": 0}, 0
    for seed in range(300):
        diseased = generator.random(800) < 0.25
        flagged = np.where(diseased, generator.random(800) < 0.88, generator.random(800) < 0.1)
        labelled = np.where(diseased, generator.random(800) < 0.85, generator.random(800) < 0.04)
        rates = (int(generator.binomial(120, 0.85)), 120), (int(generator.binomial(240, 0.96)), 240)
        found = corrected_rates([counted(flagged, labelled, rates)], draws=1000, seed=seed)
        covered["sensitivity"] += 0.88 in found["sensitivity"].interval
        covered["specificity"] += 0.9 in found["specificity"].interval
        naive += flagged[labelled].mean()

    assert naive / 300 < 0.8  # against the labels alone the product looks eight points worse
    assert all(0.92 <= number / 300 <= 0.99 for number in covered.values()), covered


def counted(flagged, labelled, rates):
    return LabelledCalls(
        both=int((flagged & labelled).sum()),
        product_only=int((flagged & ~labelled).sum()),
        labeller_only=int((~flagged & labelled).sum()),
        neither=int((~flagged & ~labelled).sum()),
        sensitivity=rates[0],
        specificity=rates[1],
    )


def test_labellers_add_up_and_labels_taken_for_the_truth_are_one_of_them():
    one = calls(size=10_000, prevalence=0.2, product=(0.9, 0.8), labeller=(0.8, 0.9))
    two = calls(size=10_000, prevalence=0.2, product=(0.9, 0.8), labeller=(1, 1))
    found = corrected_rates(
        [LabelledCalls(**one, sensitivity=0.8, specificity=0.9), LabelledCalls(**two, sensitivity=1, specificity=1)]
    )
    assert found["sensitivity"].value == pytest.approx(0.9)
    assert found["sensitivity"].cases == 20_000


def test_a_less_certain_labeller_widens_the_interval():
    cells = calls(size=2000, prevalence=0.3, product=(0.9, 0.8), labeller=(0.9, 0.9))
    widths = [
        corrected_rates([LabelledCalls(**cells, sensitivity=rate, specificity=rate)])["sensitivity"].interval.width
        for rate in (0.9, (900, 1000), (90, 100), (27, 30))
    ]
    assert widths == sorted(widths)


@pytest.mark.parametrize(
    ("sensitivity", "specificity", "reason"),
    [((3, 6), (30, 60), "chance"), (0.4, 0.6, "chance"), (0.9, 0.6, "explain")],
)
def test_a_labeller_that_tells_nothing_is_refused(sensitivity, specificity, reason):
    cells = {"both": 20, "product_only": 20, "labeller_only": 20, "neither": 140}
    found = corrected_rates([LabelledCalls(**cells, sensitivity=sensitivity, specificity=specificity)])
    assert reason in found["sensitivity"].reason


def test_no_case_is_not_estimable():
    none = LabelledCalls(both=0, product_only=0, labeller_only=0, neither=0, sensitivity=1, specificity=1)
    assert isinstance(corrected_rates([none])["sensitivity"], NotEstimable)
    assert isinstance(corrected_rates([])["sensitivity"], NotEstimable)


@pytest.mark.parametrize("rate", [1.2, -0.1, (5, 4), (-1, 4), float("nan")])
def test_impossible_rates_are_refused(rate):
    cells = {"both": 5, "product_only": 5, "labeller_only": 5, "neither": 5}
    with pytest.raises(ValueError, match=r"\w"):
        corrected_rates([LabelledCalls(**cells, sensitivity=rate, specificity=0.9)])


def test_an_area_against_labels_with_errors_is_put_right():
    generator = np.random.default_rng(1)
    diseased = generator.random(60_000) < 0.3
    scores = generator.normal(np.where(diseased, 1.5, 0.0), 1)
    labelled = np.where(diseased, generator.random(60_000) < 0.85, generator.random(60_000) < 0.08)
    seen, true = auc(scores, labelled), auc(scores, diseased)

    found = corrected_area(
        seen,
        labelled_positive=int(labelled.sum()),
        labelled_negative=int((~labelled).sum()),
        sensitivity=(850, 1000),
        specificity=(920, 1000),
    )

    assert seen.value < true.value - 0.08
    assert found.value == pytest.approx(true.value, abs=0.01)
    assert true.value in found.interval


def test_an_area_is_not_corrected_where_errors_explain_a_class():
    seen = auc(np.arange(100.0), np.arange(100) % 10 == 0)
    found = corrected_area(seen, labelled_positive=10, labelled_negative=90, sensitivity=0.9, specificity=0.85)
    assert isinstance(found, NotEstimable)
