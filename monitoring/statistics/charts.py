"""What all charts share: how a run and a stay in alarm are described, Page's recursion, and finding a threshold.

The charts themselves are in `cusum`, `ewma_charts`, `risk_adjusted` and `shiryaev_roberts`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from numbers import Real

from scipy import optimize

from monitoring.statistics.inputs import FloatArray

ROUNDING = 1e-9  # a statistic this near below its threshold, in its own steps, has reached it


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartRun:
    """The statistic after each observation, where it alarmed, and the last time that it stood at rest before.

    `alarms` are the 0-based positions at which the statistic reached the threshold; the chart then starts again. The
    change is estimated to lie between `began` and the alarm. A chart of two sides shows the larger side as `path`,
    each of them as `upper_path` and `lower_path`, and the `directions` of its alarms (1 upward, −1 downward).
    """

    path: tuple[float, ...]
    alarms: tuple[int, ...]
    began: tuple[int, ...]
    upper_path: tuple[float, ...] = ()
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


def check_arl(arl0: float) -> None:
    if not isinstance(arl0, Real) or not 1 < arl0 < inf:
        raise ValueError(f"arl0 must be finite and above 1, not {arl0}")


def check_shift(x: float) -> float:
    """Return a shift of the mean in standard deviations."""
    if not isinstance(x, Real) or not -inf < x < inf:
        raise ValueError(f"a shift of the mean must be a finite number, not {x}")
    return float(x)


def rising_root(
    difference: Callable[[float], float], *, start: float, low: float = 1e-6, within: float = 1e-7
) -> float:
    """Return where a rising function crosses zero, on the side where it is not below; `low` if it starts there."""
    if difference(low) >= 0:
        return low
    high = start
    while difference(high) < 0:
        high *= 1.5
    root, step = float(optimize.brentq(difference, low, high, xtol=within)), 10 * within
    while difference(root + step) < 0:
        step *= 2
    return root + step


def page(steps: FloatArray, *, height: float) -> tuple[tuple[float, ...], tuple[int, ...], tuple[int, ...]]:
    """Run max(0, S + step), restarting after an alarm; return path, alarms and where each began."""
    path, alarms, began, total, rest = [], [], [], 0.0, 0
    for position, step in enumerate(steps.tolist()):
        total += step
        if total <= 0:
            total, rest = 0.0, position + 1
        path.append(total)
        if total >= height - ROUNDING:
            alarms.append(position)
            began.append(rest)
            total, rest = 0.0, position + 1
    return tuple(path), tuple(alarms), tuple(began)


def stays_in_alarm(steps: FloatArray, *, height: float) -> tuple[Excursion, ...]:
    found: list[Excursion] = []
    total, rest, alarm, peak = 0.0, 0, -1, -1
    for position, step in enumerate(steps.tolist()):
        total = min(total + step, height)
        if total >= height - ROUNDING:
            alarm, peak = (position if alarm < 0 else alarm), position
        if total <= 0:
            if alarm >= 0:
                found.append(Excursion(began=rest, alarm=alarm, peak=peak, ended=position))
            total, rest, alarm = 0.0, position + 1, -1
    if alarm >= 0:
        found.append(Excursion(began=rest, alarm=alarm, peak=peak, ended=None))
    return tuple(found)
