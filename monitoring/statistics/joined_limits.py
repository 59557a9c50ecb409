"""The interval of a product or ratio of independent parts, each of which has its own.

For rates that rest on few cases: each part brings exact or conservative limits, and the joint interval keeps that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log, sqrt

from monitoring.statistics.results import Interval

__all__ = ["Part", "odds_interval"]


@dataclass(frozen=True, slots=True)
class Part:
    """A positive factor with its limits; `high` may be infinite."""

    value: float
    low: float
    high: float

    @property
    def inverse(self) -> Part:
        return Part(_inverse(self.value), _inverse(self.high), _inverse(self.low))


def odds_interval(parts: Sequence[Part], *, level: float) -> Interval:
    """Return the interval of odds/(1 + odds), where the odds are the product of the parts.

    Variance estimates recovered from the parts' limits on the log scale; where a part is 0 or infinite, all limits of
    one side are multiplied instead. Source: Donner & Zou, Stat Methods Med Res 2012;21:347-359.
    """
    downs = [_distance(each.low, each.value) for each in parts]
    ups = [_distance(each.value, each.high) for each in parts]
    values = [each.value for each in parts]
    if min(values) > 0 and max(values) < inf:
        centre = sum(log(value) for value in values)
        low, high = _expit(centre - _norm(downs)), _expit(centre + _norm(ups))
        return Interval(low, high, level)
    low, high = _product([each.low for each in parts]), _product([each.high for each in parts])
    return Interval(low / (1 + low), high / (1 + high) if high < inf else 1.0, level)


def _distance(low: float, high: float) -> float:
    return inf if low == 0 or high == inf else log(high / low)


def _norm(values: Sequence[float]) -> float:
    return inf if inf in values else sqrt(sum(value**2 for value in values))


def _expit(value: float) -> float:
    if value in (inf, -inf):
        return float(value > 0)
    return 1 / (1 + exp(-value)) if value > 0 else exp(value) / (1 + exp(value))


def _product(values: Sequence[float]) -> float:
    found = 1.0
    for value in values:
        found = 0.0 if 0.0 in (value, found) else found * value
    return found


def _inverse(value: float) -> float:
    return inf if value == 0 else 0.0 if value == inf else 1 / value
