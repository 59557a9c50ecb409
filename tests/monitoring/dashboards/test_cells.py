import pytest

from monitoring.dashboards.cells import cell_of, fit_to_show
from monitoring.performance.questions import Figure
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


@pytest.mark.parametrize(("hits", "cases"), [(5, 10), (95, 100), (5, 100)])
def test_a_share_that_tells_a_small_count_is_hidden(hits, cases):
    assert "fewer than 11" in cell_of(share("sensitivity", hits, cases), minimum_count=11).reason


def test_a_share_of_large_counts_is_shown():
    assert cell_of(share("sensitivity", 80, 100), minimum_count=11).value


def test_one_small_rate_hides_the_rates_that_would_tell_it():
    figures = {
        "sensitivity": share("sensitivity", 95, 100),
        "ppv": share("ppv", 60, 100),
        "flag_rate": share("flag_rate", 200, 400),
    }
    fit = fit_to_show(figures, minimum_count=11)
    assert not fit["sensitivity"].is_estimated
    assert not fit["ppv"].is_estimated
    assert fit["flag_rate"].is_estimated
    assert fit_to_show(figures, minimum_count=0) == figures
