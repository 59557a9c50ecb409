"""One observation after another: charts with a designed average time between false alarms.

A chart is frozen with its threshold; `run` goes over observations, `arl` says how many it takes on average
from a fresh start. What is watched, and what an alarm means, is decided in monitoring.signals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import inf, log, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from monitoring.statistics.confidence_sequences import BettingSequence, betting_sequence, confidence_sequence
from monitoring.statistics.e_processes import EDetector, EProcess, e_detector, e_process
from monitoring.statistics.inputs import FloatArray, as_probabilities, as_vector
from monitoring.statistics.run_lengths import ewma_run_length, lattice_run_length, normal_run_length

__all__ = [
    "BernoulliCusum",
    "BettingSequence",
    "ChartRun",
    "EDetector",
    "EProcess",
    "Ewma",
    "Excursion",
    "NormalCusum",
    "bernoulli_cusum",
    "betting_sequence",
    "confidence_sequence",
    "e_detector",
    "e_process",
    "ewma",
    "normal_cusum",
]

FINEST_STEP = 100  # the Bernoulli chart moves in steps of one hundredth of an event, or coarser


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartRun:
    """The statistic after each observation, where it alarmed, and the last time that it stood at rest before.

    `alarms` and `began` are 0-based positions: the change is estimated to lie between `began` and `alarms`.
    """

    path: tuple[float, ...]
    alarms: tuple[int, ...]
    began: tuple[int, ...]
    lower_path: tuple[float, ...] = ()
    directions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Excursion:
    """One stay of a chart in alarm, 0-based positions: from rest, over the threshold, to rest again.

    After the alarm the statistic is held at the threshold instead of restarting, so a lasting change is one
    excursion. `peak` is the last time that it stood there: where the change ended, if `ended` is not None.
    """

    began: int
    alarm: int
    peak: int
    ended: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BernoulliCusum:
    """Page's chart on yes/no observations, in log-likelihood units, tuned from `p0` to `p1`.

    Each observation adds `up` or `down` steps of `unit`. The steps are whole, so the run length is exact.
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
        return lattice_run_length(x, up=self.up, down=self.down, height=self.height)

    def run(self, observations: ArrayLike) -> ChartRun:
        """Return the path; after an alarm the chart starts again at zero."""
        values = as_probabilities(observations, name="observations")
        path, alarms, began = _page(self._steps(values), height=self.height)
        return ChartRun(path=tuple(value * self.unit for value in path), alarms=alarms, began=began)

    def excursions(self, observations: ArrayLike) -> tuple[Excursion, ...]:
        """Return every stay in alarm, each from its beginning to its end."""
        return _excursions(self._steps(as_probabilities(observations, name="observations")), height=self.height)

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
        up = normal_run_length(x, k=self.k, h=self.threshold)
        if self.sides == 1:
            return up
        return _in_parallel(up, normal_run_length(-x, k=self.k, h=self.threshold))

    def run(self, observations: ArrayLike) -> ChartRun:
        """Return the path; after an alarm on either side both sides start again at zero."""
        values = as_vector(observations, name="observations")
        if self.sides == 1:
            path, alarms, began = _page(values - self.k, height=self.threshold)
            return ChartRun(path=path, alarms=alarms, began=began, directions=(1,) * len(alarms))
        return _two_sided(values, k=self.k, height=self.threshold)

    def excursions(self, observations: ArrayLike, *, upward: bool) -> tuple[Excursion, ...]:
        """Return every stay in alarm of one side."""
        values = as_vector(observations, name="observations")
        return _excursions((values if upward else -values) - self.k, height=self.threshold)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ewma:
    """An exponentially weighted mean of standardised observations; `threshold` is in its asymptotic SDs."""

    lam: float
    threshold: float

    def arl(self, x: float) -> float:
        """Return the average run length when the mean is shifted by `x` standard deviations."""
        return ewma_run_length(x, lam=self.lam, limit=self.threshold)

    def run(self, observations: ArrayLike) -> ChartRun:
        """Return the path in asymptotic SDs; after an alarm the mean starts again at zero."""
        spread = sqrt(self.lam / (2 - self.lam))
        path, alarms, began, mean, rest = [], [], [], 0.0, 0
        for position, value in enumerate(as_vector(observations, name="observations")):
            before = mean
            mean = (1 - self.lam) * mean + self.lam * value
            rest = position if before * mean <= 0 else rest
            path.append(mean / spread)
            if abs(path[-1]) >= self.threshold:
                alarms.append(position)
                began.append(rest)
                mean, rest = 0.0, position + 1
        return ChartRun(path=tuple(path), alarms=tuple(alarms), began=tuple(began))


