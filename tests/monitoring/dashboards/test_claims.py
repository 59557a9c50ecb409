import pytest

from monitoring.dashboards.claims import Outcome, verdict
from monitoring.performance.questions import Figure
from monitoring.statistics.results import Estimate, Interval, NotEstimable


def figure(low: float, high: float) -> Figure:
    found = Estimate(value=(low + high) / 2, interval=Interval(low, high), cases=100, method="Wilson")
    return Figure(metric="sensitivity", slice={}, outcome=found)


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (0.88, 0.95, Outcome.UPHELD),  # just on the limit .90 − .02
        (0.87, 0.95, Outcome.UNDECIDED),
        (0.70, 0.88, Outcome.UNDECIDED),
        (0.70, 0.87, Outcome.MISSED),
    ],
)
def test_a_claim_is_decided_by_the_whole_interval(low, high, outcome):
    assert verdict(figure(low, high), metric="sensitivity", claimed=0.90, margin=0.02).outcome is outcome


@pytest.mark.parametrize(
    ("low", "high", "outcome"), [(8, 11, Outcome.UPHELD), (8, 13, Outcome.UNDECIDED), (13, 15, Outcome.MISSED)]
)
def test_fewer_minutes_are_better(low, high, outcome):
    assert verdict(figure(low, high), metric="minutes_to_reader", claimed=10, margin=2).outcome is outcome


@pytest.mark.parametrize("missing", [None, Figure(metric="auc", slice={}, outcome=NotEstimable("no score"))])
def test_what_cannot_be_estimated_decides_nothing(missing):
    assert verdict(missing, metric="auc", claimed=0.9, margin=None).outcome is Outcome.UNKNOWN
