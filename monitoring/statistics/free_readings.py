"""The input of free-response figures, checked and flat.

Two lists with one entry for each case: the scores of its false marks, and the score of
each of its lesions, −inf for a lesion without a mark. A case without lesions is non-diseased.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.inputs import FloatArray, IntArray, as_codes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """The checked input, flat: each mark and lesion with the number of its case."""

    cases: int
    clusters: IntArray
    false_scores: FloatArray
    false_case: IntArray
    lesion_scores: FloatArray
    lesion_case: IntArray
    lesion_weights: FloatArray

    @property
    def diseased(self) -> IntArray:
        return np.unique(self.lesion_case)

    @property
    def healthy(self) -> IntArray:
        return np.setdiff1d(np.arange(self.cases), self.lesion_case)


def as_reading(
    non_lesion_scores: Sequence[ArrayLike],
    lesion_scores: Sequence[ArrayLike],
    *,
    weights: Sequence[ArrayLike] | None = None,
    clusters: Sequence[Any] | None = None,
) -> Reading:
    """Return the two lists checked and flat."""
    false_scores, false_case = _flat(non_lesion_scores, name="non_lesion_scores")
    lesions, lesion_case = _flat(lesion_scores, name="lesion_scores")
    cases = len(lesion_scores)
    if len(non_lesion_scores) != cases:
        raise ValueError(f"lengths differ: {len(non_lesion_scores)} and {cases} cases")
    if not np.isfinite(false_scores).all():
        raise ValueError("non_lesion_scores must hold finite numbers only")
    if np.isnan(lesions).any() or (lesions == inf).any():
        raise ValueError("lesion_scores must hold finite numbers, or −inf for a lesion without a mark")
    weight, weight_case = (np.ones(lesions.size), lesion_case) if weights is None else _flat(weights, name="weights")
    if not np.array_equal(weight_case, lesion_case) or not (weight > 0).all() or not np.isfinite(weight).all():
        raise ValueError("lesion_weights must be positive, one for each lesion")
    codes = np.arange(cases) if clusters is None else as_codes(clusters, name="clusters", length=cases)
    return Reading(
        cases=cases,
        clusters=codes,
        false_scores=false_scores,
        false_case=false_case,
        lesion_scores=lesions,
        lesion_case=lesion_case,
        lesion_weights=weight,
    )


def _flat(lists: Sequence[ArrayLike], *, name: str) -> tuple[FloatArray, IntArray]:
    try:
        parts = [np.asarray(each, dtype=np.float64).reshape(-1) for each in lists]
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold a list of numbers for each case") from error
    lengths = [part.size for part in parts]
    return (np.concatenate(parts) if parts else np.empty(0)), np.repeat(np.arange(len(parts)), lengths)
