"""How many cases a proportion or an area under the curve needs, for a test or for a precision.

Expected values in, numbers of cases out, blown up for clustering, rare findings and cases that nobody verifies.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, exp, sqrt
from typing import Literal

import numpy as np
from scipy import stats

from monitoring.statistics.inputs import IntArray, check_level, check_option
from monitoring.statistics.results import NotEstimable

__all__ = [
    "AreaSize",
    "Losses",
    "PrecisionSize",
    "ProportionSize",
    "design_effect_of",
    "sample_size_auc",
    "sample_size_precision",
    "sample_size_proportion",
]

MOST_CASES = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProportionSize:
    """An exact test's size. From `cases` on the power stays reached; `first` reaches it once, before the saw-tooth
    falls back. At `cases` the test passes with `critical` successes or more (or less, where less is shown).

    `recruited` counts the cases to collect, so that enough of them have the state and are verified.
    """

    cases: int
    first: int
    critical: int
    power: float
    alpha: float
    recruited: int
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecisionSize:
    """The cases with the state for a half-width, to the nearest whole, and the cases to collect for them."""

    cases: int
    recruited: int
    half_width: float
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaSize:
    """Cases with and without the finding; `recruited` so that both are there among cases as they come."""

    positives: int
    negatives: int
    recruited: int
    method: str

    @property
    def cases(self) -> int:
        return self.positives + self.negatives


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """What makes a study larger: clustering, a state that few have, cases that are never verified."""

    design_effect: float = 1.0
    prevalence: float = 1.0
    verified: float = 1.0

    def __post_init__(self) -> None:
        if not (self.design_effect > 0 and 0 < self.prevalence <= 1 and 0 < self.verified <= 1):
            raise ValueError("design_effect must be positive, prevalence and verified within (0, 1]")

    @property
    def factor(self) -> float:
        return self.design_effect / (self.prevalence * self.verified)


def design_effect_of(*, cluster_size: float, correlation: float, variation: float = 0.0) -> float:
    """Return 1 + (m(1+cv²) − 1)ρ for clusters of mean size m with that coefficient of variation.

    Source: Eldridge et al., Int J Epidemiol 2006;35:1292-1300.
    """
    if cluster_size < 1 or not 0 <= correlation <= 1 or variation < 0:
        raise ValueError("cluster_size must be at least 1, correlation within [0, 1], variation not negative")
    return 1 + (cluster_size * (1 + variation**2) - 1) * correlation


def sample_size_proportion(
    p0: float,
    p1: float,
    *,
    alpha: float = 0.025,
    power: float = 0.8,
    design_effect: float = 1.0,
    prevalence: float = 1.0,
    verified: float = 1.0,
) -> ProportionSize | NotEstimable:
    """Return the cases that an exact one-sided binomial test of p0 needs if p1 is true.

    The direction is that of p1: above p0 the test shows more than p0, below it less. Exact power is a saw-tooth:
    `cases` is the size from which on it stays reached. Assumes independent cases; `design_effect` (see
    `design_effect_of`), the `prevalence` of the state and the share `verified` enlarge `recruited`. p0 = p1, or more
    than 2 million cases: NotEstimable. Source: Chernick & Liu, Am Stat 2002;56:149-155 (the saw-tooth).

    Raises:
        ValueError: a probability that is none, an impossible loss.
    """
    check_level(alpha)
    check_level(power)
    if not (0 < p0 < 1 and 0 <= p1 <= 1):
        raise ValueError("p0 must lie inside (0, 1) and p1 within [0, 1]")
    losses = Losses(design_effect=design_effect, prevalence=prevalence, verified=verified)
    guess = _normal_size(p0, p1, alpha=alpha, power=power)
    if guess is None or guess > MOST_CASES:
        return NotEstimable("no number of cases tells these proportions apart")
    first, cases = _reached(p0, p1, guess=guess, alpha=alpha, power=power)
    critical, found = _exact_power(np.array([cases]), p0, p1, alpha=alpha)
    return ProportionSize(
        cases=cases,
        first=first,
        critical=int(critical[0]),
        power=float(found[0]),
        alpha=alpha,
        recruited=ceil(cases * losses.factor - 1e-9),
        method="exact binomial, one-sided; power stays reached from here on",
    )


def sample_size_precision(
    expected: float,
    *,
    half_width: float,
    level: float = 0.95,
    design_effect: float = 1.0,
    prevalence: float = 1.0,
    verified: float = 1.0,
) -> PrecisionSize:
    """Return the cases for a proportion with a half-width, rounded to the nearest whole as in the source.

    Normal approximation, independent cases. `prevalence` is the share of cases with the state: that of the finding for
    a sensitivity, one minus it for a specificity. Source: Buderer, Acad Emerg Med 1996;3:895-900.
    """
    if not (0 < expected < 1 and 0 < half_width < 1):
        raise ValueError("expected and half_width must lie inside (0, 1)")
    losses = Losses(design_effect=design_effect, prevalence=prevalence, verified=verified)
    quantile = stats.norm.ppf(0.5 + check_level(level) / 2)
    needed = float(quantile**2 * expected * (1 - expected) / half_width**2)
    return PrecisionSize(
        cases=max(1, round(needed)),
        recruited=max(1, round(needed * losses.factor)),
        half_width=half_width,
        method="Buderer",
    )


def sample_size_auc(
    expected: float,
    *,
    floor: float | None = None,
    half_width: float | None = None,
    ratio: float = 1.0,
    alpha: float = 0.025,
    power: float = 0.8,
    level: float = 0.95,
    variance: Literal["hanley_mcneil", "obuchowski"] = "hanley_mcneil",
    design_effect: float = 1.0,
    verified: float = 1.0,
) -> AreaSize | NotEstimable:
    """Return the cases that show an area above `floor` (one-sided `alpha`), or give it a `half_width`; one of the two.

    `ratio` is cases without the finding for each with it. Assumes independent cases and large samples;
    "hanley_mcneil" exponential scores, "obuchowski" binormal ratings, which asks for more cases. Expected not
    above the floor: NotEstimable. Sources: Hanley & McNeil, Radiology 1982;143:29-36; Obuchowski, Stat Med
    1997;16:1529-1542.

    Raises:
        ValueError: neither or both aims, areas outside [.5, 1).
    """
    check_option(variance, name="variance", allowed=("hanley_mcneil", "obuchowski"))
    if (floor is None) == (half_width is None):
        raise ValueError("give a floor or a half_width")
    if not 0.5 <= expected < 1 or ratio <= 0 or (floor is not None and not 0.5 <= floor < 1):
        raise ValueError("areas must lie within [.5, 1) and ratio must be positive")
    if half_width is not None and not 0 < half_width < 1:
        raise ValueError(f"half_width must lie inside (0, 1), not {half_width}")
    losses = Losses(design_effect=design_effect, verified=verified)
    per_case = area_variance(expected, ratio=ratio, variance=variance)
    if half_width is not None:
        needed = (stats.norm.ppf(0.5 + check_level(level) / 2) / half_width) ** 2 * per_case
    elif floor is None or expected <= floor:
        return NotEstimable("the expected area does not lie above the floor")
    else:
        null = stats.norm.isf(check_level(alpha)) * sqrt(area_variance(floor, ratio=ratio, variance=variance))
        needed = ((null + stats.norm.ppf(check_level(power)) * sqrt(per_case)) / (expected - floor)) ** 2
    positives = ceil(float(needed) * losses.design_effect - 1e-9)
    negatives = ceil(positives * ratio - 1e-9)
    name = "Hanley–McNeil" if variance == "hanley_mcneil" else "Obuchowski, binormal"
    recruited = ceil((positives + negatives) / losses.verified - 1e-9)
    return AreaSize(positives=positives, negatives=negatives, recruited=recruited, method=name)


def area_variance(area: float, *, ratio: float, variance: str = "hanley_mcneil") -> float:
    """Return the variance of an area for one case with the finding and `ratio` without it: divide by the former."""
    if variance == "hanley_mcneil":
        with_two, against_two = area / (2 - area), 2 * area**2 / (1 + area)
        return (against_two - area**2) + (with_two - area**2) / ratio
    a = float(stats.norm.ppf(area)) * 1.414
    return 0.0099 * exp(-(a**2) / 2) * ((5 * a**2 + 8) + (a**2 + 8) / ratio)


def _normal_size(p0: float, p1: float, *, alpha: float, power: float) -> float | None:
    if p0 == p1:
        return None
    z = stats.norm.isf(alpha) * sqrt(p0 * (1 - p0)) + stats.norm.ppf(power) * sqrt(p1 * (1 - p1))
    return float(max(1.0, (z / (p1 - p0)) ** 2))


def _reached(p0: float, p1: float, *, guess: float, alpha: float, power: float) -> tuple[int, int]:
    """Return the first size with the power and the one from which on it stays, looking past the saw-tooth."""
    most = ceil(2 * guess) + 200
    while True:
        sizes = np.arange(1, most + 1)
        enough = _exact_power(sizes, p0, p1, alpha=alpha)[1] >= power
        short = np.flatnonzero(~enough)
        last = int(short[-1]) + 1 if short.size else 0
        if enough.any() and last < 0.8 * most:
            return int(sizes[enough.argmax()]), last + 1
        most *= 2


def _exact_power(sizes: IntArray, p0: float, p1: float, *, alpha: float) -> tuple[IntArray, np.ndarray]:
    """Return the critical number of successes at each size and the power that it gives."""
    if p1 > p0:
        critical = stats.binom.isf(alpha, sizes, p0).astype(np.int64) + 1
        return critical, np.asarray(stats.binom.sf(critical - 1, sizes, p1))
    critical = stats.binom.ppf(alpha, sizes, p0).astype(np.int64)
    critical = np.where(stats.binom.cdf(critical, sizes, p0) > alpha, critical - 1, critical)
    return critical, np.asarray(stats.binom.cdf(critical, sizes, p1))
