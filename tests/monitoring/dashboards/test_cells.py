from monitoring.dashboards.cells import cell_of
from monitoring.performance.hiding import hide_small_cells
from monitoring.performance.questions import EstimateSet, Figure, Question
from monitoring.statistics.results import Estimate, Interval, NotEstimable


def share(metric: str, hits: int, cases: int, *, positives: int = 50) -> Figure:
    value = hits / cases
    interval = Interval(max(0.0, value - 0.1), min(1.0, value + 0.1))
    found = Estimate(value=value, interval=interval, cases=cases, method="Wilson")
    return Figure(metric=metric, slice={}, outcome=found, positives=positives, reference={"pathology": cases})


def test_a_figure_is_written_with_its_interval_and_count():
    cell = cell_of(share("sensitivity", 80, 100))
    assert (cell.value, cell.range, cell.cases) == ("80.0\u202f%", "70.0–90.0\u202f%", "100")
    assert cell.reference == (("pathology", "100"),)


def test_what_is_not_estimable_is_written_as_its_reason():
    cell = cell_of(Figure(metric="auc", slice={}, outcome=NotEstimable("because there is no score")))
    assert (cell.value, cell.reason) == ("", "because there is no score")


def test_a_hidden_figure_is_told_apart_from_one_that_cannot_be_estimated():
    found = EstimateSet(question=Question(finding="nodule"), excluded={}, figures=(share("sensitivity", 95, 100),))
    (hidden,) = hide_small_cells(found, minimum_count=11).figures
    assert cell_of(hidden).is_hidden
    assert not cell_of(Figure(metric="auc", slice={}, outcome=NotEstimable("no score"))).is_hidden
