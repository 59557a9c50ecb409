"""The share that truly has a finding, from the share that an imperfect test or labeller calls positive.

Counts and the test's sensitivity and specificity in; known exactly, or measured in so many cases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np

from monitoring.statistics.inputs import as_count, check_level
from monitoring.statistics.intervals import two_sided_quantile, wilson_interval
from monitoring.statistics.results import Estimate, Interval, NotEstimable

__all__ = ["TruePrevalence", "rogan_gladen"]

Rate = float | tuple[float, float]
Ends = Callable[..., tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TruePrevalence(Estimate):
    """The corrected share with the one that was called positive; `unclipped` may lie outside [0, 1]."""

    apparent: float
    unclipped: float


@dataclass(frozen=True, slots=True)
class _Measured:
    """A rate with its variance, 0 if it is known; adjusted as by Lang and Reiczigel."""

    value: float
    adjusted: float
    variance: float


def rogan_gladen(
    positives: float, trials: float, *, sensitivity: Rate, specificity: Rate, level: float = 0.95
) -> TruePrevalence | NotEstimable:
    """Return the true share behind an apparent one, cut to [0, 1].

    Sensitivity and specificity are numbers (known exactly: Wilson's ends are corrected) or (successes, trials), whose
    uncertainty then widens the interval by Lang and Reiczigel's formula. Assumes independent cases, and a test that
    errs here as where it was measured. Where the positives are fewer (more) than errors alone would give, the value is
    0 (1) and the interval reaches to what a true 0 (1) would have given. No trials, a test no better
    than chance, or one not shown to be better: NotEstimable.
    Sources: Rogan & Gladen, Am J Epidemiol 1978;107:71-76; Lang & Reiczigel, Prev Vet Med 2014;113:13-22.

    Raises:
        ValueError: impossible counts, rates outside [0, 1].
    """
    hits, size = _counted(positives, trials, name="positives")
    quantile = two_sided_quantile(check_level(level))
    se, sp = _measured(sensitivity, name="sensitivity"), _measured(specificity, name="specificity")
    if size == 0 or se is None or sp is None:
        return NotEstimable("no trials")
    youden, error = se.adjusted + sp.adjusted - 1, sqrt(se.variance + sp.variance)
    if se.value + sp.value <= 1 or youden <= quantile * error:
        return NotEstimable("the test is not shown to be better than chance")
    apparent = hits / size
    unclipped = (apparent + sp.value - 1) / (se.value + sp.value - 1)
    known = se.variance == sp.variance == 0
    ends: Ends = _corrected_ends if known else _lang_reiczigel
    found = ends(apparent, size, se=se, sp=sp, level=level)
    return TruePrevalence(
        value=min(1.0, max(0.0, unclipped)),
        interval=_inside(found, unclipped=unclipped, size=size, se=se, sp=sp, level=level, ends=ends),
        cases=size,
        method="Rogan–Gladen, Wilson" if known else "Rogan–Gladen, Lang–Reiczigel",
        apparent=apparent,
        unclipped=unclipped,
    )


def _counted(successes: float, trials: float, *, name: str) -> tuple[int, int]:
    hits, size = as_count(successes, name=name), as_count(trials, name="trials")
    if hits > size:
        raise ValueError(f"{hits} {name} in {size} trials")
    return hits, size


def _measured(rate: Rate, *, name: str) -> _Measured | None:
    if isinstance(rate, tuple | list | np.ndarray):
        if len(rate) != 2:
            raise ValueError(f"{name} must be a number or (successes, trials)")
        hits, size = _counted(rate[0], rate[1], name=name)
        if size == 0:
            return None
        adjusted = (hits + 1) / (size + 2)
        return _Measured(hits / size, adjusted, adjusted * (1 - adjusted) / (size + 2))
    if not 0 <= rate <= 1:
        raise ValueError(f"{name} must lie within [0, 1], not {rate}")
    return _Measured(float(rate), float(rate), 0.0)


def _corrected_ends(apparent: float, size: int, *, se: _Measured, sp: _Measured, level: float) -> tuple[float, float]:
    found, youden = wilson_interval(apparent, size=size, level=level), se.value + sp.value - 1
    return (found.low + sp.value - 1) / youden, (found.high + sp.value - 1) / youden


def _lang_reiczigel(apparent: float, size: int, *, se: _Measured, sp: _Measured, level: float) -> tuple[float, float]:
    z2 = two_sided_quantile(level) ** 2
    share = (apparent * size + z2 / 2) / (size + z2)
    youden = se.adjusted + sp.adjusted - 1
    centre = (share + sp.adjusted - 1) / youden
    shift = 2 * z2 * (centre * se.variance - (1 - centre) * sp.variance)
    spread = share * (1 - share) / (size + z2) + centre**2 * se.variance + (1 - centre) ** 2 * sp.variance
    half = sqrt(z2 * spread) / youden
    return centre + shift - half, centre + shift + half


def _inside(
    found: tuple[float, float], *, unclipped: float, size: int, se: _Measured, sp: _Measured, level: float, ends: Ends
) -> Interval:
    """Cut the interval to [0, 1]; where the value lies outside, it reaches to what a true 0 or 1 would have given."""
    low, high = found
    if unclipped < 0:
        high = max(high, ends(1 - sp.value, size, se=se, sp=sp, level=level)[1])
    if unclipped > 1:
        low = min(low, ends(se.value, size, se=se, sp=sp, level=level)[0])
    return Interval(max(0.0, low), min(1.0, high), level)
