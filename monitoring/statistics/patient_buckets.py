"""Intervals of clustered figures from a fixed number of buckets of patients, whatever the number of cases.

Every patient falls into one bucket by a hash of a random id, so buckets are independent groups whose sums merge
over days and sites: the delete-a-group jackknife of Kott, J Official Statistics 2001;17:521-526. Its standard
error has a relative noise of about 1/√(2(G − 1)), 6 % for 128 buckets.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.inputs import FloatArray, as_counts, as_matrix, check_level, check_same_length
from monitoring.statistics.intervals import logit_interval
from monitoring.statistics.results import Estimate, NotEstimable

MIN_EVENTS_A_BUCKET = 10.0
"""Floor: cases of the rarer outcome (class) a bucket, on average. Below it the rows themselves are to be used."""

TOO_FEW = f"fewer than {MIN_EVENTS_A_BUCKET:.0f} cases a bucket of patients, on average"


def share_from_buckets(successes: ArrayLike, trials: ArrayLike, *, level: float = 0.95) -> Estimate | NotEstimable:
    """Return a proportion with the interval that its buckets of patients give; one entry per bucket.

    Assumes that patients are independent and were put into buckets at random. Jackknife variance on the plain
    scale, interval on the logit scale with Student's t of G − 1 degrees of freedom. Below the floor: NotEstimable.
    """
    check_level(level)
    hits, sizes = as_counts(successes, name="successes"), as_counts(trials, name="trials")
    check_same_length(successes=hits, trials=sizes)
    if (hits > sizes).any():
        raise ValueError("a bucket has more successes than trials")
    rarer = min(hits.sum(), (sizes - hits).sum())
    if hits.size < 2 or rarer < MIN_EVENTS_A_BUCKET * hits.size:
        return NotEstimable(TOO_FEW)
    value, total = float(hits.sum() / sizes.sum()), float(sizes.sum())
    error = _jackknife_error((hits.sum() - hits) / (sizes.sum() - sizes))
    return _estimate(value, error=error, buckets=hits.size, cases=total, level=level)


def auc_from_buckets(
    negative_counts: ArrayLike, positive_counts: ArrayLike, *, value: float | None = None, level: float = 0.95
) -> Estimate | NotEstimable:
    """Return the area with the interval that buckets of patients give; rows are buckets, columns rising bins.

    The bins may be coarse, for only the spread between buckets is taken from them: `value` is the area from finer
    ones, where there is one. Assumptions as in `share_from_buckets`. Below the floor: NotEstimable.
    """
    check_level(level)
    negative = as_matrix(negative_counts, name="negative_counts")
    positive = as_matrix(positive_counts, name="positive_counts")
    if negative.shape != positive.shape:
        raise ValueError(f"shapes differ: {negative.shape} and {positive.shape}")
    buckets = negative.shape[0]
    if buckets < 2 or min(negative.sum(), positive.sum()) < MIN_EVENTS_A_BUCKET * buckets:
        return NotEstimable(TOO_FEW)
    error = _jackknife_error(_areas(negative.sum(axis=0) - negative, positive.sum(axis=0) - positive))
    area = float(_areas(negative.sum(axis=0)[None], positive.sum(axis=0)[None])[0]) if value is None else value
    return _estimate(area, error=error, buckets=buckets, cases=negative.sum() + positive.sum(), level=level)


def _areas(negative: FloatArray, positive: FloatArray) -> FloatArray:
    below = np.cumsum(negative, axis=1) - negative / 2
    areas: FloatArray = (positive * below).sum(axis=1) / (negative.sum(axis=1) * positive.sum(axis=1))
    return areas


def _jackknife_error(without: FloatArray) -> float:
    return sqrt((without.size - 1) / without.size * float(((without - without.mean()) ** 2).sum()))


def _estimate(value: float, *, error: float, buckets: int, cases: float, level: float) -> Estimate | NotEstimable:
    if not 0 < value < 1 or error <= 1e-12:
        return NotEstimable("the buckets of patients are all alike")
    return Estimate(
        value=value,
        interval=logit_interval(value, error=error, level=level, df=buckets - 1),
        cases=int(cases),
        method=f"jackknife over {buckets} buckets of patients (clusters), logit scale",
    )
