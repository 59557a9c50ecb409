"""The 621 films of the starter set, one of each patient."""

import pytest

from tests.acceptance import chest_films
from tests.acceptance.commands import one_figure

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not chest_films.DATA.exists(), reason="needs ../shared/data/chexnet-nih"),
]


def test_effusion_on_the_starter_films(tmp_path):
    chest_films.import_films(chest_films.starter_films(), folder=tmp_path)

    figure = one_figure("--deployment", "chexnet-bethesda", "--finding", "effusion", "--metric", "auc", "--exact")

    assert round(figure["value"], 6) == 0.859360
    assert figure["cases"] == 621
    assert figure["method"].startswith("DeLong")
