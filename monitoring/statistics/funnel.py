"""Funnel plots: sites against one target, with limits that narrow as sites grow and widen for over-dispersion.

Counts and expected shares in; what to expect of a site given its case mix is decided in monitoring.subgroups.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from monitoring.statistics.inputs import (
    FloatArray,
    as_counts,
    as_probabilities,
    check_level,
    check_option,
    check_same_length,
)
from monitoring.statistics.intervals import two_sided_quantile
from monitoring.statistics.results import NotEstimable

MIN_SITES_FOR_DISPERSION = 5
OverDispersion = Literal["multiplicative", "additive", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispersion:
    """How far sites spread beyond chance: φ multiplies the variance, τ² adds to it; 1 and 0 where neither is needed.

    `observed` is the winsorised mean of squared z-scores before it is decided whether it exceeds chance.
    """

    phi: float = 1.0
    tau_squared: float = 0.0
    observed: float | None = None
    method: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelSite:
    """One site: its standardised share, its z-score with over-dispersion, the two-sided p-value, its own limits."""

    value: float
    trials: int
    z: float
    p_value: float
    low: float
    high: float

    @property
    def is_outside(self) -> bool:
        return not self.low <= self.value <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """Sites in the order given, around a target."""

    target: float
    sites: tuple[FunnelSite | NotEstimable, ...]
    dispersion: Dispersion
    level: float
    method: str

    def limits(self, trials: float) -> tuple[float, float]:
        """Return the limits for a site with so many trials."""
        return funnel_limits(self.target, trials, dispersion=self.dispersion, level=self.level)


def funnel(
    successes: ArrayLike,
    trials: ArrayLike,
    *,
    target: float | None = None,
    expected: ArrayLike | None = None,
    over_dispersion: OverDispersion = "additive",
    winsorise: float = 0.1,
    level: float = 0.998,
) -> Funnel | NotEstimable:
    """Return sites against a target (by default the share of all of them together).

    Assumes independent sites and, inside one, independent trials. `expected` is the share that each site's case mix
    would give elsewhere: the site's value is then target × observed / expected (indirect standardisation), its
    variance that of `expected`. Limits are exact binomial ones, interpolated, where sites spread no more than
    chance; else normal with φ ("multiplicative") or τ² ("additive") estimated from z-scores winsorised at
    `winsorise` on each side and used only where φ exceeds 1 + 2√(2/sites). Fewer than five sites cannot tell
    over-dispersion, and none is assumed. Source: Spiegelhalter, Stat Med 2005;24:1185-1202, sections 3.3 and
    A.1-A.3. A site without trials: NotEstimable in its place. Fewer than two sites, or a target of 0 or 1:
    NotEstimable.

    Raises:
        ValueError: lengths that differ, more successes than trials, a share outside [0, 1].
    """
    check_option(over_dispersion, name="over_dispersion", allowed=("multiplicative", "additive", "none"))
    check_level(level)
    hits, sizes, shares, aim = checked(successes, trials, target=target, expected=expected, winsorise=winsorise)
    if int((sizes > 0).sum()) < 2:
        return NotEstimable("fewer than two sites with cases")
    if not 0 < aim < 1 or ((shares[sizes > 0] <= 0) | (shares[sizes > 0] >= 1)).any():
        return NotEstimable("what is expected is none or all of the cases, so no site can be told from another")
    scores = z_scores(hits, sizes, shares)
    spread = dispersion_of(scores, sizes, aim=aim, how=over_dispersion, winsorise=winsorise)
    sites = tuple(
        site_of(float(n), float(x), aim=aim, share=float(p), spread=spread, level=level)
        if n
        else NotEstimable("no cases")
        for x, n, p in zip(hits, sizes, shares, strict=True)
    )
    name = "exact binomial limits" if spread.method == "none" else f"normal limits with {spread.method} over-dispersion"
    return Funnel(target=aim, sites=sites, dispersion=spread, level=level, method=name)


def checked(
    successes: ArrayLike, trials: ArrayLike, *, target: float | None, expected: ArrayLike | None, winsorise: float
) -> tuple[FloatArray, FloatArray, FloatArray, float]:
    """Return counts, what is expected of each site, and the target."""
    if not 0 <= winsorise < 0.5:
        raise ValueError(f"winsorise must lie in [0, .5), not {winsorise}")
    hits, sizes = as_counts(successes, name="successes"), as_counts(trials, name="trials")
    check_same_length(successes=hits, trials=sizes)
    if (hits > sizes).any():
        raise ValueError("successes must not exceed trials")
    overall = hits.sum() / sizes.sum() if sizes.sum() else 0.0
    aim = float(as_probabilities([overall if target is None else target], name="target")[0])
    shares = np.full_like(sizes, aim) if expected is None else as_probabilities(expected, name="expected")
    check_same_length(trials=sizes, expected=shares)
    return hits, sizes, shares, aim


def z_scores(hits: FloatArray, sizes: FloatArray, shares: FloatArray) -> FloatArray:
    """Return the standardised differences of the sites that have trials."""
    known = sizes > 0
    expected, variance = sizes[known] * shares[known], sizes[known] * shares[known] * (1 - shares[known])
    return np.asarray((hits[known] - expected) / np.sqrt(variance))


def dispersion_of(scores: FloatArray, sizes: FloatArray, *, aim: float, how: str, winsorise: float) -> Dispersion:
    """Return how far z-scores spread beyond chance."""
    number = scores.size
    if how == "none" or number < MIN_SITES_FOR_DISPERSION:
        return Dispersion()
    low, high = np.quantile(scores, [winsorise, 1 - winsorise])
    phi = float((np.clip(scores, low, high) ** 2).mean())
    if phi <= 1 + 2 * sqrt(2 / number):
        return Dispersion(observed=phi)
    if how == "multiplicative":
        return Dispersion(phi=phi, observed=phi, method=how)
    weights = sizes[sizes > 0] / (aim * (1 - aim))
    scale = float(weights.sum() - (weights**2).sum() / weights.sum())
    return Dispersion(tau_squared=max(0.0, (number * phi - (number - 1)) / scale), observed=phi, method=how)


def site_of(size: float, hits: float, *, aim: float, share: float, spread: Dispersion, level: float) -> FunnelSite:
    value = aim * hits / (size * share)
    # The site's own variance, brought to the target's scale by the same ratio as its value.
    variance = (aim / share) ** 2 * share * (1 - share) / size
    z = (value - aim) / sqrt(spread.phi * variance + spread.tau_squared)
    p_value = exact_p(hits, size, share) if spread.method == "none" else 2 * float(special.ndtr(-abs(z)))
    low, high = funnel_limits(share, size, dispersion=Dispersion(), level=level)
    if spread.method != "none":
        half = two_sided_quantile(level) * sqrt(spread.phi * variance + spread.tau_squared)
        low, high = (aim - half) * share / aim, (aim + half) * share / aim
    scale = aim / share
    return FunnelSite(value=value, trials=int(size), z=z, p_value=p_value, low=max(0.0, low * scale), high=high * scale)


def exact_p(hits: float, size: float, share: float) -> float:
    """Return twice the smaller binomial tail with half of the observed point (mid-p), at most 1."""
    point = float(stats.binom.pmf(hits, size, share))
    below = float(stats.binom.cdf(hits, size, share)) - point / 2
    return min(1.0, 2 * min(below, 1 - below))


def funnel_limits(
    target: float, trials: float, *, dispersion: Dispersion = Dispersion(), level: float = 0.998
) -> tuple[float, float]:
    """Return the limits that a site with this target keeps with probability `level`.

    Without over-dispersion: binomial quantiles, interpolated so that they fall smoothly (Spiegelhalter 2005, A.1.1);
    the upper limit is one less the lower limit of the misses, so that neither side is crossed more often than said.
    """
    if dispersion.method != "none":
        half = two_sided_quantile(level) * sqrt(
            dispersion.phi * target * (1 - target) / trials + dispersion.tau_squared
        )
        return max(0.0, target - half), min(1.0, target + half)
    tail = (1 - check_level(level)) / 2
    return interpolated(target, trials, tail), 1 - interpolated(1 - target, trials, tail)


def interpolated(target: float, trials: float, share: float) -> float:
    size = max(1, round(trials))
    rank = float(stats.binom.ppf(share, size, target))
    at, before = (float(each) for each in stats.binom.cdf([rank, rank - 1], size, target))
    step = (at - share) / (at - before) if at > before else 0.0
    return min(1.0, max(0.0, (rank - step) / size))
