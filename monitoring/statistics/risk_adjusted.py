"""Page's chart for outcomes of unequal risk: each case is held against its own risk, not against an average.

The risk says how likely the outcome was before anything changed (case mix, difficulty). Where it comes from is
decided by the caller; a risk model that is wrong alarms for the wrong reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.charts import ChartRun, Excursion, check_arl, page, rising_root, stays_in_alarm
from monitoring.statistics.inputs import FloatArray, as_probabilities, check_same_length
from monitoring.statistics.run_lengths import FINEST, stepped_run_length

AGREEMENT = 0.001  # two lattices must give the same run length to this share


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskAdjustedCusum:
    """Log-likelihood ratios of odds multiplied by `odds_ratio` against odds as the risk says, summed from zero.

    `risks` is the case mix that the run lengths are for, each as likely as another.
    """

    odds_ratio: float
    threshold: float
    risks: tuple[float, ...]

    def arl(self, x: float) -> float:
        """Return the average number of observations to an alarm when every case's odds are multiplied by `x`."""
        if not 0 < x < inf:
            raise ValueError(f"an odds ratio is positive and finite, not {x}")
        return _run_length(np.array(self.risks), odds_ratio=self.odds_ratio, true=x, height=self.threshold)

    def run(self, observations: ArrayLike, *, risks: ArrayLike) -> ChartRun:
        """Return the path, each outcome (0, 1, or a share) at its own risk; after an alarm it starts again at zero."""
        path, alarms, began = page(self._steps(observations, risks=risks), height=self.threshold)
        return ChartRun(path=path, alarms=alarms, began=began)

    def excursions(self, observations: ArrayLike, *, risks: ArrayLike) -> tuple[Excursion, ...]:
        """Return every stay in alarm, each from its beginning to its end."""
        return stays_in_alarm(self._steps(observations, risks=risks), height=self.threshold)

    def _steps(self, observations: ArrayLike, *, risks: ArrayLike) -> FloatArray:
        outcomes, known = as_probabilities(observations, name="observations"), _checked_risks(risks)
        check_same_length(observations=outcomes, risks=known)
        return np.asarray(outcomes * log(self.odds_ratio) - np.log1p((self.odds_ratio - 1) * known))


def risk_adjusted_cusum(odds_ratio: float, *, arl0: float, risks: ArrayLike) -> RiskAdjustedCusum:
    """Return the chart for odds multiplied by `odds_ratio` that alarms once in `arl0` observations or less often.

    Steiner, Cook, Farewell & Treasure, Biostatistics 2000;1:441-452: a case of risk p adds ln(R / (1 − p + Rp)) when
    the outcome happens and −ln(1 − p + Rp) when it does not; R below 1 looks for an improvement. Assumes independent
    cases whose risks come and go like `risks`. Zero-state run length on 4,000 lattice points: .1 % too short at most.

    Raises:
        ValueError: an odds ratio that is 1 or not positive, risks outside (0, 1), none, `arl0` not above 1.
    """
    check_arl(arl0)
    if not 0 < odds_ratio < inf or odds_ratio == 1:
        raise ValueError(f"odds_ratio must be positive and other than 1, not {odds_ratio}")
    mix = _checked_risks(risks)
    if not mix.size:
        raise ValueError("risks must hold the risk of a case")

    def excess(height: float) -> float:
        return log(_run_length(mix, odds_ratio=odds_ratio, true=1.0, height=height) / arl0)

    height = _off_a_jump(rising_root(excess, start=2.0), risks=mix, odds_ratio=odds_ratio)
    return RiskAdjustedCusum(odds_ratio=odds_ratio, threshold=height, risks=tuple(mix.tolist()))


def _off_a_jump(height: float, *, risks: FloatArray, odds_ratio: float) -> float:
    """Return the height raised until two lattices agree: with few distinct risks the run length rises in jumps."""

    def length(cells: int) -> float:
        return _run_length(risks, odds_ratio=odds_ratio, true=1.0, height=height, cells=cells)

    while abs(length(FINEST) / length(3 * FINEST // 4) - 1) > AGREEMENT:
        height *= 1 + 1 / FINEST
    return height


def _checked_risks(risks: ArrayLike) -> FloatArray:
    known = as_probabilities(risks, name="risks")
    if known.size and (known.min() == 0 or known.max() == 1):
        raise ValueError("risks must lie inside (0, 1)")
    return known


def _run_length(risks: FloatArray, *, odds_ratio: float, true: float, height: float, cells: int = FINEST) -> float:
    known, counts = np.unique(risks, return_counts=True)
    outcome = true * known / (1 - known + true * known)
    missed = -np.log1p((odds_ratio - 1) * known)
    steps = np.concatenate([missed + log(odds_ratio), missed])
    shares = np.concatenate([outcome, 1 - outcome]) * np.tile(counts / risks.size, 2)
    return stepped_run_length(steps, shares, height=height, cells=cells)
