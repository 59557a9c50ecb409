"""Performance without labels: it meets what labels later say, and refuses where its assumptions visibly fail."""

import numpy as np
import pytest
from scipy import special
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from monitoring.statistics import calibration_map
from monitoring.statistics.calibration_map import Calibration
from monitoring.statistics.label_free import METRICS, confidence_based_performance
from monitoring.statistics.results import Estimate, NotEstimable


def product(generator, size, *, prevalence=0.15, gain=1.5, shift=0.0):
    """Return scores and labels of a product whose scores are no probabilities as they come."""
    labels = generator.random(size) < prevalence
    return special.expit(1.5 * generator.normal(np.where(labels, gain, 0.0) + shift, 1) - 2), labels


def realised(scores, labels, *, threshold=0.5):
    flagged = scores >= threshold
    return {
        "auc": roc_auc_score(labels, scores),
        "sensitivity": flagged[labels].mean(),
        "specificity": (~flagged)[~labels].mean(),
        "ppv": labels[flagged].mean(),
        "npv": (~labels)[~flagged].mean(),
        "accuracy": (flagged == labels).mean(),
        "prevalence": labels.mean(),
        "flag_rate": flagged.mean(),
    }


def test_the_estimate_covers_what_labels_later_say():
    covered, refused = dict.fromkeys(METRICS, 0), 0
    for seed in range(60):
        generator = np.random.default_rng(seed)
        reference, today, recent = (product(generator, size) for size in (1500, 800, 150))
        found = confidence_based_performance(
            *reference, today[0], recent_scores=recent[0], recent_labels=recent[1], draws=80
        )
        if isinstance(found, NotEstimable):
            refused += 1
            continue
        for name, value in realised(*today).items():
            covered[name] += value in found[name].interval

    assert refused <= 3
    assert all(number >= 0.85 * (60 - refused) for number in covered.values()), covered


def test_another_mix_of_scores_inside_the_reference_is_followed():
    """Covariate shift: the same P(label | score), other scores. Rates on the reference would be wrong."""
    generator = np.random.default_rng(2)
    x = generator.normal(0, 1.5, 8000)
    reference = special.expit(x), generator.random(8000) < special.expit(x)
    y = generator.normal(0.8, 1, 4000)
    today = special.expit(y), generator.random(4000) < special.expit(y)

    found = confidence_based_performance(*reference, today[0])
    before, after = realised(*reference), realised(*today)

    assert abs(before["ppv"] - after["ppv"]) > 0.01
    assert abs(before["sensitivity"] - after["sensitivity"]) > 0.1
    for name in METRICS:
        assert after[name] in found[name].interval


@pytest.mark.parametrize("change", [{"gain": 0.4}, {"prevalence": 0.4}])
def test_it_refuses_when_recent_labels_show_that_calibration_has_moved(change):
    generator = np.random.default_rng(7)
    reference, today = product(generator, 4000), product(generator, 1000, **change)

    blind = confidence_based_performance(*reference, today[0], draws=50)
    seeing = confidence_based_performance(
        *reference, today[0], recent_scores=today[0][:200], recent_labels=today[1][:200], draws=50
    )

    assert blind.assumptions.recent_p_value is None
    assert seeing.reason.startswith("calibration has moved: ")
    assert "of 200 recent labelled cases" in seeing.reason


def test_it_refuses_scores_outside_the_reference():
    generator = np.random.default_rng(3)
    found = confidence_based_performance(*product(generator, 2000), product(generator, 500, shift=4)[0])
    assert "outside those of the reference" in found.reason


def test_it_refuses_scores_that_few_of_the_reference_resemble():
    generator = np.random.default_rng(3)
    scores, labels = product(generator, 1000)
    rare = np.sort(scores)[-20:]
    found = confidence_based_performance(scores, labels, generator.choice(rare, 500))
    assert "too unlike the reference" in found.reason


