"""Real scores with real labels come in by the public commands, and the published figures come out of `estimate`."""

import pytest

from monitoring.rollups.models import MonthSum
from tests.acceptance import chest_films
from tests.acceptance.commands import estimated, one_figure, shared_import

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.skipif(
        not chest_films.DATA.exists() or chest_films.label_table() is None,
        reason="needs ../shared/data/chexnet-nih and torchxrayvision",
    ),
]
DEPLOYMENT = ("--deployment", "chexnet-bethesda")


@pytest.fixture(scope="module")
def all_films(django_db_setup, django_db_blocker, tmp_path_factory):
    with shared_import(django_db_blocker):
        films = chest_films.all_films()
        chest_films.import_films(films, folder=tmp_path_factory.mktemp("films"))
        yield films


@pytest.fixture(scope="module")
def published():
    return chest_films.published_areas()


@pytest.mark.parametrize("finding", [chest_films.key_of(each) for each in chest_films.FINDINGS])
def test_every_area_is_the_published_one_to_six_decimals(all_films, published, finding):
    figure = one_figure(*DEPLOYMENT, "--finding", finding, "--metric", "auc", "--exact")

    assert figure["value"] == pytest.approx(published[finding], abs=5e-7)
    assert figure["bounds"] is None
    assert figure["cases"] == len(all_films)


@pytest.mark.parametrize("finding", [chest_films.key_of(each) for each in chest_films.FINDINGS])
def test_every_area_lies_within_the_bounds_that_the_bins_leave(all_films, published, finding):
    figure = one_figure(*DEPLOYMENT, "--finding", finding, "--metric", "auc")

    low, high = figure["bounds"]
    assert low <= published[finding] <= high
    assert high - low < 0.002
    assert figure["value"] == pytest.approx(published[finding], abs=1e-3)


@pytest.mark.parametrize(("finding", "area"), [("effusion", 0.882716), ("hernia", 0.917525)])
def test_the_known_areas(all_films, finding, area):
    figure = one_figure(*DEPLOYMENT, "--finding", finding, "--metric", "auc", "--exact")

    assert round(figure["value"], 6) == area


def test_effusion_is_ranked_worse_on_portable_films(all_films):
    question = (*DEPLOYMENT, "--finding", "effusion", "--metric", "auc", "--by", "view_position")

    exact = {each["slice"]["view_position"]: each for each in estimated(*question, "--exact")["estimates"]}
    rolled = {each["slice"]["view_position"]: each for each in estimated(*question)["estimates"]}

    assert {view: round(each["value"], 6) for view, each in exact.items()} == {"AP": 0.830450, "PA": 0.910753}
    for view, each in rolled.items():
        assert each["bounds"][0] <= exact[view]["value"] <= each["bounds"][1]


def test_patients_with_many_films_count_as_patients(all_films):
    figure = one_figure(*DEPLOYMENT, "--finding", "effusion", "--metric", "auc")

    assert all_films["Patient ID"].nunique() < len(all_films)
    assert "clusters" in figure["method"]


def test_counts_from_the_sums_are_those_of_the_cases(all_films):
    def counts(*more):
        found = estimated(*DEPLOYMENT, "--finding", "effusion", *more)["estimates"]
        return {each["metric"]: (each["cases"], each["positives"]) for each in found}

    assert counts() == counts("--exact")


def test_everything_logged_is_in_the_label_coverage(all_films):
    answer = estimated(*DEPLOYMENT, "--finding", "mass", "--metric", "label_coverage")

    assert answer["excluded"] == {}
    assert answer["estimates"][0]["cases"] == len(all_films)


def test_the_sums_are_far_fewer_than_the_cases(all_films):
    months = MonthSum.objects.filter(deployment_id="chexnet-bethesda", finding="effusion")

    assert sum(row.cases for row in months) == len(all_films)
    assert months.count() <= 1 + chest_films.DAYS // 28
