"""Scores of several readers in several treatments, from one row each to one block per treatment.

Knows the shape of a reader study: who read which case with what. What is
estimated from it is in `obuchowski_rockette` and `reader_moments`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.inputs import (
    BoolArray,
    FloatArray,
    IntArray,
    as_codes,
    as_labels,
    as_vector,
    check_same_length,
)

Rows = Sequence[Any] | ArrayLike


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReaderScores:
    """`scores[treatment, reader, case]`, NaN where that reading was not done; `truth` per case."""

    treatments: tuple[Any, ...]
    readers: int
    scores: FloatArray
    truth: BoolArray

    @property
    def is_complete(self) -> bool:
        return not bool(np.isnan(self.scores).any())

    @property
    def positives(self) -> int:
        return int(self.truth.sum())

    @property
    def negatives(self) -> int:
        return int(self.truth.size - self.truth.sum())


def reader_scores(readers: Rows, treatments: Rows, cases: Rows, labels: ArrayLike, scores: ArrayLike) -> ReaderScores:
    """Return the study from its rows, one per reading; treatments and readers in sorted order.

    Raises:
        ValueError: arrays of different length, a reading twice, a case with two truths, scores that are not finite.
    """
    values, truth = as_vector(scores, name="scores"), as_labels(labels)
    count = check_same_length(scores=values, labels=truth)
    reader, treatment, case = (
        as_codes(keys, name=name, length=count)
        for name, keys in (("readers", readers), ("treatments", treatments), ("cases", cases))
    )
    if count == 0:
        return ReaderScores(treatments=(), readers=0, scores=np.empty((0, 0, 0)), truth=truth)
    block = np.full((treatment.max() + 1, reader.max() + 1, case.max() + 1), np.nan)
    block[treatment, reader, case] = values
    if int(np.isfinite(block).sum()) != count:
        raise ValueError("a reader may read a case once in a treatment")
    names = np.unique(np.asarray(treatments)).tolist()
    return ReaderScores(
        treatments=tuple(names), readers=block.shape[1], scores=block, truth=_truth_of_cases(case, truth)
    )


def _truth_of_cases(case: IntArray, truth: BoolArray) -> BoolArray:
    rows, positive = np.bincount(case), np.bincount(case, truth)
    if ((positive > 0) & (positive < rows)).any():
        raise ValueError("labels must be the same in every row of a case")
    return np.asarray(positive > 0, dtype=np.bool_)
