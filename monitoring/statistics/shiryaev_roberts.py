"""The Shiryaev–Roberts chart: likelihood ratios of every possible beginning of a change, added up.

Of all charts with its run length it finds a change that comes late soonest on average. Its distribution-free
relative is `e_processes.e_detector`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log, log1p

from numpy.typing import ArrayLike

from monitoring.statistics.charts import ChartRun, check_arl, check_shift, rising_root
from monitoring.statistics.inputs import as_vector
from monitoring.statistics.run_lengths import shiryaev_roberts_run_length

MOST_LOG = 700.0  # R is kept below e⁷⁰⁰, so that it stays finite


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiryaevRoberts:
    """R₀ = 0, Rₜ = (1 + Rₜ₋₁)·exp(2k(x − k)) on standardised observations: tuned to a rise of the mean by 2k SDs."""

    k: float
    threshold: float

    def arl(self, x: float) -> float:
        """Return the average run length when the mean is shifted by `x` standard deviations."""
        return shiryaev_roberts_run_length(check_shift(x), k=self.k, limit=self.threshold)

    def run(self, observations: ArrayLike) -> ChartRun:
        """Return the path of R; after an alarm it starts again at 0. `began` is where the CUSUM last stood at rest."""
        path, alarms, began, total, page, rest = [], [], [], 0.0, 0.0, 0
        for position, value in enumerate(as_vector(observations, name="observations").tolist()):
            step = 2 * self.k * (value - self.k)
            total = exp(min(log1p(total) + step, MOST_LOG))
            page = max(0.0, page + step)
            rest = rest if page > 0 else position + 1
            path.append(total)
            if total >= self.threshold:
                alarms.append(position)
                began.append(min(rest, position))
                total, page, rest = 0.0, 0.0, position + 1
        return ChartRun(path=tuple(path), alarms=tuple(alarms), began=tuple(began), directions=(1,) * len(alarms))


def shiryaev_roberts(*, k: float, arl0: float) -> ShiryaevRoberts:
    """Return the upward chart with reference value `k` whose average run length in control is `arl0`.

    Assumes independent standard normal observations, mean and SD known. Shiryaev, Theory Probab Appl 1963;8:22-46;
    Roberts, Technometrics 1966;8:411-430; no reflection, the threshold is on R. As Rₜ − t is a martingale in control,
    the run length is the mean of R at the alarm, so the threshold lies below `arl0`.

    Raises:
        ValueError: `k` not positive, `arl0` not above 1.
    """
    check_arl(arl0)
    if not 0 < k < inf:
        raise ValueError(f"k must be positive and finite, not {k}")

    def excess(log_limit: float) -> float:
        return log(shiryaev_roberts_run_length(0.0, k=k, limit=exp(log_limit)) / arl0)

    return ShiryaevRoberts(k=k, threshold=exp(rising_root(excess, start=log(arl0), low=-20.0)))
