"""The product page of each kind of finding: figures in groups, in words that say what they are taken over."""

import pytest

from tests.monitoring.dashboards.test_views import text_of
from tests.monitoring.dashboards.watched import log_in
from tests.monitoring.performance.task_kinds import make_product, run, tell, true

pytestmark = pytest.mark.django_db
TASK = "/products/task/"


def page_of(client) -> str:
    log_in(client, organisation="north-group")
    return text_of(client, TASK)


def test_detection_has_its_figures_by_lesion_and_by_case(client):
    make_product("detection", scale="probability")
    lesion = {"x": 100, "y": 100, "width": 20, "height": 20}
    mark = {"x": 105, "y": 105, "width": 8, "height": 8, "score": 0.9}
    tell(
        runs=[run(n, score=0.9, marks=[mark]) for n in range(1, 5)],
        truths=[*(true(n, value="positive", marks=[lesion]) for n in (1, 2, 3)), true(4, value="negative")],
    )

    page = page_of(client)

    assert page.index("By lesion") < page.index("By case")
    assert "Lesion sensitivity at 0.25 false marks" in page
    assert "wAFROC" in page


def test_each_class_stands_under_its_own_heading(client):
    make_product("multi_class", classes="[benign, melanoma]")
    tell(
        runs=[run(n, category=each) for n, each in enumerate(("benign", "melanoma", "melanoma"), 1)],
        truths=[true(n, category=each) for n, each in enumerate(("benign", "melanoma", "benign"), 1)],
    )

    page = page_of(client)

    assert "Melanoma against the rest" in page
    assert "Sensitivity, melanoma" in page


def test_a_group_without_any_figure_says_so_once(client):
    make_product("triage", scale="none")
    tell(runs=[run(n, decision="positive") for n in range(1, 4)])

    page = page_of(client)

    reason = "no case with the times of being available and of treatment"
    assert page.split("By site")[0].count(reason) == 1
    assert "because there is no score" in page


@pytest.mark.parametrize(
    "kind",
    ["segmentation", "multi_label", "ordinal", "change_from_prior", "time_to_event", "report_text", "image_quality"],
)
def test_the_page_of_every_kind_opens_without_a_case(client, kind):
    make_product(kind)

    assert "Figures" in page_of(client)
    assert client.get(f"{TASK}figures.csv").status_code == 200
    assert client.get(f"{TASK}readers/").status_code == 200
