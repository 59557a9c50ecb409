"""What is kept of a month beside its cases: counts, bins of scores, and the same by bucket of patients. Pure.

These have a size that does not grow with the cases, and are added up over months, sites and versions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.rollups.binning import BIN, Bins, Scale, binned
from monitoring.rollups.columns import (
    BUCKETS,
    DAY_AT,
    DECISION_AT,
    NEGATIVE,
    POSITIVE,
    TRUTH_AT,
    Columns,
    field,
)

COUNT = np.dtype([("code", "<u4"), ("cases", "<u4")])
"""How many cases share a code. For buckets: bucket, coarse bin, decision and truth in one number."""

Counts = NDArray[np.void]
COARSE_AT, BUCKET_AT, NOT_SCORED = 6, 13, 127


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sums:
    """The sums of one month: `tallies` by code without its day, `bins` of scores, `buckets` of patients."""

    tallies: Counts
    bins: Bins
    buckets: Counts


def sums_of(columns: Columns, *, scale: Scale) -> Sums:
    """Return the sums of cases."""
    truth, decision = field(columns.codes, TRUTH_AT), field(columns.codes, DECISION_AT)
    scored = ~np.isnan(columns.scores)
    return Sums(
        tallies=counted(columns.codes & ((1 << DAY_AT) - 1)),
        bins=binned(
            columns.scores[scored],
            truth=class_of(truth[scored]),
            flagged=decision[scored] == POSITIVE,
            scale=scale,
        ),
        buckets=counted(bucket_codes(columns, truth=truth, decision=decision, scored=scored, scale=scale)),
    )


def class_of(truth: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return 1 for positive, 0 for negative and −1 for anything else."""
    return np.where(truth == POSITIVE, 1, np.where(truth == NEGATIVE, 0, -1))


def bucket_codes(
    columns: Columns,
    *,
    truth: NDArray[np.int64],
    decision: NDArray[np.int64],
    scored: NDArray[np.bool_],
    scale: Scale,
) -> NDArray[np.uint32]:
    coarse = np.full(columns.size, NOT_SCORED, dtype=np.int64)
    coarse[scored] = scale.coarse(columns.scores[scored])
    bucket = (columns.persons % BUCKETS).astype(np.int64)
    return (bucket << BUCKET_AT | coarse << COARSE_AT | decision << 3 | truth).astype(np.uint32)


def counted(codes: NDArray[Any]) -> Counts:
    values, numbers = np.unique(codes, return_counts=True)
    found = np.empty(values.size, dtype=COUNT)
    found["code"], found["cases"] = values, numbers
    return found


def added(parts: list[Counts]) -> Counts:
    """Return the counts of several months as one."""
    every = np.concatenate(parts) if parts else np.empty(0, dtype=COUNT)
    values, place = np.unique(every["code"], return_inverse=True)
    found = np.empty(values.size, dtype=COUNT)
    found["code"], found["cases"] = values, np.bincount(place, weights=every["cases"], minlength=values.size)
    return found


def bins_from(data: bytes) -> Bins:
    return np.frombuffer(data, dtype=BIN)


def counts_from(data: bytes) -> Counts:
    return np.frombuffer(data, dtype=COUNT)
