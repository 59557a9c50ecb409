"""Reader studies by the analysis of variance of Obuchowski and Rockette, with Hillis' degrees of freedom.

Every reader reads every case in every treatment. Designs with gaps are in
`reader_moments`; how areas of the same cases vary together, in `area_covariances`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from math import inf, sqrt
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from monitoring.statistics.area_covariances import METHODS, areas_and_covariance
from monitoring.statistics.areas import interval_without_spread
from monitoring.statistics.inputs import FloatArray, check_level, check_option
from monitoring.statistics.intervals import plain_interval
from monitoring.statistics.reader_scores import ReaderScores, Rows, reader_scores
from monitoring.statistics.results import DifferenceTest, Estimate, Interval, NotEstimable

NO_SPREAD = 1e-15


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceComponents:
    """What varies in a reader study: readers, treatments within readers, and the error with its covariances.

    `cov1`: same reader, other treatment; `cov2`: other reader, same treatment; `cov3`: both differ. As estimated:
    components of a variance may be negative.
    """

    reader: float
    treatment_reader: float
    error: float
    cov1: float
    cov2: float
    cov3: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderStudyTest(DifferenceTest):
    """`statistic` is F with `df_numerator` and `df`; `areas` and `pairs` hold what it was made of.

    `difference` and `interval` are of the first minus the second treatment in sorted order, `pairs` of all.
    """

    df: float
    df_numerator: int
    areas: Mapping[Any, float]
    pairs: Mapping[tuple[Any, Any], Estimate]
    variance_components: VarianceComponents
    mean_square_treatment: float
    mean_square_treatment_reader: float
    readers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _MeanSquares:
    treatment: float
    reader: float
    both: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Analysis:
    """The areas, treatment × reader, and what their analysis of variance gives."""

    areas: FloatArray
    components: VarianceComponents
    squares: _MeanSquares


@dataclass(frozen=True, slots=True, kw_only=True)
class _Denominator:
    """What MS(T) is divided by, its degrees of freedom, the independent units behind it, and the test's name."""

    value: float
    df: float
    units: int
    words: str

    @property
    def is_zero(self) -> bool:
        return self.value <= NO_SPREAD


def obuchowski_rockette(
    readers: Rows,
    treatments: Rows,
    cases: Rows,
    labels: ArrayLike,
    scores: ArrayLike,
    *,
    covariance: Literal["delong", "jackknife", "unbiased"] = "delong",
    readers_random: bool = True,
    cases_random: bool = True,
    level: float = 0.95,
) -> ReaderStudyTest | NotEstimable:
    """Test whether treatments differ in the area under the ROC curve, averaged over readers.

    One row per reading: five arrays of one length, `labels` (0, 1) repeated in every row of a case. Assumes a
    full factorial design and independent cases; readers and cases are samples of those the result is to hold
    for, unless said to be fixed. F = MS(T) / (MS(TR) + r·max(Cov2 − Cov3, 0)) with ddf = denominator² /
    (MS(TR)²/((t−1)(r−1))); fixed readers: error − Cov1 + (r−1)·max(Cov2 − Cov3, 0), infinite ddf; fixed cases:
    MS(TR). Differences: t with ddf and variance 2/r × denominator. Without any spread the interval and p are
    those of disjoint pairs of cases (and of readers, where random), and conservative.

    One class, treatment or (random) reader, gaps in the design, an unbiased error variance below zero: NotEstimable.
    Sources: Obuchowski & Rockette, Commun Stat Simul 1995;24:285-308; Hillis, Stat Med 2007;26:596-619;
    Hillis, Stat Med 2014;33:330-360.

    Raises:
        ValueError: a reading twice, a case with two truths, nothing random, what is no number.
    """
    check_option(covariance, name="covariance", allowed=METHODS)
    check_level(level)
    if not readers_random and not cases_random:
        raise ValueError("readers or cases must be random: with both fixed nothing varies")
    study = reader_scores(readers, treatments, cases, labels, scores)
    hindrance = _hindrance(study, readers_random=readers_random)
    if hindrance:
        return NotEstimable(hindrance)
    analysed = _analysed(study, covariance=covariance)
    denominator = _denominator(study, analysed, readers_random=readers_random, cases_random=cases_random)
    if denominator.value < -NO_SPREAD:
        return NotEstimable("the estimated error variance is negative; use DeLong's or the jackknife's covariance")
    return _tested(study, analysed, denominator, level=level)


def _hindrance(study: ReaderScores, *, readers_random: bool) -> str:
    if study.positives == 0 or study.negatives == 0:
        return "only one class among the labels"
    if min(study.positives, study.negatives) < 2:
        return "one case only in a class"
    if len(study.treatments) < 2:
        return "one treatment only"
    if readers_random and study.readers < 2:
        return "one reader only, so the spread between readers is unknown"
    if not study.is_complete:
        return "not every reader read every case in every treatment; u_statistic takes such designs"
    return ""


