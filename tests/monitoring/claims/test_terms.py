import pytest

from monitoring.claims.terms import measure_of
from monitoring.claims.wording import claim_words
from monitoring.statistics.results import NotEstimable
from tests.monitoring.claims.rows import make_terms


@pytest.mark.parametrize(
    ("said", "line", "is_upward"),
    [
        ({}, 0.85, True),
        ({"metric": "false_positive_rate", "value": 0.10, "margin": 0.02}, 0.12, False),
        ({"metric": "minutes_to_reader", "summary": "share_within", "limit": 5, "value": 0.8}, 0.75, True),
        ({"metric": "minutes_to_reader", "summary": "mean", "upper": 60, "value": 10, "margin": 2}, 12, False),
        ({"metric": "auc", "value": 0.94, "margin": 0.02}, 0.92, True),
        ({"comparator": "frozen_baseline", "comparator_value": 0.8, "value": 0.05, "margin": 0.02}, 0.83, True),
        (
            {"comparator": "frozen_baseline", "comparator_value": 0.8, "value": 0.1, "effect": "relative"},
            0.8 * 1.05,
            True,
        ),
        ({"comparator": "shadow_reads", "value": 0.044, "margin": 0.044}, 0.0, True),
        (
            {"metric": "false_positive_rate", "comparator": "unaided_arm", "value": -0.11, "margin": 0.03},
            -0.08,
            False,
        ),
    ],
)
def test_the_line_is_the_figure_less_its_margin_on_the_promised_side(said, line, is_upward):
    measure = measure_of(make_terms(**said))

    assert measure.line == pytest.approx(line)
    assert measure.is_upward is is_upward
    assert measure.raw(measure.scaled_line) == pytest.approx(line)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"effect": "relative"}, "a change names what it is measured against"),
        ({"value": -0.09}, "a change names what it is measured against"),
        ({"metric": "workload"}, "nothing here measures workload"),
        ({"unit": "lesion"}, "counts each lesion"),
        ({"metric": "minutes_to_reader", "value": 1}, "whether it is the mean, or the share within"),
        ({"metric": "minutes_to_reader", "value": 1, "summary": "mean"}, "the largest value that counts"),
        ({"metric": "auc", "comparator": "shadow_reads"}, "no comparison"),
        ({"value": 1.0, "margin": 0.0}, "end of what can be measured"),
    ],
)
def test_what_cannot_be_tested_here_says_why(said, reason):
    found = measure_of(make_terms(**said))

    assert isinstance(found, NotEstimable)
    assert reason in found.reason


def test_a_relative_change_of_eleven_percent_weighs_the_reader_by_what_is_promised():
    terms = make_terms(
        metric="false_positive_rate", effect="relative", comparator="shadow_reads", value=-0.11, margin=0.01
    )

    measure = measure_of(terms)

    assert (measure.factor, measure.line) == (pytest.approx(0.90), 0.0)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "nodule sensitivity at least 90 %"),
        ({"population": {"sex": ("F",)}, "value": 0.875}, "nodule sensitivity in sex F at least 87.5 %"),
        (
            {"metric": "minutes_to_reader", "summary": "share_within", "limit": 5, "value": 0.8},
            "nodule share of minutes to reader within 5 at least 80 %",
        ),
        (
            {"metric": "false_positive_rate", "comparator": "shadow_reads", "value": -0.11},
            "nodule false positive rate at most −11 % as a change against shadow reads",
        ),
        ({"metric": "auc", "value": 0.94}, "nodule AUC at least 0.94"),
    ],
)
def test_a_claim_is_said_in_one_line(said, words):
    assert claim_words(make_terms(**said)) == words
