"""Reader studies by U-statistics: any design, readers and cases random, no model of the scores.

The eight success moments of Gallas say how two readings of two pairs of cases vary together,
whether they share the reader, the positive, the negative, or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from monitoring.statistics.area_covariances import success_matrices
from monitoring.statistics.areas import interval_without_spread
from monitoring.statistics.inputs import FloatArray, check_level
from monitoring.statistics.intervals import plain_interval
from monitoring.statistics.reader_scores import ReaderScores, Rows, reader_scores
from monitoring.statistics.results import DifferenceTest, NotEstimable

# Sums over all pairs of readings become sums over those that share exactly what the row's moment says.
UNBIASED = np.array(
    [
        [1, 0, 0, 0, 0, 0, 0, 0],
        [-1, 1, 0, 0, 0, 0, 0, 0],
        [-1, 0, 1, 0, 0, 0, 0, 0],
        [1, -1, -1, 1, 0, 0, 0, 0],
        [-1, 0, 0, 0, 1, 0, 0, 0],
        [1, -1, 0, 0, -1, 1, 0, 0],
        [1, 0, -1, 0, -1, 0, 1, 0],
        [-1, 1, 1, -1, 1, -1, -1, 1],
    ],
    dtype=np.float64,
)
SHARED_BY = {"negative": (0, 2, 4, 6), "positive": (0, 1, 4, 5), "reader": (0, 1, 2, 3)}
"""Moments (from 0) whose two readings share that factor; the last of each shares nothing else."""
ALONE = {"negative": 6, "positive": 5, "reader": 3}
NOTHING_SHARED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class UStatisticTest(DifferenceTest):
    """A difference of areas with its variance as estimated: `variance` is unbiased and may be negative.

    `variance_mle` is the variance in the sample at hand (biased upwards, never negative), which the interval
    uses where `variance` is not positive; `method` says which. `variances` are those of the single areas.
    """

    df: float
    variance: float
    variance_mle: float
    areas: Mapping[Any, float]
    variances: Mapping[Any, float]
    readers: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sums:
    """Successes and readings of one treatment: reader × positive × negative; unread pairs are 0."""

    wins: FloatArray
    read: FloatArray

    @property
    def area(self) -> float:
        return float(self.wins.sum() / self.read.sum())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Covariance:
    """The covariance of two areas, unbiased and in the sample, with the parts that one factor alone gives."""

    unbiased: float
    sample: float
    parts: FloatArray
    df: FloatArray


def u_statistic(
    readers: Rows, treatments: Rows, cases: Rows, labels: ArrayLike, scores: ArrayLike, *, level: float = 0.95
) -> UStatisticTest | NotEstimable:
    """Return the difference of areas, first minus second treatment, with Gallas' one-shot variance.

    One row per reading: five arrays of one length, `labels` (0, 1) repeated in every row of a case. Any design:
    a reader may have read some cases only, cases may differ between treatments; an area weighs readers by their
    pairs of cases. Assumes readers and cases drawn at random and gaps that have nothing to do with scores.
    Interval and p: Student's t with the degrees of freedom of Obuchowski, Gallas & Hillis (Acad Radiol
    2012;19:1508-1517), at least those of the rarest factor.

    One class, treatment or reader, or no two readers with disjoint cases: NotEstimable.
    Sources: Gallas, Acad Radiol 2006;13:353-362; Gallas et al., Commun Stat Theory Methods 2009;38:2586-2603.
    """
    check_level(level)
    study = reader_scores(readers, treatments, cases, labels, scores)
    if study.positives == 0 or study.negatives == 0:
        return NotEstimable("only one class among the labels")
    if len(study.treatments) < 2:
        return NotEstimable("one treatment only")
    first, second = (_sums(study, treatment=index) for index in (0, 1))
    if first.read.sum() == 0 or second.read.sum() == 0:
        return NotEstimable("no reader read both classes in one of the treatments")
    covariances = [_covariance(*pair) for pair in ((first, first), (second, second), (first, second))]
    if any(each is None for each in covariances):
        return NotEstimable("too few readers or cases: no two readings that share neither reader nor case")
    return _tested(study, (first, second), [each for each in covariances if each is not None], level=level)


def _tested(
    study: ReaderScores, sums: tuple[_Sums, _Sums], covariances: list[_Covariance], *, level: float
) -> UStatisticTest:
    own_first, own_second, both = covariances
    gap = sums[0].area - sums[1].area
    variance = own_first.unbiased + own_second.unbiased - 2 * both.unbiased
    sample = max(0.0, own_first.sample + own_second.sample - 2 * both.sample)
    used = variance if variance > 0 else sample
    df = _degrees_of_freedom(covariances, variance=used)
    statistic, p_value, interval = 0.0, 1.0, interval_without_spread(gap, pairs=study.readers, level=level)
    words = ", no spread, conservative"
    if used > 1e-15:
        statistic = gap / sqrt(used)
        p_value = float(min(1.0, 2 * stats.t.sf(abs(statistic), df)))
        interval = plain_interval(gap, error=sqrt(used), level=level, df=df, low=-1.0, high=1.0)
        words = "" if variance > 0 else ", variance of the sample because the unbiased one is not positive"
    names = study.treatments[:2]
    return UStatisticTest(
        statistic=statistic,
        p_value=p_value,
        method="U-statistic (Gallas)" + words,
        difference=gap,
        interval=interval,
        cases=study.truth.size,
        df=df,
        variance=variance,
        variance_mle=sample,
        areas=dict(zip(names, (each.area for each in sums), strict=True)),
        variances=dict(zip(names, (own_first.unbiased, own_second.unbiased), strict=True)),
        readers=study.readers,
    )


def _sums(study: ReaderScores, *, treatment: int) -> _Sums:
    scores = study.scores[treatment]
    wins = success_matrices(scores[:, study.truth], scores[:, ~study.truth])
    read = np.isfinite(wins)
    return _Sums(wins=np.where(read, wins, 0.0), read=read.astype(np.float64))


def _covariance(first: _Sums, second: _Sums) -> _Covariance | None:
    """Return the covariance of two areas, None where no two readings share nothing."""
    totals, counts = _moments(first.wins, second.wins), _moments(first.read, second.read)
    exact_counts = np.round(UNBIASED @ counts)
    if exact_counts[NOTHING_SHARED] <= 0:
        return None
    independent = float((UNBIASED @ totals)[NOTHING_SHARED] / exact_counts[NOTHING_SHARED])
    sample = _ratio(totals, counts)
    weights = exact_counts / counts[NOTHING_SHARED]
    shared = {name: float(weights[list(moments)].sum()) for name, moments in SHARED_BY.items()}
    weights[NOTHING_SHARED] -= 1.0
    return _Covariance(
        unbiased=first.area * second.area - independent,
        sample=float(weights @ sample),
        parts=np.array([sample[ALONE[name]] - sample[NOTHING_SHARED] for name in SHARED_BY]),
        df=np.array([max(1.0, round(1 / share - 1)) if share > 0 else np.inf for share in shared.values()]),
    )


def _moments(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the sums of products: of the same reader (four), then of all pairs of readers (four).

    In each four: same pair of cases, same positive, same negative, any.
    """
    return np.concatenate([_products(first, second), _products(first.sum(axis=0)[None], second.sum(axis=0)[None])])


def _products(first: FloatArray, second: FloatArray) -> FloatArray:
    return np.array(
        [(first.sum(axis=axes) * second.sum(axis=axes)).sum() for axes in ((), (2,), (1,), (1, 2))],
        dtype=np.float64,
    )


def _ratio(totals: FloatArray, counts: FloatArray) -> FloatArray:
    """Return the moments; one that no two readings tell of equals that of nothing shared (no covariance)."""
    seen = counts > 0
    moments: FloatArray = np.full(totals.size, totals[NOTHING_SHARED] / counts[NOTHING_SHARED])
    moments[seen] = totals[seen] / counts[seen]
    return moments


def _degrees_of_freedom(covariances: list[_Covariance], *, variance: float) -> float:
    own_first, own_second, both = covariances
    df = np.minimum(own_first.df, own_second.df)
    parts = own_first.parts + own_second.parts - 2 * both.parts
    noise = float((parts**2 / df**3).sum())
    least = float(df.min())
    return max(least, variance**2 / noise) if noise > 0 else least
