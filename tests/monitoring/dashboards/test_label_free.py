"""Label-free estimates on the product page: what no month can be given is refused once."""

from datetime import date

from monitoring.dashboards.label_free import refused_alike
from monitoring.performance.label_free import Promise
from monitoring.statistics.proportions import wilson
from monitoring.statistics.results import NotEstimable


def promise(estimated, *, month=11):
    return Promise(
        month=date(2026, month, 1), metric="ppv", estimated=estimated, observed=wilson(8, 9), is_mature=True, cases=9
    )


def test_a_reason_that_holds_for_every_month_is_said_once():
    few = NotEstimable("fewer than 20 labelled cases of a class in the reference")

    assert refused_alike([promise(few, month=10), promise(few)]) == few.reason


def test_months_with_different_reasons_or_an_estimate_keep_their_table():
    few, moved = NotEstimable("too few"), NotEstimable("calibration has moved")

    assert not refused_alike([promise(few), promise(moved)])
    assert not refused_alike([promise(few), promise(wilson(8, 9))])
    assert not refused_alike([promise(wilson(8, 9)), promise(wilson(7, 9))])
    assert not refused_alike([])