def test_it_refuses_a_reference_of_one_class_or_without_a_relation():
    generator = np.random.default_rng(3)
    scores, labels = product(generator, 1000)
    assert "of a class" in confidence_based_performance(scores, np.zeros(1000), scores).reason
    assert "do not rise" in confidence_based_performance(scores, generator.permutation(labels), scores).reason
    assert "do not rise" in confidence_based_performance(-scores, labels, -scores).reason
    assert confidence_based_performance(scores, labels, []).reason == "no score"


def test_a_score_that_means_less_in_the_middle_is_still_calibrated_or_refused():
    """A probability that is no monotone function of the score: what is promised must be right on average."""
    generator = np.random.default_rng(5)
    scores = generator.random(6000)
    risk = 0.2 + 0.5 * scores**2
    labels = generator.random(6000) < risk
    found = confidence_based_performance(scores, labels, scores[:3000], draws=50)
    assert found["prevalence"].value == pytest.approx(risk[:3000].mean(), abs=0.02)


@pytest.mark.parametrize("change", [np.exp, lambda s: 10 * s - 3, special.logit])
def test_any_monotone_scale_gives_the_same_answer(change):
    generator = np.random.default_rng(9)
    reference, today = product(generator, 1000), product(generator, 400)[0]
    one = confidence_based_performance(*reference, today, threshold=0.5, draws=40)
    other = confidence_based_performance(
        change(reference[0]), reference[1], change(today), threshold=float(change(0.5)), draws=40
    )
    for name in METRICS:
        assert one[name].value == pytest.approx(other[name].value, abs=1e-3)


def test_the_order_of_cases_makes_no_difference():
    generator = np.random.default_rng(9)
    (scores, labels), today = product(generator, 1000), product(generator, 400)[0]
    order = np.argsort(labels, kind="stable")
    one = confidence_based_performance(scores, labels, today, draws=20)
    other = confidence_based_performance(scores[order], labels[order], today[::-1], draws=20)
    assert one.sensitivity.value == pytest.approx(other.sensitivity.value, abs=1e-9)
    assert one.assumptions.reference_p_value == pytest.approx(other.assumptions.reference_p_value)


def test_it_is_the_same_every_time_and_says_what_it_is():
    generator = np.random.default_rng(9)
    reference, today = product(generator, 1000), product(generator, 400)[0]
    one, other = (confidence_based_performance(*reference, today, draws=20, seed=4) for _ in range(2))
    assert one == other
    assert "estimated, not observed" in one.auc.method


def test_every_figure_has_a_width_even_where_nothing_is_flagged():
    generator = np.random.default_rng(9)
    reference, today = product(generator, 1000), product(generator, 400)[0]
    found = confidence_based_performance(*reference, today, threshold=2.0, draws=20)
    assert isinstance(found.ppv, NotEstimable)
    assert all(each.interval.width > 0 for each in found.as_mapping().values() if isinstance(each, Estimate))


def test_the_logistic_map_agrees_with_a_second_implementation(monkeypatch):
    monkeypatch.setattr(calibration_map, "RIDGE", 1e-9)
    scores, labels = product(np.random.default_rng(1), 2000)
    ours = Calibration(scores, labels)
    design = ours._design(ours._ranks(scores))
    theirs = LogisticRegression(C=1e9, fit_intercept=False, tol=1e-10, max_iter=5000).fit(design, labels)
    assert ours(scores) == pytest.approx(theirs.predict_proba(design)[:, 1], abs=1e-4)


@pytest.mark.parametrize(
    ("scores", "labels", "today", "options"),
    [
        ([0.1, 0.2], [0], [0.1], {}),
        ([0.1, float("nan")], [0, 1], [0.1], {}),
        ([0.1, 0.2], [0, 2], [0.1], {}),
        ([0.1, 0.2], [0, 1], [float("inf")], {}),
        ([0.1, 0.2], [0, 1], [0.1], {"threshold": float("nan")}),
        ([0.1, 0.2], [0, 1], [0.1], {"recent_scores": [0.1]}),
        ([0.1, 0.2], [0, 1], [0.1], {"level": 1.5}),
    ],
)
def test_impossible_input_is_refused(scores, labels, today, options):
    with pytest.raises(ValueError, match=r"\w"):
        confidence_based_performance(scores, labels, today, **options)