def bernoulli_cusum(p0: float, p1: float, *, arl0: float) -> BernoulliCusum:
    """Return the chart that alarms at `p0` once in `arl0` observations or less often.

    Reynolds and Stoumbos 1999: the reference value lies between the proportions; here it is rounded to a
    fraction, so that the statistic moves on a lattice and its Markov chain is exact.
    """
    _check_arl(arl0)
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

    Two sides are two charts of twice the run length: 1/ARL = 1/ARL⁺ + 1/ARL⁻.
    """
    _check_arl(arl0)
    if k <= 0 or sides not in (1, 2):
        raise ValueError("k must be positive and sides 1 or 2")
    target = log(arl0 * sides)
    height = _rising_root(lambda h: log(normal_run_length(0.0, k=k, h=h)) - target, start=2.0)
    return NormalCusum(k=k, threshold=height, sides=sides)


def ewma(*, lam: float, arl0: float) -> Ewma:
    """Return the two-sided chart with asymptotic limits whose run length in control is `arl0`."""
    _check_arl(arl0)
    if not 0 < lam <= 1:
        raise ValueError(f"lam must lie in (0, 1], not {lam}")
    target = log(arl0)
    limit = _rising_root(lambda h: log(ewma_run_length(0.0, lam=lam, limit=h)) - target, start=2.0)
    return Ewma(lam=lam, threshold=limit)


def _check_arl(arl0: float) -> None:
    if not 1 < arl0 < inf:
        raise ValueError(f"arl0 must be finite and above 1, not {arl0}")


def _in_parallel(first: float, second: float) -> float:
    return 1 / (1 / first + 1 / second)


def _reference_fraction(value: float, *, low: float, high: float) -> Fraction:
    """Return a simple fraction near the reference value, strictly between the two proportions."""
    for denominators in (FINEST_STEP, 600, 6_000, 60_000):
        step = Fraction(value).limit_denominator(denominators)
        if low < step < high:
            return step
    raise ValueError("p0 and p1 are too close, or too small, to be told apart")


def _page(steps: FloatArray, *, height: float) -> tuple[tuple[float, ...], tuple[int, ...], tuple[int, ...]]:
    """Run max(0, S + step), restarting after an alarm; return path, alarms and where each began."""
    path, alarms, began, total, rest = [], [], [], 0.0, 0
    for position, step in enumerate(steps.tolist()):
        total += step
        if total <= 0:
            total, rest = 0.0, position + 1
        path.append(total)
        if total >= height - 1e-9:
            alarms.append(position)
            began.append(rest)
            total, rest = 0.0, position + 1
    return tuple(path), tuple(alarms), tuple(began)


def _excursions(steps: FloatArray, *, height: float) -> tuple[Excursion, ...]:
    found: list[Excursion] = []
    total, rest, alarm, peak = 0.0, 0, -1, -1
    for position, step in enumerate(steps.tolist()):
        total = min(total + step, height)
        if total >= height - 1e-9:
            alarm, peak = (position if alarm < 0 else alarm), position
        if total <= 0:
            if alarm >= 0:
                found.append(Excursion(began=rest, alarm=alarm, peak=peak, ended=position))
            total, rest, alarm = 0.0, position + 1, -1
    if alarm >= 0:
        found.append(Excursion(began=rest, alarm=alarm, peak=peak, ended=None))
    return tuple(found)


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
        path=tuple(upper),
        lower_path=tuple(lower),
        alarms=tuple(alarms),
        began=tuple(began),
        directions=tuple(directions),
    )


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


def _rising_root(difference: Callable[[float], float], *, start: float) -> float:
    """Return where a rising function crosses zero, on the side where it is not below."""
    high = start
    while difference(high) < 0:
        high *= 1.5
    root = float(optimize.brentq(difference, 1e-6, high, xtol=1e-7))
    return root + 1e-6
