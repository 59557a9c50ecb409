"""Page's chart for outcomes of unequal risk: each case is held against its own risk, not against an average.

The risk says how likely the outcome was before anything changed (case mix, difficulty). Where it comes from is
decided by the caller; a risk model that is wrong alarms for the wrong reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import inf, log

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.charts import ChartRun, Excursion, check_arl, page, rising_root, stays_in_alarm
from monitoring.statistics.inputs import FloatArray, as_probabilities, check_same_length
from monitoring.statistics.run_lengths import stepped_run_length

COARSE, FINE, FINEST = 800, 4_000, 8_000  # lattice points: to begin with, for many distinct risks, for few
MANY = 20  # distinct risks
OTHER = 2_903  # lattice points that check the threshold
AGREEMENT = 0.002  # to this share two lattices must give the same run length


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
        mix = np.array(self.risks)
        return _run_length(mix, odds_ratio=self.odds_ratio, true=x, height=self.threshold, cells=_cells(mix))

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
    cases whose risks come and go like `risks`. Zero-state run length by a Markov chain, off by .2 % at most.

    Raises:
        ValueError: an odds ratio that is 1 or not positive, risks outside (0, 1), none, `arl0` not above 1.
    """
    check_arl(arl0)
    if not 0 < odds_ratio < inf or odds_ratio == 1:
        raise ValueError(f"odds_ratio must be positive and other than 1, not {odds_ratio}")
    mix = _checked_risks(risks)
    if not mix.size:
        raise ValueError("risks must hold the risk of a case")

    height = _lowest_height(mix, odds_ratio=odds_ratio, arl0=arl0)
    return RiskAdjustedCusum(odds_ratio=odds_ratio, threshold=height, risks=tuple(mix.tolist()))


def _lowest_height(risks: FloatArray, *, odds_ratio: float, arl0: float) -> float:
    """Return the threshold by a coarse lattice, then by a fine one, then off a jump.

    With few distinct risks the run length rises in jumps, at which lattices disagree; beyond it they agree.
    """
    finest = _cells(risks)

    def excess(height: float, cells: int = finest) -> float:
        return log(_run_length(risks, odds_ratio=odds_ratio, true=1.0, height=height, cells=cells) / arl0)

    near = rising_root(partial(excess, cells=COARSE), start=2.0, within=1e-4)
    height = rising_root(excess, start=near * 1.01, low=near * 0.9, within=1e-5)
    while abs(excess(height) - excess(height, OTHER)) > AGREEMENT:
        height *= 1 + 1 / OTHER
    return height


def _cells(risks: FloatArray) -> int:
    """Return how fine a lattice must be: the fewer distinct steps, the less their rounding averages out."""
    return FINE if np.unique(risks).size >= MANY else FINEST


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
