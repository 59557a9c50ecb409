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

from monitoring.statistics.histogram_distances import (
    HistogramDistance,
    energy_distance_from_histograms,
    kolmogorov_smirnov_from_histograms,
    wasserstein_from_histograms,
)
from monitoring.statistics.inputs import (
    LARGEST,
    FloatArray,
    as_counts,
    as_matrix,
    as_measured,
    as_vector,
    check_same_length,
)
from monitoring.statistics.results import NotEstimable, TestResult

__all__ = [
    "ContingencyTest",
    "HistogramDistance",
    "StabilityNull",
    "chi_square",
    "energy_distance",
    "energy_distance_from_histograms",
    "frechet_distance",
    "jensen_shannon",
    "kolmogorov_smirnov",
    "kolmogorov_smirnov_from_histograms",
    "maximum_mean_discrepancy",
    "population_stability_index",
    "stability_null",
    "wasserstein",
    "wasserstein_from_histograms",
]

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
    """Return the largest difference of the two distribution functions, with its p-value (exact up to 10,000 cases).

    Assumes independent cases; ties make the p-value too large, never too small. Source: SciPy's `ks_2samp`.
    """
    first, second = _two_samples(x, y)
    if not first.size or not second.size:
        return NotEstimable(NO_CASES)
    found = stats.ks_2samp(first, second)
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
    """Return the Jensen–Shannon distance (the root of the divergence, base 2, within [0, 1]) of two samples.

    Up to `bins` distinct values are compared value by value; more are cut into bins that hold equal shares of both
    samples together. Samples from one distribution lie apart by chance, the more the fewer cases there are.
    Sources: Lin, IEEE Trans Inf Theory 1991;37:145-151; Endres & Schindelin, ibid. 2003;49:1858-1860.
    """
    first, second = _two_samples(x, y)
    if not first.size or not second.size:
        return NotEstimable(NO_CASES)
    pooled = np.concatenate([first, second])
    edges = np.unique(pooled)
    if edges.size > bins:
        edges = np.unique(np.quantile(pooled, np.linspace(0, 1, bins + 1)[1:-1]))
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
    """Return the unbiased squared discrepancy with a Gaussian kernel exp(−d²/median d²) of the pooled distances.

    That is exp(−d²/2σ²) with σ² half the median squared distance, the heuristic of the authors' code. Vectors are rows;
    larger samples are thinned to `most` rows with the seed. It may be below zero; fewer than two cases on a side, or
    more than half of all pairs identical: NotEstimable. Source: Gretton et al., JMLR 2012;13:723-773, eq. 3.
    """
    generator = np.random.default_rng(seed)
    first, second = (_thinned(each, name=name, most=most, generator=generator) for each, name in ((x, "x"), (y, "y")))
    if min(len(first), len(second)) < 2:
        return NotEstimable("fewer than two cases on one side")
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"vectors of different length: {first.shape[1]} and {second.shape[1]}")
    every = distance.squareform(distance.pdist(np.vstack([first, second]), "sqeuclidean"))
    median = float(np.median(every[np.triu_indices_from(every, 1)]))
    if median == 0:
        return NotEstimable("more than half of the cases are identical")
    kernel = np.exp(-every / median)
    n, m = len(first), len(second)
    within_first = (kernel[:n, :n].sum() - n) / (n * (n - 1))
    within_second = (kernel[n:, n:].sum() - m) / (m * (m - 1))
    return float(within_first + within_second - 2 * kernel[:n, n:].mean())


def frechet_distance(mean_a: ArrayLike, cov_a: ArrayLike, mean_b: ArrayLike, cov_b: ArrayLike) -> float:
    """Return the Fréchet distance of two normal distributions as the literature on images does: squared.

    |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2(Σ₁Σ₂)^½), in squared units of the vectors. Assumes that vectors are near normal; for
    estimated covariances it is too large by an amount that falls with the number of cases.
    Sources: Dowson & Landau, J Multivar Anal 1982;12:450-455; Heusel et al., NIPS 2017;30:6626-6637.

    Raises:
        ValueError: shapes that do not fit, covariances that are not symmetric or have a negative variance.
    """
    means = [as_vector(np.atleast_1d(mean_a), name="mean_a"), as_vector(np.atleast_1d(mean_b), name="mean_b")]
    check_same_length(mean_a=means[0], mean_b=means[1])
    size = means[0].size
    root_a, root_b = (
        _covariance_root(each, size=size, name=name) for each, name in ((cov_a, "cov_a"), (cov_b, "cov_b"))
    )
    # tr (Σ₁Σ₂)^½ is the sum of the singular values of Σ₁^½ Σ₂^½, which needs no root of a product.
    together = np.linalg.svd(root_a @ root_b, compute_uv=False).sum()
    gap = ((means[0] - means[1]) ** 2).sum()
    return max(0.0, float(gap + (root_a**2).sum() + (root_b**2).sum() - 2 * together))


def _covariance_root(covariance: ArrayLike, *, size: int, name: str) -> FloatArray:
    matrix = as_matrix(np.atleast_2d(covariance), name=name)
    if matrix.shape != (size, size) or not np.allclose(
        matrix, matrix.T, atol=1e-8 * np.abs(matrix).max(initial=1e-300)
    ):
        raise ValueError(f"{name} must be a symmetric matrix of the means' length")
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    if values.min() < -1e-8 * max(float(np.abs(values).max()), 1e-300):
        raise ValueError(f"{name} has a negative variance")
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T)


def _two_samples(x: ArrayLike, y: ArrayLike) -> tuple[FloatArray, FloatArray]:
    return as_measured(x, name="x"), as_measured(y, name="y")


def _thinned(values: ArrayLike, *, name: str, most: int, generator: np.random.Generator) -> FloatArray:
    matrix = as_matrix(values, name=name) if np.ndim(values) == 2 else as_measured(values, name=name)[:, None]
    if np.abs(matrix).max(initial=0.0) > LARGEST:
        raise ValueError(f"{name} must not hold numbers beyond {LARGEST:.0e}, whose squares are infinite")
    if len(matrix) <= most:
        return matrix
    return matrix[generator.choice(len(matrix), size=most, replace=False)]
