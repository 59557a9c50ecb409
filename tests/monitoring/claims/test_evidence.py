from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.claims.evidence import evidence_of
from monitoring.claims.terms import measure_of
from tests.monitoring.claims.rows import LAUNCH, make_row, make_terms


def evidence(*rows, since=None, **said):
    terms = make_terms(**said)
    return evidence_of(rows, terms=terms, measure=measure_of(terms), since=since)


def test_a_patient_is_one_value_the_mean_of_the_cases_labelled_on_their_first_day():
    rows = [make_row(1, person="p"), make_row(1, person="p", study=2, decision="negative"), make_row(3)]

    found = evidence(*rows)

    assert [(each.value, each.cases) for each in found.values] == [(0.5, 2), (1.0, 1)]


def test_a_patients_cases_count_by_their_own_weights():
    rows = [make_row(1, person="p", weight=2.0), make_row(1, person="p", study=2, decision="negative", weight=10.0)]

    (found,) = evidence(*rows).values

    assert (found.value, found.weight) == (pytest.approx(2 / 12), 6.0)


def test_a_plan_that_draws_flagged_cases_more_often_shows_no_better_product():
    """Sensitivity .85, three cases a patient, flagged ones drawn five times as often: plain means show more."""
    generator = np.random.default_rng(624)
    flagged = generator.random((1_500, 3)) < 0.85
    drawn = generator.random(flagged.shape) < np.where(flagged, 0.5, 0.1)
    hits, weights = flagged[drawn], np.where(flagged, 2.0, 10.0)[drawn]
    rows = [
        make_row(1, person=person, study=3 * person + case, decision="positive" if hit else "negative", weight=weight)
        for (person, case), hit, weight in zip(np.argwhere(drawn).tolist(), hits, weights, strict=True)
    ]

    values = evidence(*rows).values

    shown = sum(each.weight * each.value for each in values) / sum(each.weight for each in values)
    assert shown == pytest.approx((weights * hits).sum() / weights.sum(), abs=0.02)


def test_an_area_weighs_each_pair_of_cases():
    rows = [
        make_row(2, person="p", score=0.8, weight=1.0),
        make_row(2, person="p", study=3, score=0.1, weight=3.0),
        make_row(4, truth="negative", score=0.5, weight=2.0),
    ]

    (found,) = evidence(*rows, metric="auc").values

    assert (found.value, found.weight) == (pytest.approx(0.25), 4.0)


def test_a_later_label_of_the_same_patient_is_left_out_and_counted():
    found = evidence(make_row(1, person="p"), make_row(5, person="p", decision="negative"))

    assert [each.value for each in found.values] == [1.0]
    assert found.left_out == {"later_label": 1}


def test_evidence_enters_as_labels_arrive_and_not_as_studies_were_acquired():
    found = evidence(make_row(1, after_days=30, decision="negative"), make_row(9))

    assert [each.value for each in found.values] == [1.0, 0.0]


def test_labels_from_before_the_switch_do_not_count_where_the_design_says_so():
    found = evidence(make_row(1), make_row(9), since=LAUNCH + timedelta(days=5))

    assert (len(found.values), found.left_out) == (1, {"before_start": 1})


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"excluded": "status_failed"}, "status_failed"),
        ({"known_at": None}, "no_label"),
        ({"truth": "negative"}, "not_of_metric"),
        ({"decision": ""}, "no_decision"),
        ({"weight": None}, "no_weight"),
        ({"is_independent": False}, "agreement"),
        ({"slices": {"sex": "M"}}, "outside_population"),
    ],
)
def test_each_case_that_says_nothing_has_one_reason(said, reason):
    found = evidence(make_row(1, **{"slices": {"sex": "F"}} | said), population={"sex": ("F",)})

    assert (found.values, found.left_out) == ((), {reason: 1})


@pytest.mark.parametrize(
    ("metric", "truth", "decision", "value"),
    [
        ("specificity", "negative", "negative", 1.0), ("false_positive_rate", "negative", "positive", 1.0),
        ("false_negative_rate", "positive", "negative", 1.0), ("ppv", "negative", "positive", 0.0),
        ("npv", "negative", "negative", 1.0), ("accuracy", "positive", "negative", 0.0),
        ("flag_rate", "", "positive", 1.0),
    ],
)  # fmt: skip
def test_each_rate_takes_its_own_cases(metric, truth, decision, value):
    found = evidence(make_row(1, truth=truth, decision=decision), metric=metric)

    assert [each.value for each in found.values] == [value]


def test_an_area_pairs_each_positive_with_the_next_negative_that_arrives():
    rows = [
        make_row(1, truth="negative", score=0.2),  # nobody waits for it
        make_row(2, score=0.8),
        make_row(3, score=0.4),
        make_row(4, truth="negative", score=0.5),
        make_row(5, truth="negative", score=0.4),
        make_row(6, score=0.9),
    ]

    found = evidence(*rows, metric="auc")

    assert [each.value for each in found.values] == [1.0, 0.5]
    assert found.left_out == {"no_partner": 1, "waits_for_partner": 1}
    assert found.used == 4


def test_shadow_reads_compare_the_product_with_the_reader_on_the_same_case():
    said = {"metric": "sensitivity", "comparator": "shadow_reads", "value": 0.05, "margin": 0.05}
    rows = [
        make_row(1, reader_decision="negative", ai_exposure="none"),
        make_row(2, reader_decision="positive", ai_exposure="none"),
        make_row(3, reader_decision="positive", ai_exposure="concurrent"),
    ]

    found = evidence(*rows, **said)

    assert [each.value for each in found.values] == [1.0, 0.5]  # a difference of 1 and of 0
    assert found.left_out == {"no_comparison": 1}


def test_an_unaided_patient_meets_the_next_aided_one():
    said = {"metric": "sensitivity", "comparator": "unaided_arm", "value": 0.05, "margin": 0.05}
    rows = [
        make_row(1, reader_decision="negative", ai_exposure="none"),
        make_row(2, reader_decision="positive", ai_exposure="concurrent"),
    ]

    assert [each.value for each in evidence(*rows, **said).values] == [1.0]


def test_a_mean_stops_at_its_declared_upper_end():
    said = {"metric": "minutes_to_reader", "summary": "mean", "upper": 60.0, "value": 10.0, "margin": 2.0}

    found = evidence(make_row(1, number=30.0), make_row(2, number=500.0), **said)

    assert [each.value for each in found.values] == [0.5, 1.0]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 5), st.sampled_from(["positive", "negative", ""]), st.sampled_from(["positive", ""]),
            st.sampled_from([0.5, 3.0, None]), st.booleans(),
        ),
        max_size=30,
    ),
    st.sampled_from(["sensitivity", "auc", "ppv", "accuracy"]),
)  # fmt: skip
def test_used_and_left_out_add_up_to_everything_logged(cases, metric):
    rows = [
        make_row(
            number, person=person, truth=truth, decision=decision, excluded="opted_out" if out else "",
            **({"known_at": None} if after is None else {"after_days": after}),
        )
        for number, (person, truth, decision, after, out) in enumerate(cases)
    ]  # fmt: skip

    found = evidence(*rows, metric=metric)

    assert found.used + sum(found.left_out.values()) == len(rows)
    assert all(0 <= each.value <= 1 for each in found.values)
    assert [each.known_at for each in found.values] == sorted(each.known_at for each in found.values)
