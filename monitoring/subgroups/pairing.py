"""Two dimensions at once: every pair of their values with its rate, small ones kept back from recipients of sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from monitoring.statistics.results import NotEstimable
from monitoring.subgroups.answering import NO_AREA, Answers
from monitoring.subgroups.asking import Asked
from monitoring.subgroups.groups import Compared, Group, compared
from monitoring.subgroups.hiding import hide_pairs
from monitoring.subgroups.queries import AMONG, by_dimension, tallies


def pairs_of(asked: Asked, answers: Answers) -> dict[tuple[str, str], Group] | NotEstimable:
    """Return every pair of two dimensions, counted by the database."""
    if asked.metric not in AMONG:
        return NotEstimable(NO_AREA)
    first, second = asked.cut(asked.by), asked.cut(asked.second)
    both = tuple(sorted(set(first.deployments or ()) & set(second.deployments or ())))
    question = replace(first, deployments=both)
    cuts = [by_dimension(asked.by), by_dimension(asked.second)]
    found = tallies(question, cuts=cuts, metric=asked.metric)
    positives = tallies(question, cuts=cuts, metric="prevalence") if asked.metric != "sensitivity" else found
    groups = {
        (cell[0], cell[1]): Group(
            value="\x1f".join(cell),
            outcome=tally.share(),
            positives=tally.cases if positives is found else positives[cell].hits if cell in positives else 0,
        )
        for cell, tally in found.items()
    }
    return hide_pairs(
        groups,
        metric=asked.metric,
        minimum_count=asked.minimum_count,
        first_out=answers.hidden(asked.by),
        second_out=answers.hidden(asked.second),
    )


def pairs_compared(pairs: Mapping[tuple[str, str], Group] | NotEstimable | None, *, metric: str) -> Compared | None:
    return None if pairs is None or isinstance(pairs, NotEstimable) else compared(list(pairs.values()), metric=metric)