def _analysed(study: ReaderScores, *, covariance: str) -> _Analysis:
    count, readers, cases = study.scores.shape
    flat, matrix = areas_and_covariance(study.scores.reshape(-1, cases), study.truth, method=covariance)
    areas = flat.reshape(count, readers)
    squares = _mean_squares(areas)
    error, cov1, cov2, cov3 = _averaged(matrix, treatments=count, readers=readers)
    extra = max(cov2 - cov3, 0.0)
    components = VarianceComponents(
        reader=(squares.reader - squares.both) / count - cov1 + cov3,
        treatment_reader=squares.both - error + cov1 + extra,
        error=error,
        cov1=cov1,
        cov2=cov2,
        cov3=cov3,
    )
    return _Analysis(areas=areas, components=components, squares=squares)


def _mean_squares(areas: FloatArray) -> _MeanSquares:
    count, readers = areas.shape
    by_treatment, by_reader = areas.mean(axis=1), areas.mean(axis=0)
    left = areas - by_treatment[:, None] - by_reader[None, :] + areas.mean()
    several = max(readers - 1, 1)
    return _MeanSquares(
        treatment=readers * float(by_treatment.var(ddof=1)),
        reader=count * float(((by_reader - by_reader.mean()) ** 2).sum()) / several,
        both=float((left**2).sum()) / (count - 1) / several,
    )


def _averaged(matrix: FloatArray, *, treatments: int, readers: int) -> tuple[float, float, float, float]:
    """Return error variance, Cov1, Cov2 and Cov3; a covariance of which there is no pair is 0."""
    treatment, reader = np.divmod(np.arange(treatments * readers), readers)
    same_treatment = treatment[:, None] == treatment[None, :]
    same_reader = reader[:, None] == reader[None, :]
    kinds = (
        same_treatment & same_reader,
        ~same_treatment & same_reader,
        same_treatment & ~same_reader,
        ~same_treatment & ~same_reader,
    )
    error, cov1, cov2, cov3 = (float(matrix[kind].mean()) if kind.any() else 0.0 for kind in kinds)
    return error, cov1, cov2, cov3


def _denominator(study: ReaderScores, analysed: _Analysis, *, readers_random: bool, cases_random: bool) -> _Denominator:
    readers, between = study.readers, len(study.treatments) - 1
    parts, both = analysed.components, analysed.squares.both
    extra = max(parts.cov2 - parts.cov3, 0.0)
    if not readers_random:
        value = parts.error - parts.cov1 + (readers - 1) * extra
        units = min(study.positives, study.negatives)
        return _Denominator(value=value, df=inf, units=units, words="fixed readers, random cases")
    spread_df = float(between * (readers - 1))
    if not cases_random:
        return _Denominator(value=both, df=spread_df, units=readers, words="random readers, fixed cases")
    value, units = both + readers * extra, min(study.positives, study.negatives, readers)
    df = inf if both <= NO_SPREAD else value**2 / (both**2 / spread_df)
    return _Denominator(value=value, df=df, units=units, words="random readers and cases")


def _tested(study: ReaderScores, analysed: _Analysis, denominator: _Denominator, *, level: float) -> ReaderStudyTest:
    means, names = analysed.areas.mean(axis=1), study.treatments
    between = len(names) - 1
    statistic, p_value = _statistic(analysed.squares.treatment, denominator, numerator=between)
    method = f"Obuchowski–Rockette, {denominator.words}" + (", no spread, conservative" if denominator.is_zero else "")
    pairs = {
        (names[first], names[second]): Estimate(
            value=float(means[first] - means[second]),
            interval=_interval(float(means[first] - means[second]), denominator, readers=study.readers, level=level),
            cases=study.truth.size,
            method=method,
        )
        for first, second in combinations(range(between + 1), 2)
    }
    return ReaderStudyTest(
        statistic=statistic,
        p_value=p_value,
        method=method,
        difference=pairs[names[0], names[1]].value,
        interval=pairs[names[0], names[1]].interval,
        cases=study.truth.size,
        df=denominator.df,
        df_numerator=between,
        areas=dict(zip(names, (float(mean) for mean in means), strict=True)),
        pairs=pairs,
        variance_components=analysed.components,
        mean_square_treatment=analysed.squares.treatment,
        mean_square_treatment_reader=analysed.squares.both,
        readers=study.readers,
    )


def _statistic(mean_square: float, denominator: _Denominator, *, numerator: int) -> tuple[float, float]:
    """Return F and its p."""
    if denominator.is_zero:
        p_value = 1.0 if mean_square <= NO_SPREAD else min(1.0, 2 * 0.5**denominator.units)
        return float(stats.chi2.isf(p_value, numerator)) / numerator, p_value
    statistic = mean_square / denominator.value
    if denominator.df == inf:
        return statistic, float(stats.chi2.sf(statistic * numerator, numerator))
    return statistic, float(stats.f.sf(statistic, numerator, denominator.df))


def _interval(gap: float, denominator: _Denominator, *, readers: int, level: float) -> Interval:
    if denominator.is_zero:
        return interval_without_spread(gap, pairs=denominator.units, level=level)
    error = sqrt(2 / readers * denominator.value)
    return plain_interval(gap, error=error, level=level, df=denominator.df, low=-1.0, high=1.0)
