"""Who said what and who was right, counted by hand."""

import pytest

from monitoring.disagreement.cells import Cell, coverage, overrides_by_reader, overrides_by_site, quadrants, usable
from monitoring.statistics.results import Estimate, NotEstimable


def cell(decision: str, read: str, truth: str, cases: int, *, reader: str = "r1", site: str = "north") -> Cell:
    return Cell(
        site=site, deployment=f"cxr-{site}", reader=reader, decision=decision, read=read, truth=truth, cases=cases
    )


CELLS = [
    cell("positive", "negative", "negative", 8),
    cell("positive", "negative", "positive", 2),
    cell("negative", "positive", "positive", 5),
    cell("positive", "positive", "positive", 40),
    cell("positive", "positive", "", 10),
    cell("negative", "negative", "", 60),
    cell("negative", "negative", "negative", 75),
]


def test_the_four_quadrants_add_up_to_every_case():
    found = quadrants(CELLS)
    assert [each.cases for each in found] == [10, 5, 50, 135]
    assert sum(each.cases for each in found) == 200


def test_truth_says_who_was_right_in_each_quadrant():
    first = quadrants(CELLS)[0]
    assert (first.decision, first.read, first.unknown) == ("positive", "negative", 0)
    assert first.ai_right.value == pytest.approx(0.2)
    assert first.reader_right.value == pytest.approx(0.8)


def test_without_truth_nobody_was_right():
    (found,) = [each for each in quadrants([cell("positive", "negative", "", 3)]) if each.cases]
    assert isinstance(found.ai_right, NotEstimable)


def test_an_override_rate_has_its_interval_and_count():
    (found,) = overrides_by_reader(CELLS)
    assert (found.overrides, found.cases) == (15, 200)
    assert isinstance(found.rate, Estimate)
    assert found.verdict == "inside"


def test_a_reader_who_always_agrees_is_told_from_one_who_has_read_little():
    cells = [
        cell("positive", "negative", "", 60, reader="r1"),
        cell("negative", "negative", "", 440, reader="r1"),
        cell("negative", "negative", "", 200, reader="parrot"),
        cell("negative", "negative", "", 20, reader="new"),
    ]
    assert {each.group: each.verdict for each in overrides_by_reader(cells)} == {
        "r1": "inside",
        "parrot": "never",
        "new": "too few",
    }


def test_a_reader_who_overrides_everything_is_above_the_funnel():
    cells = [
        cell("negative", "negative", "", 900),
        cell("positive", "negative", "", 100),
        cell("positive", "negative", "", 60, reader="r2"),
    ]
    assert overrides_by_reader(cells)[1].verdict == "above"


def test_a_reader_is_compared_with_the_readers_of_the_same_deployment():
    """At north the device fails and everybody overrides a quarter; at east nobody needs to."""
    cells = [
        cell(decision, "negative", "", cases, reader=f"{site}{n}", site=site)
        for site, wrong in (("north", 100), ("east", 10))
        for n in range(3)
        for decision, cases in (("positive", wrong), ("negative", 400 - wrong))
    ]
    assert {each.verdict for each in overrides_by_reader(cells)} == {"inside"}
    assert {each.group: each.verdict for each in overrides_by_site(cells)} == {"north": "above", "east": "below"}


def test_following_up_disagreements_only_is_said_to_flatter():
    found = coverage(CELLS)
    assert found.is_biased
    assert "flatter" in found.words


def test_following_up_everything_alike_bends_nothing():
    cells = [cell("positive", "negative", "positive", 30), cell("positive", "positive", "positive", 300)]
    assert not coverage([*cells, cell("positive", "negative", "", 10), cell("positive", "positive", "", 100)]).is_biased


def test_reads_and_calls_that_say_neither_are_left_out():
    assert usable([cell("indeterminate", "positive", "", 1), cell("positive", "not_assessable", "", 1)]) == []
