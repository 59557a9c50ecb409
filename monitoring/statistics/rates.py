"""Rates of events per exposure, their ratio, and whether a rate has risen (MDR Article 88 trends).

Counts and exposures in, estimates and tests out. What an event is, which exposure it belongs to and which
rate was foreseen is written down in a plan before the data; it comes in as an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from monitoring.statistics.inputs import (
    as_count,
    as_counts,
    as_vector,
    check_level,
    check_option,
    check_same_length,
)
from monitoring.statistics.intervals import beta_interval
from monitoring.statistics.results import Estimate, Interval, NotEstimable, TestResult

NO_EXPOSURE = "no exposure"
NO_EVENT = "no event in either period"
METHODS = ("exact", "e_test", "score")

__all__ = ["RateEstimate", "RateIncrease", "dispersion", "poisson_rate", "rate_increase", "rate_ratio"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RateEstimate(Estimate):
    """Events per unit of exposure; `cases` are the events."""

    exposure: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RateIncrease(TestResult):
    """One-sided: has the rate risen above `reference_rate` × `factor`? `ratio` is the rate over the reference."""

    rate: float
    reference_rate: float
    ratio: Estimate
    factor: float
    dispersion: float


def poisson_rate(count: float, exposure: float, *, level: float = 0.95) -> RateEstimate | NotEstimable:
    """Return events per unit of exposure with Garwood's exact interval.

    Assumes a Poisson count: independent events at one rate (over-dispersed counts: `dispersion` tells). Never covers
    less than `level`. No exposure: NotEstimable. Source: Garwood, Biometrika 1936;28:437-442.

    Raises:
        ValueError: a count that is negative or not whole, a negative exposure, events without exposure.
    """
    events, size = _checked(count, exposure)
    check_level(level)
    if size == 0:
        return NotEstimable(NO_EXPOSURE)
    low, high = _garwood(events, level=level)
    return RateEstimate(
        value=events / size,
        interval=Interval(low / size, high / size, level),
        cases=events,
        method="Garwood exact Poisson",
        exposure=size,
    )


def rate_ratio(
    count_a: float, exposure_a: float, count_b: float, exposure_b: float, *, level: float = 0.95
) -> Estimate | NotEstimable:
    """Return the ratio of two rates, first over second, with the exact conditional interval.

    Given the sum, the first count is binomial; Clopper and Pearson's interval of its share is carried over.
    Assumes two independent Poisson counts; never covers less than `level`. Without an event in the second the ratio
    and its upper end are infinite, without one in the first the ratio and its lower end are 0. No event at all, or a
    group without exposure: NotEstimable. Source: Przyborowski & Wilenski, Biometrika 1940;31:313-323; Clopper &
    Pearson, Biometrika 1934;26:404-413.
    """
    a, size_a = _checked(count_a, exposure_a)
    b, size_b = _checked(count_b, exposure_b)
    check_level(level)
    if size_a == 0 or size_b == 0:
        return NotEstimable(f"{NO_EXPOSURE} in one of the groups")
    if a + b == 0:
        return NotEstimable(NO_EVENT)
    share = beta_interval(a / (a + b), size=a + b, level=level)
    scale = size_b / size_a
    return Estimate(
        value=_odds(a / (a + b)) * scale,
        interval=Interval(_odds(share.low) * scale, _odds(share.high) * scale, level),
        cases=a + b,
        method="conditional Clopper–Pearson exact",
    )


def rate_increase(
    count: float,
    exposure: float,
    reference_count: float | None = None,
    reference_exposure: float | None = None,
    *,
    rate: float | None = None,
    factor: float = 1.0,
    method: Literal["exact", "e_test", "score"] = "exact",
    dispersion: float = 1.0,
    level: float = 0.95,
) -> RateIncrease | NotEstimable:
    """Test whether a rate has risen above the one foreseen (`rate`), or above that of a reference period.

    One-sided: p is the probability of as many events or more if the true rate were `factor` times the reference.
    Against a `rate` written down beforehand, Poisson (or score) tail; against a reference period "exact" is the
    conditional binomial test (conservative), "e_test" the unconditional one, "score" the normal approximation. With a
    `dispersion` above 1 (variance = dispersion × mean, from `dispersion()` of the reference), the tail against a rate
    is negative binomial and the score statistic is divided by its root; the other tests have no such form. The
    interval of `ratio` is exact and two-sided for Poisson counts; it does not know the dispersion. MDR (EU) 2017/745,
    Article 88, asks for methodology, observation period and reference in the plan: give them as written there.
    Sources: Gu, Ng, Tang & Schucany, Biom J 2008;50:283-298; Krishnamoorthy & Thomson, J Stat Plan Inference
    2004;119:23-35.

    Raises:
        ValueError: counts or exposures that are impossible; not exactly one of reference and `rate`; a dispersion
            below 1, or above it with a test that has no such form.
    """
    events, size = _checked(count, exposure)
    check_level(level)
    check_option(method, name="method", allowed=METHODS)
    design = _Design(factor=factor, dispersion=dispersion, method=method, level=level)
    if (rate is None) == (reference_count is None or reference_exposure is None):
        raise ValueError("give either the count and the exposure of a reference period, or a rate")
    if size == 0:
        return NotEstimable(NO_EXPOSURE)
    if rate is not None:
        return _against_rate(events, size, rate, design=design)
    return _against_period(events, size, reference_count or 0, reference_exposure or 0, design=design)


def dispersion(counts: ArrayLike, exposures: ArrayLike) -> float | NotEstimable:
    """Return Pearson's dispersion of counts around one rate: 1 for Poisson, never below 1.

    One entry a period or site. Fewer than two entries with exposure, or no event: NotEstimable.
    Source: McCullagh & Nelder, Generalized Linear Models, 2nd ed. 1989, section 4.5.
    """
    seen, sizes = as_counts(counts, name="counts"), as_vector(exposures, name="exposures")
    check_same_length(counts=seen, exposures=sizes)
    if (sizes < 0).any():
        raise ValueError("exposures must not be negative")
    seen, sizes = seen[sizes > 0], sizes[sizes > 0]
    if sizes.size < 2 or not seen.sum() > 0:
        return NotEstimable("fewer than two periods with exposure, or no event in them")
    usual = sizes * seen.sum() / sizes.sum()
    return max(1.0, float(((seen - usual) ** 2 / usual).sum() / (sizes.size - 1)))


def _checked(count: float, exposure: float) -> tuple[int, float]:
    events = as_count(count, name="count")
    size = float(as_vector([exposure], name="exposure")[0])
    if size < 0:
        raise ValueError(f"exposure must not be negative, not {size}")
    if size == 0 and events:
        raise ValueError(f"{events} events without exposure")
    return events, size


@dataclass(frozen=True, slots=True, kw_only=True)
class _Design:
    factor: float
    dispersion: float
    method: str
    level: float

    def __post_init__(self) -> None:
        if not (self.factor > 0 and np.isfinite(self.factor)):
            raise ValueError(f"factor must be positive, not {self.factor}")
        if not (self.dispersion >= 1 and np.isfinite(self.dispersion)):
            raise ValueError(f"dispersion must be at least 1, not {self.dispersion}")

    def named(self, name: str) -> str:
        extra = f", dispersion {self.dispersion:.3g}" if self.dispersion > 1 else ""
        return f"{name}{extra}, one-sided"


def _garwood(events: int, *, level: float) -> tuple[float, float]:
    tail = (1 - level) / 2
    low = 0.0 if events == 0 else float(special.gammaincinv(events, tail))
    return low, float(special.gammainccinv(events + 1, tail))


def _odds(share: float) -> float:
    return inf if share >= 1 else share / (1 - share)


def _against_rate(events: int, size: float, rate: float, *, design: _Design) -> RateIncrease:
    if not (rate > 0 and np.isfinite(rate)):
        raise ValueError(f"rate must be positive, not {rate}")
    mean = rate * design.factor * size
    statistic = (events - mean) / sqrt(mean * design.dispersion)
    p_value, name = _tail(events, mean, statistic, design=design)
    low, high = _garwood(events, level=design.level)
    ratio = Estimate(
        value=events / (size * rate),
        interval=Interval(low / (size * rate), high / (size * rate), design.level),
        cases=events,
        method="Garwood exact Poisson",
    )
    return RateIncrease(
        statistic=statistic,
        p_value=min(1.0, p_value),
        method=design.named(name),
        rate=events / size,
        reference_rate=rate,
        ratio=ratio,
        factor=design.factor,
        dispersion=design.dispersion,
    )


def _tail(events: int, mean: float, statistic: float, *, design: _Design) -> tuple[float, str]:
    if design.method == "score":
        return float(stats.norm.sf(statistic)), "score test against a rate"
    if design.method == "e_test":
        raise ValueError("the E-test compares two periods; against a rate it is the exact test")
    if design.dispersion > 1:
        extra = design.dispersion - 1
        return float(stats.nbinom.sf(events - 1, mean / extra, 1 / design.dispersion)), "negative binomial tail"
    return float(stats.poisson.sf(events - 1, mean)), "exact Poisson tail against a rate"


def _against_period(
    events: int, size: float, count: float, exposure: float, *, design: _Design
) -> RateIncrease | NotEstimable:
    before, size_before = _checked(count, exposure)
    if size_before == 0:
        return NotEstimable(f"{NO_EXPOSURE} in the reference period")
    if design.dispersion > 1 and design.method != "score":
        raise ValueError('over-dispersed counts of two periods are compared with method="score"')
    ratio = rate_ratio(events, size, before, size_before, level=design.level)
    if isinstance(ratio, NotEstimable):
        return ratio
    share = design.factor * size / (design.factor * size + size_before)
    total = events + before
    statistic = (events - total * share) / sqrt(total * share * (1 - share) * design.dispersion)
    p_value, name = _two_periods(events, total, share, statistic, method=design.method)
    return RateIncrease(
        statistic=statistic,
        p_value=min(1.0, p_value),
        method=design.named(name),
        rate=events / size,
        reference_rate=before / size_before,
        ratio=ratio,
        factor=design.factor,
        dispersion=design.dispersion,
    )


def _two_periods(events: int, total: int, share: float, statistic: float, *, method: str) -> tuple[float, str]:
    if method == "score":
        return float(stats.norm.sf(statistic)), "conditional score test of two rates"
    if method == "exact":
        return float(stats.binom.sf(events - 1, total, share)), "exact conditional test of two rates"
    return _e_test(total * share, total * (1 - share), share, statistic), "E-test of two rates"


def _e_test(mean: float, mean_before: float, share: float, statistic: float) -> float:
    """Return the probability of a score statistic as large, both counts Poisson at the pooled rate.

    For each first count x the statistic falls in the second count; it is reached while the total n obeys
    share·n + k·√n ≤ x with k = statistic·√(share(1−share)).
    """
    first = np.arange(stats.poisson.ppf(1e-13, mean), stats.poisson.isf(1e-13, mean) + 2)
    k = statistic * sqrt(share * (1 - share))
    root = (-k + np.sqrt(k**2 + 4 * share * first)) / (2 * share)
    most = np.floor(root**2 - first + 1e-7)
    reached = np.where((first == 0) & (statistic > 0), 0.0, stats.poisson.cdf(most, mean_before))
    return float((stats.poisson.pmf(first, mean) * reached).sum())
