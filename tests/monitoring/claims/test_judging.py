from datetime import timedelta

import pytest

from monitoring.claims.detecting import falls_of
from monitoring.claims.evidence import evidence_of
from monitoring.claims.judging import Status, looks_of, periods_of, standing_of
from monitoring.claims.terms import measure_of
from monitoring.statistics.results import Estimate
from tests.monitoring.claims.rows import LAUNCH, make_row, make_terms


def evidence(decisions, **said):
    terms = make_terms(**said)
    rows = [make_row(n, decision=each) for n, each in enumerate(decisions)]
    return evidence_of(rows, terms=terms, measure=measure_of(terms)), measure_of(terms)


def standing(decisions, **said):
    found, measure = evidence(decisions, **said)
    return standing_of(found, measure=measure, level=0.95)


@pytest.mark.parametrize(
    ("decisions", "said", "status"),
    [
        (["positive"] * 60, {}, Status.MET),
        (["positive", "negative"] * 30, {}, Status.VIOLATED),
        (["positive"] * 20, {}, Status.NOT_YET),
        (["positive"] * 60, {"metric": "false_negative_rate", "value": 0.1}, Status.MET),
        (["negative", "positive"] * 30, {"metric": "false_negative_rate", "value": 0.1}, Status.VIOLATED),
    ],
)
def test_a_claim_is_met_or_violated_when_the_whole_interval_lies_on_one_side(decisions, said, status):
    found = standing(decisions, **said)

    assert found.status is status
    assert isinstance(found.estimate, Estimate)
    ends = found.estimate.interval
    assert (ends.low < found.line < ends.high) is (status is Status.NOT_YET)


def test_the_day_since_which_a_claim_is_violated_is_that_of_the_label_that_showed_it():
    found, measure = evidence(["positive", "negative"] * 30)
    looks = looks_of(found, measure=measure, level=0.95)

    since = standing_of(found, measure=measure, level=0.95).since

    first = next(look for look in looks if look.high < measure.line)
    assert abs((since - first.on).days) <= 1  # the path is drawn to a hundredth, the status is exact


def test_without_labels_nothing_is_shown():
    assert standing([]).status is Status.NOT_YET


def test_each_declared_period_has_a_sequence_of_its_own():
    found, measure = evidence(["positive"] * 120 + ["negative", "positive"] * 30)

    first, second = periods_of(
        found, measure=measure, level=0.95, starts_on=LAUNCH.date(), days=120, today=LAUNCH.date() + timedelta(days=181)
    )

    assert (first.standing.status, first.is_current) == (Status.MET, False)
    assert (second.standing.status, second.is_current) == (Status.VIOLATED, True)
    assert second.starts_on == LAUNCH.date() + timedelta(days=120)


def test_a_product_that_never_kept_its_claim_is_noticed_before_the_detector_would():
    found, measure = evidence(["positive", "negative"] * 40)

    (fall,) = falls_of(found.values, measure=measure, ceiling=1.0, arl0=1e9)

    assert (fall.began, fall.ended) == (0, None)
    assert fall.alarm < 40


def test_a_fall_ends_when_the_product_is_shown_to_keep_its_claim_again():
    found, measure = evidence(["positive"] * 100 + ["negative", "positive"] * 40 + ["positive"] * 100)

    (fall,) = falls_of(found.values, measure=measure, ceiling=1.0, arl0=5_000)

    assert 95 <= fall.began <= 105
    assert fall.ended is not None
    assert 180 <= fall.ended < 280
