"""Evidently's report: made in a process of its own, complete, and silent on the network."""

import random
import re
import sys

import pytest

from monitoring.drift.evidently_report import columns_of
from monitoring.drift.making import make_report
from monitoring.errors import ReportError


def rows(count: int, *, shift: float = 0.0) -> list[dict]:
    dice = random.Random(7)
    return [
        {"score": min(1.0, dice.random() + shift), "scanner": dice.choice(["n1", "n2"]), "kvp": dice.gauss(110, 3)}
        for _ in range(count)
    ]


@pytest.fixture(scope="module")
def html() -> str:
    return make_report(reference=rows(300), current=rows(200, shift=0.3)).decode()


def test_the_report_names_every_column(html):
    assert "Dataset Drift" in html or "Drift" in html
    for column in ("score", "scanner", "kvp"):
        assert column in html


def test_the_report_loads_nothing_from_elsewhere(html):
    loaded = re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)\s*=\s*[\"']?(https?:[^\"' >]+)", html)
    assert loaded == []
    assert "cdn.plot.ly" not in html
    assert "fonts.googleapis" not in html


def test_evidently_stays_out_of_this_process(html):
    assert "evidently" not in sys.modules


def test_an_empty_side_is_refused_with_a_reason():
    with pytest.raises(ReportError, match="nothing to compare"):
        make_report(reference=rows(10), current=[])


def test_columns_that_say_nothing_are_left_out():
    numbers, categories = columns_of([{"score": n / 100, "id": f"x{n}", "rare": None, "sex": "F"} for n in range(100)])
    assert (numbers, categories) == (["score"], ["sex"])
