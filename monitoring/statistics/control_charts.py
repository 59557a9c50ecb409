"""Shewhart's charts for counts: one point a period or a site, with limits for its own size.

They find large changes of a single period and show how much periods differ by chance; small lasting changes are
for `cusum`, `ewma_charts` and `e_processes`. How periods are cut is decided by the caller.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from monitoring.statistics.inputs import FloatArray, as_counts, as_vector, check_option, check_same_length
from monitoring.statistics.results import NotEstimable

__all__ = ["ControlChart", "LaneyChart", "g_chart", "laney_p_prime", "p_chart", "u_chart"]

RANGE_TO_SD = 1.128  # d₂ of two: the mean of |a − b| for two standard normal values
LIMITS = ("normal", "exact")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ControlChart:
    """The points with their centre and limits, each an entry per group; `alarms` are 0-based positions outside."""

    values: FloatArray
    center: float
    lower: FloatArray
    upper: FloatArray
    method: str

    @property
    def alarms(self) -> tuple[int, ...]:
        return tuple(np.flatnonzero((self.values < self.lower) | (self.values > self.upper)).tolist())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LaneyChart(ControlChart):
    """`sigma_z` is how much more than binomial the groups vary: 1 is not at all; `z` the standardised groups."""

    sigma_z: float
    z: FloatArray


def p_chart(
    d: ArrayLike, n: ArrayLike, *, limits: Literal["normal", "exact"] = "normal", sigmas: float = 3.0
) -> ControlChart | NotEstimable:
    """Return the chart of proportions, `d` of `n` in each group, with limits p̄ ± 3·√(p̄(1−p̄)/nᵢ).

    Assumes independent cases with one probability; large groups vary more than that: `laney_p_prime`. "exact": binomial
    quantiles with normal tail probability. Shewhart 1931; Montgomery, Introduction to Statistical Quality Control,
    section 7.3. No event, or nothing but events: NotEstimable.

    Raises:
        ValueError: counts that are negative or not whole, more events than cases, a group without cases.
    """
    counts, sizes = _checked_groups(d, n)
    check_option(limits, name="limits", allowed=LIMITS)
    if not sizes.size or not 0 < counts.sum() < sizes.sum():
        return NotEstimable("every case has the same outcome, so there is no spread to draw limits from")
    center = float(counts.sum() / sizes.sum())
    if limits == "exact":
        tail = float(special.ndtr(-sigmas))
        lower, upper = (stats.binom.ppf(each, sizes, center) / sizes for each in (tail, 1 - tail))
    else:
        reach = sigmas * np.sqrt(center * (1 - center) / sizes)
        lower, upper = np.maximum(center - reach, 0.0), np.minimum(center + reach, 1.0)
    return ControlChart(
        values=counts / sizes, center=center, lower=lower, upper=upper, method=f"p chart, {limits} limits"
    )


def laney_p_prime(d: ArrayLike, n: ArrayLike, *, sigmas: float = 3.0) -> LaneyChart | NotEstimable:
    """Return the chart of proportions that vary more (or less) than binomial: limits p̄ ± 3·√(p̄(1−p̄)/nᵢ)·σ_z.

    σ_z is the mean moving range of the standardised groups over 1.128, so the groups must come in their order in time.
    Assumes that groups differ by more than chance, in the same way all along. Source: Laney, Qual Eng 2002;14:531-537.
    Fewer than two groups, no event, nothing but events, or groups all alike: NotEstimable.

    Raises:
        ValueError: as `p_chart`.
    """
    plain = p_chart(d, n, sigmas=sigmas)
    if isinstance(plain, NotEstimable):
        return plain
    sizes = as_counts(n, name="n")
    if sizes.size < 2:
        return NotEstimable("one group only, so there is no moving range")
    errors = np.sqrt(plain.center * (1 - plain.center) / sizes)
    z = (plain.values - plain.center) / errors
    sigma_z = float(np.abs(np.diff(z)).mean() / RANGE_TO_SD)
    if sigma_z == 0:
        return NotEstimable("the groups are all alike, so there is no moving range")
    reach = sigmas * sigma_z * errors
    return LaneyChart(
        values=plain.values,
        center=plain.center,
        lower=np.maximum(plain.center - reach, 0.0),
        upper=np.minimum(plain.center + reach, 1.0),
        method="Laney p′ chart",
        sigma_z=sigma_z,
        z=z,
    )


def u_chart(
    counts: ArrayLike, exposures: ArrayLike, *, limits: Literal["normal", "exact"] = "normal", sigmas: float = 3.0
) -> ControlChart | NotEstimable:
    """Return the chart of events per unit of exposure, with limits ū ± 3·√(ū/aᵢ).

    Assumes Poisson counts with one rate. "exact": Poisson quantiles with normal tail probability, for mean counts below
    about 10. Montgomery, section 7.3.2. No event: NotEstimable.

    Raises:
        ValueError: counts that are negative or not whole, exposures that are not positive.
    """
    events, amounts = as_counts(counts, name="counts"), as_vector(exposures, name="exposures")
    check_same_length(counts=events, exposures=amounts)
    check_option(limits, name="limits", allowed=LIMITS)
    if (amounts <= 0).any():
        raise ValueError("exposures must be positive; leave groups without exposure out")
    if not events.sum():
        return NotEstimable("no event, so there is no spread to draw limits from")
    center = float(events.sum() / amounts.sum())
    if limits == "exact":
        tail = float(special.ndtr(-sigmas))
        lower, upper = (stats.poisson.ppf(each, center * amounts) / amounts for each in (tail, 1 - tail))
    else:
        reach = sigmas * np.sqrt(center / amounts)
        lower, upper = np.maximum(center - reach, 0.0), center + reach
    return ControlChart(
        values=events / amounts, center=center, lower=lower, upper=upper, method=f"u chart, {limits} limits"
    )


def g_chart(
    between: ArrayLike, *, limits: Literal["normal", "exact"] = "normal", sigmas: float = 3.0
) -> ControlChart | NotEstimable:
    """Return the chart of how many cases without the event came between two events, for events that are rare.

    Assumes independent cases with one probability, so gaps are geometric from 0: limits ḡ ± 3·√(ḡ(ḡ+1)), not below 0.
    "exact": geometric quantiles with normal tail probability. An alarm above is an improvement; the lower limit is 0
    unless the event is rarer than the tail, so a rise shows in runs of short gaps: watch it with `bernoulli_cusum`.
    Source: Benneyan, Health Care Manag Sci 2001;4:305-318. No gap, or all of them 0: NotEstimable.

    Raises:
        ValueError: gaps that are negative or not whole.
    """
    gaps = as_counts(between, name="between")
    check_option(limits, name="limits", allowed=LIMITS)
    if not gaps.sum():
        return NotEstimable("no case between events, so there is no spread to draw limits from")
    center = float(gaps.mean())
    if limits == "exact":
        tail = float(special.ndtr(-sigmas))
        low, high = (float(stats.geom.ppf(each, 1 / (center + 1)) - 1) for each in (tail, 1 - tail))
    else:
        reach = sigmas * float(np.sqrt(center * (center + 1)))
        low, high = max(center - reach, 0.0), center + reach
    lower, upper = np.full_like(gaps, low), np.full_like(gaps, high)
    return ControlChart(values=gaps, center=center, lower=lower, upper=upper, method=f"g chart, {limits} limits")


def _checked_groups(d: ArrayLike, n: ArrayLike) -> tuple[FloatArray, FloatArray]:
    counts, sizes = as_counts(d, name="d"), as_counts(n, name="n")
    check_same_length(d=counts, n=sizes)
    if (counts > sizes).any():
        raise ValueError("a group has more events than cases")
    if (sizes == 0).any():
        raise ValueError("a group has no cases; leave it out")
    return counts, sizes
