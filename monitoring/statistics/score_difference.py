"""Miettinen and Nurminen's score interval for a difference of two independent proportions.

Written here because statsmodels' score interval (0.14.6, 0.15.0) uses a wrong constrained
estimate (issue 10269 there): 56/70 against 48/80 gives .0526 to .3440 instead of .0528 to .3382.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import acos, copysign, cos, inf, pi, sqrt

from scipy.optimize import brentq

from monitoring.statistics.intervals import interval_between, two_sided_quantile
from monitoring.statistics.results import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoSamples:
    """Successes and trials of two independent groups, trials at least 1."""

    successes_a: int
    trials_a: int
    successes_b: int
    trials_b: int

    @property
    def difference(self) -> float:
        return self.successes_a / self.trials_a - self.successes_b / self.trials_b


def miettinen_nurminen_interval(samples: TwoSamples, *, level: float) -> Interval:
    """Return the differences that the score test with N/(N−1) does not reject.

    Source: Miettinen & Nurminen, Statistics in Medicine 1985;4:213-226, section "risk difference".
    """
    z, observed = two_sided_quantile(level), samples.difference
    low = _crossing(lambda d: score_statistic(samples, difference=d) - z, inside=observed, outside=-1.0)
    high = _crossing(lambda d: score_statistic(samples, difference=d) + z, inside=observed, outside=1.0)
    return interval_between(low, high, level=level)


def score_statistic(samples: TwoSamples, *, difference: float) -> float:
    """Return the signed score statistic of the hypothesis p_a − p_b = difference."""
    share_b = constrained_share(samples, difference=difference)
    share_a = min(1.0, max(0.0, share_b + difference))
    total = samples.trials_a + samples.trials_b
    variance = share_a * (1 - share_a) / samples.trials_a + share_b * (1 - share_b) / samples.trials_b
    variance *= total / (total - 1)
    gap = samples.difference - difference
    if variance <= 0:
        return 0.0 if gap == 0 else copysign(inf, gap)
    return gap / sqrt(variance)


def constrained_share(samples: TwoSamples, *, difference: float) -> float:
    """Return the maximum-likelihood p_b where p_a − p_b is held at `difference` (their appendix I)."""
    total, successes = samples.trials_a + samples.trials_b, samples.successes_a + samples.successes_b
    l3 = float(total)
    l2 = (samples.trials_a + 2 * samples.trials_b) * difference - total - successes
    l1 = (samples.trials_b * difference - total - 2 * samples.successes_b) * difference + successes
    l0 = samples.successes_b * difference * (1 - difference)
    q = (l2 / (3 * l3)) ** 3 - l1 * l2 / (6 * l3**2) + l0 / (2 * l3)
    p = copysign(sqrt(max(0.0, (l2 / (3 * l3)) ** 2 - l1 / (3 * l3))), q)
    angle = (pi + acos(min(1.0, max(-1.0, q / p**3)))) / 3 if p != 0 else pi / 2
    root = 2 * p * cos(angle) - l2 / (3 * l3)
    return min(1.0, 1 - difference, max(0.0, -difference, root))


def _crossing(function: Callable[[float], float], *, inside: float, outside: float) -> float:
    """Return where the falling function crosses zero between the observed difference and ±1."""
    if inside == outside:
        return outside
    edge = outside - copysign(1e-13, outside)
    if function(inside) * function(edge) > 0:
        return outside
    return float(brentq(function, inside, edge, xtol=1e-13))
