"""Two dimensions at once: every pair of their values with its rate, small ones kept back from recipients of sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from audit.access.small_cells import is_small_share
from monitoring.performance.questions import Question
from monitoring.statistics.results import NotEstimable
from monitoring.subgroups.answering import ONLY_RATES, Answers
from monitoring.subgroups.asking import Asked
from monitoring.subgroups.groups import Compared, Group, compared
from monitoring.subgroups.hiding import Pair, hide_pairs
from monitoring.subgroups.queries import AMONG, Cut, Tally, by_dimension, tallies

Tallies = Mapping[tuple[str, ...], Tally]


def pairs_of(asked: Asked, answers: Answers) -> dict[Pair, Group] | NotEstimable:
    """Return every pair of two dimensions, counted by the database."""
    if asked.metric not in AMONG:
        return NotEstimable(ONLY_RATES)
    first, second = asked.cut(asked.by), asked.cut(asked.second)
    both = tuple(sorted(set(first.deployments or ()) & set(second.deployments or ())))
    question, cuts = replace(first, deployments=both), [by_dimension(asked.by), by_dimension(asked.second)]
    found = tallies(question, cuts=cuts, metric=asked.metric)
    positives = found if asked.metric == "sensitivity" else tallies(question, cuts=cuts, metric="prevalence")
    groups = {
        (cell[0], cell[1]): Group(
            value="\x1f".join(cell), outcome=tally.share(), positives=positives_in(positives.get(cell), of=asked.metric)
        )
        for cell, tally in found.items()
    }
    return kept_back(groups, question=question, cuts=cuts, asked=asked, answers=answers)


def positives_in(tally: Tally | None, *, of: str) -> int:
    """Return the cases with the finding: all of a sensitivity, the successes of a prevalence."""
    if tally is None:
        return 0
    return tally.cases if of == "sensitivity" else tally.hits


def kept_back(
    groups: dict[Pair, Group], *, question: Question, cuts: Sequence[Cut], asked: Asked, answers: Answers
) -> dict[Pair, Group]:
    """Return the pairs as this user may see them: one that any rate would tell is hidden in all."""
    least = asked.minimum_count
    if least <= 1:
        return groups
    by_metric = {metric: tallies(question, cuts=cuts, metric=metric) for metric in AMONG}
    counts = {(cell[0], cell[1]): tally.cases for cell, tally in by_metric["label_coverage"].items()}
    small = {
        (cell[0], cell[1])
        for found in by_metric.values()
        for cell, tally in found.items()
        if is_small_share(tally.hits, tally.cases, minimum_count=least)
    }
    first_out, second_out = answers.hidden(asked.by), answers.hidden(asked.second)
    small |= {pair for pair in counts if pair[0] in first_out or pair[1] in second_out}
    return hide_pairs(groups, counts=counts, small=small, minimum_count=least)


def pairs_compared(pairs: Mapping[Pair, Group] | NotEstimable | None, *, metric: str) -> Compared | None:
    return None if pairs is None or isinstance(pairs, NotEstimable) else compared(list(pairs.values()), metric=metric)
