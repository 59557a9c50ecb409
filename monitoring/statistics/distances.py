"""How far two samples, or two sets of counts, lie apart.

A distance says how much, never whether that matters: with a million cases every test is significant.
Each function states its unit; what a distance means for performance is decided in monitoring.drift.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.spatial import distance

from monitoring.statistics.inputs import FloatArray, as_counts, as_matrix, as_vector, check_same_length
from monitoring.statistics.results import NotEstimable, TestResult

NO_CASES = "no cases on one side"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContingencyTest(TestResult):
    """Pearson's chi-square; `cramers_v` is its size on [0, 1], `small_cells` the expected counts below 5."""

    df: int
    cramers_v: float
    small_cells: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StabilityNull:
    """What the stability index is when nothing has changed: its mean and an upper quantile."""

    expected: float
    limit: float
    level: float


def kolmogorov_smirnov(x: ArrayLike, y: ArrayLike) -> TestResult | NotEstimable:
    """Return the largest difference of the two distribution functions, with its asymptotic p-value.

    Assumes independent cases; ties make the p-value too large, never too small.
    """
    first, second = _two_samples(x, y)
    if not first.size or not second.size:
        return NotEstimable(NO_CASES)
    found = stats.ks_2samp(first, second, method="auto" if first.size * second.size < 10_000 else "asymp")
    return TestResult(
        statistic=float(found.statistic), p_value=float(found.pvalue), method="Kolmogorov–Smirnov, two-sided"
    )


def wasserstein(x: ArrayLike, y: ArrayLike) -> float | NotEstimable:
    """Return the first Wasserstein distance: the mean shift of quantiles, in the unit of the values."""
    first, second = _two_samples(x, y)
    if not first.size or not second.size:
        return NotEstimable(NO_CASES)
    return float(stats.wasserstein_distance(first, second))


def energy_distance(x: ArrayLike, y: ArrayLike) -> float | NotEstimable:
    """Return the energy distance as SciPy defines it: the square root of Székely's statistic."""
    first, second = _two_samples(x, y)
    if not first.size or not second.size:
        return NotEstimable(NO_CASES)
    return float(stats.energy_distance(first, second))


def jensen_shannon(x: ArrayLike, y: ArrayLike, *, bins: int = 32) -> float | NotEstimable:
    """Return the Jensen–Shannon distance (base 2, within [0, 1]) over bins that hold equal shares of both samples."""
    first, second = _two_samples(x, y)
    if not first.size or not second.size:
        return NotEstimable(NO_CASES)
    edges = np.unique(np.quantile(np.concatenate([first, second]), np.linspace(0, 1, bins + 1)[1:-1]))
    counts = [
        np.bincount(np.searchsorted(edges, each, side="right"), minlength=edges.size + 1) for each in (first, second)
    ]
    return float(distance.jensenshannon(counts[0], counts[1], base=2))


def population_stability_index(reference_counts: ArrayLike, current_counts: ArrayLike) -> float | NotEstimable:
    """Return the stability index of two histograms over the same bins; natural logarithm, 0 is identical.

    A bin that is empty on one side counts half a case there, one that is empty on both sides is left out,
    so the index is always finite. It grows with few cases even when nothing changed: see `stability_null`.
    """
    reference = as_counts(reference_counts, name="reference_counts")
    current = as_counts(current_counts, name="current_counts")
    check_same_length(reference_counts=reference, current_counts=current)
    if not reference.sum() or not current.sum():
        return NotEstimable(NO_CASES)
    used = (reference + current) > 0
    before = np.where(reference[used] == 0, 0.5, reference[used]) / reference.sum()
    after = np.where(current[used] == 0, 0.5, current[used]) / current.sum()
    return float(((after - before) * np.log(after / before)).sum())


def stability_null(*, bins: int, reference_cases: int, current_cases: int, level: float = 0.95) -> StabilityNull:
    """Return the index of an unchanged distribution: (1/n + 1/m) × chi-square with bins − 1 degrees of freedom.

    Source: Yurdakul, Statistical properties of population stability index, 2018. The usual limits of
    .1 and .25 hold for no particular number of cases.
    """
    if bins < 2 or min(reference_cases, current_cases) < 1:
        raise ValueError("the index needs two bins, and a case on each side")
    scale = 1 / reference_cases + 1 / current_cases
    return StabilityNull(expected=scale * (bins - 1), limit=scale * float(stats.chi2.ppf(level, bins - 1)), level=level)


def chi_square(reference_counts: ArrayLike, current_counts: ArrayLike) -> ContingencyTest | NotEstimable:
    """Return Pearson's test that two sets of counts come from the same categories, with Cramér's V.

    A category that is empty on one side is a category like any other (a new one, or missing).
    """
    reference = as_counts(reference_counts, name="reference_counts")
    current = as_counts(current_counts, name="current_counts")
    check_same_length(reference_counts=reference, current_counts=current)
    used = (reference + current) > 0
    if not reference.sum() or not current.sum():
        return NotEstimable(NO_CASES)
    if used.sum() < 2:
        return NotEstimable("one category only")
    table = np.vstack([reference[used], current[used]])
    found = stats.chi2_contingency(table, correction=False)
    return ContingencyTest(
        statistic=float(found.statistic),
        p_value=float(found.pvalue),
        method="Pearson's chi-square, without correction",
        df=int(found.dof),
        cramers_v=sqrt(float(found.statistic) / float(table.sum())),
        small_cells=int((found.expected_freq < 5).sum()),
    )


def maximum_mean_discrepancy(x: ArrayLike, y: ArrayLike, *, seed: int, most: int = 1_000) -> float | NotEstimable:
    """Return the unbiased squared discrepancy with a Gaussian kernel of the median distance.

    Vectors are rows; larger samples are thinned to `most` rows with the seed. It may be below zero.
    Source: Gretton et al., JMLR 2012;13:723-773, eq. 3.
    """
    generator = np.random.default_rng(seed)
    first, second = (_thinned(each, most=most, generator=generator) for each in (x, y))
    if min(len(first), len(second)) < 2:
        return NotEstimable("fewer than two cases on one side")
    every = distance.squareform(distance.pdist(np.vstack([first, second]), "sqeuclidean"))
    median = float(np.median(every[np.triu_indices_from(every, 1)]))
    if median == 0:
        return NotEstimable("more than half of the cases are identical")
    kernel = np.exp(-every / median)
    n, m = len(first), len(second)
    within_first = (kernel[:n, :n].sum() - n) / (n * (n - 1))
    within_second = (kernel[n:, n:].sum() - m) / (m * (m - 1))
    return float(within_first + within_second - 2 * kernel[:n, n:].mean())


def _two_samples(x: ArrayLike, y: ArrayLike) -> tuple[FloatArray, FloatArray]:
    return as_vector(x, name="x"), as_vector(y, name="y")


def _thinned(values: ArrayLike, *, most: int, generator: np.random.Generator) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    matrix = as_matrix(array[:, None] if array.ndim == 1 else array, name="values")
    if len(matrix) <= most:
        return matrix
    return matrix[generator.choice(len(matrix), size=most, replace=False)]
