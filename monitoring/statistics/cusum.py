"""Page's cumulative sums: for yes/no observations with an exact run length, and for standardised ones.

A chart is frozen with its threshold; `run` goes over observations, `arl` says how many it takes on average from
a fresh start. What is watched, and what an alarm means, is decided in monitoring.signals.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import inf, log
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.charts import ChartRun, Excursion, check_arl, check_shift, page, rising_root, stays_in_alarm
from monitoring.statistics.inputs import FloatArray, as_probabilities, as_vector
from monitoring.statistics.run_lengths import lattice_run_length, normal_run_length

FINEST_STEP = 100  # the Bernoulli chart moves in steps of one hundredth of an event, or coarser


@dataclass(frozen=True, slots=True, kw_only=True)
class BernoulliCusum:
    """Page's chart on yes/no observations, in log-likelihood units, tuned from `p0` to `p1` (above or below it).

    Each observation adds or takes `up` or `down` steps of `unit`. The steps are whole, so the run length is exact.
    Observations may lie between 0 and 1 (a patient's mean): that alarms less often than the design.
    """

    p0: float
    p1: float
    up: int
    down: int
    unit: float
    height: int

    @property
    def threshold(self) -> float:
        return self.height * self.unit

    def arl(self, x: float) -> float:
        """Return the average number of observations to an alarm when the true proportion is `x`."""
        if not 0 <= x <= 1:
            raise ValueError(f"a proportion lies between 0 and 1, not {x}")
        toward = x if self.p1 > self.p0 else 1 - x
        return lattice_run_length(toward, up=self.up, down=self.down, height=self.height)

    def run(self, observations: ArrayLike) -> ChartRun:
        """Return the path; after an alarm the chart starts again at zero."""
        values = as_probabilities(observations, name="observations")
        path, alarms, began = page(self._steps(values), height=self.height)
        return ChartRun(path=tuple(value * self.unit for value in path), alarms=alarms, began=began)

    def excursions(self, observations: ArrayLike) -> tuple[Excursion, ...]:
        """Return every stay in alarm, each from its beginning to its end."""
        return stays_in_alarm(self._steps(as_probabilities(observations, name="observations")), height=self.height)

    def _steps(self, values: FloatArray) -> FloatArray:
        counted = values if self.p1 > self.p0 else 1 - values
        return np.asarray(counted * (self.up + self.down) - self.down)


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalCusum:
    """Page's chart on standardised observations with allowance `k`, upward or on both sides."""

    k: float
    threshold: float
    sides: int

    def arl(self, x: float) -> float:
        """Return the average run length when the mean is shifted by `x` standard deviations."""
        x = check_shift(x)
        up = normal_run_length(x, k=self.k, h=self.threshold)
        if self.sides == 1:
            return up
        return _in_parallel(up, normal_run_length(-x, k=self.k, h=self.threshold))

    def run(self, observations: ArrayLike) -> ChartRun:
        """Return the path; after an alarm on either side both sides start again at zero."""
        values = as_vector(observations, name="observations")
        if self.sides == 1:
            path, alarms, began = page(values - self.k, height=self.threshold)
            return ChartRun(path=path, alarms=alarms, began=began, directions=(1,) * len(alarms))
        return _two_sided(values, k=self.k, height=self.threshold)

    def excursions(self, observations: ArrayLike, *, upward: bool) -> tuple[Excursion, ...]:
        """Return every stay in alarm of one side."""
        values = as_vector(observations, name="observations")
        return stays_in_alarm((values if upward else -values) - self.k, height=self.threshold)


def bernoulli_cusum(p0: float, p1: float, *, arl0: float) -> BernoulliCusum:
    """Return the chart that alarms at `p0` once in `arl0` observations or less often.

    Reynolds & Stoumbos, J Qual Technol 1999;31:87-108: the reference value γ = ln((1−p0)/(1−p1)) / ln(odds ratio) lies
    between the proportions; here it is rounded to a fraction, so that the statistic moves on a lattice and its Markov
    chain is exact. Assumes independent observations; p0 known (estimated: `standardising`). Zero-state run length.

    Raises:
        ValueError: proportions outside (0, 1) or equal, `arl0` not above 1.
    """
    check_arl(arl0)
    if not (0 < p0 < 1 and 0 < p1 < 1) or p0 == p1:
        raise ValueError(f"p0 and p1 must differ and lie inside (0, 1), not {p0} and {p1}")
    in_control, shifted = (p0, p1) if p1 > p0 else (1 - p0, 1 - p1)
    odds = log(shifted * (1 - in_control) / (in_control * (1 - shifted)))
    step = _reference_fraction(log((1 - in_control) / (1 - shifted)) / odds, low=in_control, high=shifted)
    down, up = step.numerator, step.denominator - step.numerator
    height = _lowest_height(in_control, up=up, down=down, arl0=arl0)
    return BernoulliCusum(p0=p0, p1=p1, up=up, down=down, unit=odds / step.denominator, height=height)


@lru_cache(maxsize=256)
def normal_cusum(*, k: float, arl0: float, sides: int = 2) -> NormalCusum:
    """Return the chart with allowance `k` whose average run length in control is `arl0`.

    Assumes independent standard normal observations, mean and SD known (estimated: `standardising`). Page, Biometrika
    1954;41:100-115; run lengths by Page's integral equation (Brook & Evans, Biometrika 1972;59:539-549, approximate it
    by a Markov chain). Two sides are two charts of twice the run length: 1/ARL = 1/ARL⁺ + 1/ARL⁻.

    Raises:
        ValueError: `k` not positive, `sides` not 1 (upward) or 2, `arl0` not above 1.
    """
    check_arl(arl0)
    if not isinstance(k, Real) or not 0 < k < inf or sides not in (1, 2):
        raise ValueError("k must be positive and finite, and sides 1 or 2")
    target = log(arl0 * sides)
    height = rising_root(lambda h: log(normal_run_length(0.0, k=k, h=h)) - target, start=2.0)
    return NormalCusum(k=k, threshold=height, sides=sides)


def _in_parallel(first: float, second: float) -> float:
    rate = 1 / first + 1 / second
    return 1 / rate if rate > 0 else inf


def _reference_fraction(value: float, *, low: float, high: float) -> Fraction:
    """Return a simple fraction near the reference value, strictly between the two proportions."""
    for denominators in (FINEST_STEP, 600, 6_000, 60_000):
        step = Fraction(value).limit_denominator(denominators)
        if low < step < high:
            return step
    raise ValueError("p0 and p1 are too close, or too small, to be told apart")


def _lowest_height(p: float, *, up: int, down: int, arl0: float) -> int:
    """Return the lowest threshold in steps whose run length reaches `arl0`."""

    def reaches(height: int) -> bool:
        return lattice_run_length(p, up=up, down=down, height=height) >= arl0

    high = up
    while not reaches(high):
        high *= 2
    low = high // 2 if high > up else 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle + 1, high)
    return high


def _two_sided(values: FloatArray, *, k: float, height: float) -> ChartRun:
    upper, lower, alarms, began, directions = [], [], [], [], []
    high = low = 0.0
    high_rest = low_rest = 0
    for position, value in enumerate(values.tolist()):
        high, low = max(0.0, high + value - k), max(0.0, low - value - k)
        high_rest = high_rest if high > 0 else position + 1
        low_rest = low_rest if low > 0 else position + 1
        upper.append(high)
        lower.append(low)
        if max(high, low) >= height:
            alarms.append(position)
            began.append(high_rest if high >= low else low_rest)
            directions.append(1 if high >= low else -1)
            high = low = 0.0
            high_rest = low_rest = position + 1
    return ChartRun(
        path=tuple(max(each) for each in zip(upper, lower, strict=True)),
        upper_path=tuple(upper),
        lower_path=tuple(lower),
        alarms=tuple(alarms),
        began=tuple(began),
        directions=tuple(directions),
    )
