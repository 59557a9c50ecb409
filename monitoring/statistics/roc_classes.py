"""Ranking of more than two classes: the mean area over all pairs of classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.areas import ClassSizes, area_interval
from monitoring.statistics.inputs import FloatArray, as_matrix, check_level
from monitoring.statistics.placements import placements
from monitoring.statistics.results import Estimate, NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class PairwiseEstimate(Estimate):
    """Hand and Till's M; `pairs` holds the area of each pair of classes."""

    variance: float
    pairs: Mapping[tuple[Any, Any], float]


def pairwise_auc(
    scores: ArrayLike, labels: Sequence[Any], *, classes: Sequence[Any] | None = None, level: float = 0.95
) -> PairwiseEstimate | NotEstimable:
    """Return the mean area over all pairs of classes, each pair ranked by both classes' scores.

    `scores` is cases × classes, columns in the order of `classes` (default: sorted labels). Assumes independent
    cases. Source: Hand & Till, Machine Learning 2001;45:171-186; variance from the placement values, summed
    per case. The interval has `roc.auc`'s floors for the smallest class. A class without cases: NotEstimable.
    """
    check_level(level)
    table, keys = as_matrix(scores, name="scores"), np.asarray(labels)
    names = list(np.unique(keys)) if classes is None else list(classes)
    if keys.ndim != 1 or keys.size != table.shape[0]:
        raise ValueError("labels must hold one class for each row of scores")
    if len(names) < 2:
        return NotEstimable("only one class among the labels")
    if len(names) != table.shape[1] or not np.isin(keys, names).all():
        raise ValueError("scores must hold one column for each class, and labels only these classes")
    members = [np.flatnonzero(keys == name) for name in names]
    if min(chosen.size for chosen in members) == 0:
        return NotEstimable("a class has no cases")
    return _pairwise(table, members, names=names, level=level)


def _pairwise(table: FloatArray, members: list[Any], *, names: list[Any], level: float) -> PairwiseEstimate:
    pairs: dict[tuple[Any, Any], float] = {}
    influence = np.zeros(table.shape[0])
    for first, second in combinations(range(len(names)), 2):
        area = 0.0
        for own, other in ((first, second), (second, first)):
            placed = placements(table[members[own], own], table[members[other], own])
            area += placed.area / 2
            influence[members[own]] += (placed.positive - placed.area) / 2
            influence[members[other]] += (placed.negative - placed.area) / 2
        pairs[names[first], names[second]] = area
    influence /= len(pairs)
    variance = sum(float(influence[m].var(ddof=1)) / m.size for m in members if m.size > 1)
    value, smallest = sum(pairs.values()) / len(pairs), float(min(m.size for m in members))
    sizes = ClassSizes(positives=smallest, negatives=smallest, together=float(table.shape[0]))
    interval, words = area_interval(value, variance=variance, sizes=sizes, scale="logit", level=level)
    return PairwiseEstimate(
        value=value,
        interval=interval,
        cases=table.shape[0],
        method=f"Hand–Till mean of pairs, {words}",
        variance=variance,
        pairs=pairs,
    )
