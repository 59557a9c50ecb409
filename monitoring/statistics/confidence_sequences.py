"""Intervals that stay right at every look: evidence may be read every day without inflating its errors.

Counts or ordered values in, an interval out that holds the true mean at all looks at once with probability `level`.
What is one observation, and when it counts as known, is decided in monitoring.claims.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, log

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from monitoring.statistics.bets import running_bounds
from monitoring.statistics.inputs import FloatArray, as_count, as_vector, check_level
from monitoring.statistics.results import Estimate, Interval, NotEstimable

NEAREST = 1e-12  # a share nearer to 0 or 1 is looked at from here, where its logarithm is harmless
NO_OBSERVATIONS = "no observations"


@dataclass(frozen=True, slots=True, kw_only=True)
class BettingSequence(Estimate):
    """The mean with its interval at the last look; `path` holds (low, high) after each observation.

    `changed_at` is the 0-based position from which no constant mean fits what was seen (None: one does).
    """

    path: tuple[tuple[float, float], ...]
    changed_at: int | None


def confidence_sequence(
    successes: float, trials: float, *, level: float = 0.95, prior: tuple[float, float] = (1.0, 1.0)
) -> Estimate | NotEstimable:
    """Return a proportion with an interval that holds at every look at once, from the counts so far.

    The proportions p at which the Beta mixture E(p) = B(a+k, b+n−k) / (B(a, b) pᵏ(1−p)ⁿ⁻ᵏ) stays below 1/(1−level);
    with the uniform prior that is Robbins's (n+1)·P(X = k | p) > 1 − level. The order of the trials plays no part.
    Assumes that each trial, given those before, succeeds with the same probability. `successes` may be a sum of
    values within [0, 1] (one mean a patient): E is then a supermartingale, as (q/p)ˣ((1−q)/(1−p))¹⁻ˣ is convex in x.
    No trials: NotEstimable. Tighter for values with little spread: `betting_sequence`.
    Sources: Robbins, Ann Math Stat 1970;41:1397-1409; Howard et al., Ann Stat 2021;49:1055-1080.

    Raises:
        ValueError: counts that are negative, trials that are not whole, more successes than trials.
    """
    hits, size = _checked_sum(successes, trials)
    check_level(level)
    if min(prior) <= 0:
        raise ValueError("prior must hold two positive numbers")
    if size == 0:
        return NotEstimable("no trials")
    log_mixture = special.betaln(prior[0] + hits, prior[1] + size - hits) - special.betaln(*prior)

    def excess(p: float) -> float:  # log E(p) − log 1/α
        likelihood = special.xlogy(hits, p) + special.xlog1py(size - hits, -p)
        return float(log_mixture - likelihood + log(1 - level))

    share = hits / size
    low, high = _crossing(excess, end=0.0, share=share), _crossing(excess, end=1.0, share=share)
    return Estimate(
        value=share, interval=Interval(low, high, level), cases=size, method="Beta mixture, valid at every look"
    )


def betting_sequence(
    observations: ArrayLike, *, upper: float = 1.0, level: float = 0.95
) -> BettingSequence | NotEstimable:
    """Return the mean of ordered values in [0, upper] with an interval that holds at every look at once.

    Hedged capital with predictable plug-in bets, cut at 1/2 of what could be lost, intervals intersected as they come
    (Waudby-Smith & Ramdas, J R Stat Soc B 2024;86:1-27, section 4.3). Assumes that each value, given those before, has
    the same mean; any distribution in [0, upper]. Weighted values (y/π of a drawn case, 0 of one that was not drawn;
    upper = 1/smallest π) estimate the mean of y, as π is fixed before the draw. `path` is exact to 10⁻⁵ of `upper`,
    the last interval to 10⁻⁹. When no constant mean fits any more (`changed_at`), the interval is the whole range.
    No observations: NotEstimable.

    Raises:
        ValueError: values outside [0, upper], `upper` not positive and finite.
    """
    check_level(level)
    if not 0 < upper < inf:
        raise ValueError(f"upper must be positive and finite, not {upper}")
    values = as_vector(observations, name="observations") / upper
    if values.size == 0:
        return NotEstimable(NO_OBSERVATIONS)
    if values.min() < 0 or values.max() > 1:
        raise ValueError(f"observations must lie within [0, {upper}]")
    lows, highs, changed = _bounds_until_a_change(values, level=level)
    path = tuple(zip((upper * lows).tolist(), (upper * highs).tolist(), strict=True))
    return BettingSequence(
        value=float(values.mean() * upper),
        interval=Interval(*path[-1], level),
        cases=values.size,
        method="betting, hedged capital, valid at every look",
        path=path,
        changed_at=changed,
    )


def _checked_sum(successes: float, trials: float) -> tuple[float, int]:
    hits, size = float(as_vector([successes], name="successes")[0]), as_count(trials, name="trials")
    if not 0 <= hits <= size:
        raise ValueError(f"{successes} successes in {trials} trials")
    return hits, size


def _crossing(excess: Callable[[float], float], *, end: float, share: float) -> float:
    """Return where the mixture reaches its limit between the share seen and an end of the range, or that end."""
    outermost, inside = float(np.nextafter(end, share)), min(max(share, NEAREST), 1 - NEAREST)
    if share == end or excess(outermost) <= 0:
        return end
    return float(optimize.brentq(excess, outermost, inside, xtol=1e-14))


def _bounds_until_a_change(values: FloatArray, *, level: float) -> tuple[FloatArray, FloatArray, int | None]:
    lows, highs = running_bounds(values, level=level)
    empty = np.flatnonzero(lows >= highs)
    if not empty.size:
        return lows, highs, None
    lows[empty[0] :], highs[empty[0] :] = 0.0, 1.0
    return lows, highs, int(empty[0])
