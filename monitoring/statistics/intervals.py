"""From a value and its spread to an interval that stays where the value can be.

The scales (plain, logit, log, Fisher), Wilson's and Clopper–Pearson's formulas also for effective
sizes that are no whole numbers. Which of them a figure deserves is decided in its own module.
"""

from __future__ import annotations

from math import exp, inf, log, nextafter, sqrt

from scipy import special, stats

from monitoring.statistics.inputs import check_level
from monitoring.statistics.results import Interval


def two_sided_quantile(level: float, *, df: float = inf) -> float:
    """Return the critical value: normal, or Student's t where `df` is finite."""
    tail = 0.5 + check_level(level) / 2
    return float(special.ndtri(tail)) if df == inf else float(stats.t.ppf(tail, df))


def interval_between(low: float, high: float, *, level: float) -> Interval:
    """Return the interval; where both ends fall on one float (counts beyond 10^15) one moves by the least step."""
    if low >= high:
        low, high = (nextafter(high, -inf), high) if high > 0 else (low, nextafter(low, inf))
    return Interval(low, high, level)


def plain_interval(
    value: float, *, error: float, level: float, df: float = inf, low: float = -inf, high: float = inf
) -> Interval:
    """Return value ± quantile × error, cut at what the quantity can be."""
    half = two_sided_quantile(level, df=df) * error
    return interval_between(max(low, value - half), min(high, value + half), level=level)


def logit_interval(value: float, *, error: float, level: float, df: float = inf) -> Interval:
    """Return the interval made on the logit scale; value strictly inside (0, 1)."""
    centre = log(value / (1 - value))
    half = two_sided_quantile(level, df=df) * error / (value * (1 - value))
    return interval_between(float(special.expit(centre - half)), float(special.expit(centre + half)), level=level)


def log_interval(value: float, *, log_error: float, level: float, df: float = inf) -> Interval:
    """Return the interval made on the log scale; `log_error` is the error of log(value)."""
    half = two_sided_quantile(level, df=df) * log_error
    return interval_between(value * exp(-half), value * exp(half), level=level)


def wilson_interval(share: float, *, size: float, level: float) -> Interval:
    """Return Wilson's score interval of a share seen in `size` (effective) independent trials."""
    z2 = two_sided_quantile(level) ** 2
    centre = share + z2 / (2 * size)
    spread = sqrt(z2) * sqrt(share * (1 - share) / size + z2 / (4 * size**2))
    scale = 1 + z2 / size
    low = 0.0 if share == 0 else max(0.0, (centre - spread) / scale)
    high = 1.0 if share == 1 else min(1.0, (centre + spread) / scale)
    return interval_between(low, high, level=level)


def beta_interval(share: float, *, size: float, level: float) -> Interval:
    """Return Clopper and Pearson's interval of a share seen in `size` (effective) trials."""
    tail = (1 - check_level(level)) / 2
    hits, misses = share * size, (1 - share) * size
    low = 0.0 if hits <= 0 else float(special.betaincinv(hits, misses + 1, tail))
    high = 1.0 if misses <= 0 else float(special.betainccinv(hits + 1, misses, tail))
    return interval_between(low, high, level=level)
