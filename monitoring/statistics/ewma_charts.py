"""The exponentially weighted moving average of standardised observations, with asymptotic limits.

It finds small lasting shifts of a mean; `cusum` does so with a reference value.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

from numpy.typing import ArrayLike

from monitoring.statistics.charts import ChartRun, check_arl, check_shift, rising_root
from monitoring.statistics.inputs import as_vector
from monitoring.statistics.run_lengths import ewma_run_length


@dataclass(frozen=True, slots=True, kw_only=True)
class Ewma:
    """An exponentially weighted mean of standardised observations; `threshold` is in its asymptotic SDs."""

    lam: float
    threshold: float

    def arl(self, x: float) -> float:
        """Return the average run length when the mean is shifted by `x` standard deviations."""
        return ewma_run_length(check_shift(x), lam=self.lam, limit=self.threshold)

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


def ewma(*, lam: float, arl0: float) -> Ewma:
    """Return the two-sided chart with asymptotic limits whose run length in control is `arl0`.

    Assumes independent standard normal observations, mean and SD known. Roberts, Technometrics 1959;1:239-250; run
    lengths by the integral equation of Crowder, Technometrics 1987;29:401-407; Lucas & Saccucci, Technometrics
    1990;32:1-12. `threshold` is their L: limits ± L·√(λ/(2−λ)) from the first observation on.

    Raises:
        ValueError: `lam` outside (0, 1], `arl0` not above 1.
    """
    check_arl(arl0)
    if not 0 < lam <= 1:
        raise ValueError(f"lam must lie in (0, 1], not {lam}")
    target = log(arl0)
    limit = rising_root(lambda h: log(ewma_run_length(0.0, lam=lam, limit=h)) - target, start=2.0)
    return Ewma(lam=lam, threshold=limit)
