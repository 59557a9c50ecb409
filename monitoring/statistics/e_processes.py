"""Evidence that may be read at any time: e-processes against a proportion, and e-detectors that watch for its change.

Values within [0, 1] in the order in which they became known: yes or no, or one mean a patient. What is watched
and what an alarm means is decided in monitoring.claims and monitoring.signals.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from monitoring.statistics.inputs import FloatArray, as_probabilities, as_vector, check_option
from monitoring.statistics.results import NotEstimable

MOST_LOG = 700.0  # e-values are kept below e⁷⁰⁰, so that they stay finite


@dataclass(frozen=True, slots=True, kw_only=True)
class EProcess:
    """Evidence against a proportion: `path` after each observation, `e_value` at the last one.

    `p_value` is valid at any time: 1 / the largest e-value so far, at most 1.
    """

    path: tuple[float, ...]
    e_value: float
    p_value: float
    cases: int
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EDetector:
    """`path` after each observation, `alarms` (0-based) where it reached `arl`, and where each change likely `began`.

    `arl` is guaranteed: without a change the mean number of observations to an alarm is not below it.
    """

    path: tuple[float, ...]
    alarms: tuple[int, ...]
    began: tuple[int, ...]
    arl: float
    method: str

    @property
    def threshold(self) -> float:
        return self.arl


def e_process(
    observations: ArrayLike, *, p0: float, alternative: Literal["two-sided", "less", "greater"] = "two-sided"
) -> EProcess | NotEstimable:
    """Return the evidence against the proportion `p0`: likelihood ratios averaged over a uniform prior.

    E = ∫ qᵏ(1−q)ⁿ⁻ᵏ dq / p0ᵏ(1−p0)ⁿ⁻ᵏ; P(E ever reaches 1/α) ≤ α when p0 is true, so it may be looked at every day.
    It inverts to `confidence_sequence`. "less" averages over q < p0 and tests p ≥ p0 against it, "greater" the reverse.
    Assumes that each observation, given those before, has mean p0 under the hypothesis; values within [0, 1].
    Source: Robbins 1970; Howard et al., Ann Stat 2021;49:1055-1080; Ramdas et al., Stat Sci 2023;38:576-601.
    No observations: NotEstimable.

    Raises:
        ValueError: values outside [0, 1], `p0` not inside (0, 1).
    """
    _check_inside(p0, name="p0")
    check_option(alternative, name="alternative", allowed=("two-sided", "less", "greater"))
    values = as_probabilities(observations, name="observations")
    if values.size == 0:
        return NotEstimable("no observations")
    hits, size = np.cumsum(values), np.arange(1, values.size + 1)
    logs = _log_mixture(hits, size - hits, p0=p0, alternative=alternative)
    logs = logs - special.xlogy(hits, p0) - special.xlog1py(size - hits, -p0)
    path = np.exp(np.minimum(logs, MOST_LOG))
    return EProcess(
        path=tuple(path.tolist()),
        e_value=float(path[-1]),
        p_value=float(min(1.0, 1 / max(1.0, path.max()))),
        cases=values.size,
        method=f"Beta mixture likelihood ratio, {alternative}",
    )


def e_detector(
    observations: ArrayLike, *, pre: float, alternatives: ArrayLike, arl0: float, upper: float = 1.0
) -> EDetector:
    """Watch for a change of the mean away from `pre`, with a guaranteed run length and no calibration.

    Shiryaev–Roberts e-detectors M = (M + 1)·(1 + λ(x − pre)), one for each alternative q, λ = (q − pre)/(pre(1 − pre)),
    which is the likelihood ratio of yes/no observations; their mean alarms at `arl0` and starts again from 0
    (Shin, Ramdas & Rinaldo, New Engl J Stat Data Sci 2024;2:229-260). Assumes that before a change each value, given
    those before, has mean `pre`; alternatives all below it: mean `pre` or more, all above it: `pre` or less. Values lie
    within [0, upper], and so do `pre` and the alternatives (weighted values: upper = 1/smallest inclusion probability).

    Raises:
        ValueError: values outside [0, upper], an alternative that equals `pre`, arl0 not above 1.
    """
    if not 1 < arl0 < inf or not 0 < upper < inf:
        raise ValueError(f"arl0 must be finite and above 1, upper positive, not {arl0} and {upper}")
    normal = pre / upper
    _check_inside(normal, name="pre / upper")
    values = as_probabilities(as_vector(observations, name="observations") / upper, name="observations / upper")
    changed = as_probabilities(as_vector(alternatives, name="alternatives") / upper, name="alternatives / upper")
    if not changed.size or (changed == normal).any():
        raise ValueError("alternatives must hold proportions other than pre")
    bets = (changed - normal) / (normal * (1 - normal))
    path, alarms, began = _shiryaev_roberts_mixture(1 + np.outer(values - normal, bets), limit=arl0)
    return EDetector(
        path=path, alarms=alarms, began=began, arl=float(arl0), method="e-detector, Shiryaev–Roberts mixture"
    )


def _check_inside(value: float, *, name: str) -> None:
    if not 0 < value < 1:
        raise ValueError(f"{name} must lie inside (0, 1), not {value}")


def _log_mixture(hits: FloatArray, misses: FloatArray, *, p0: float, alternative: str) -> FloatArray:
    """Return the log of the mean of qʰ(1−q)ᵐ over a uniform q: over all of (0, 1), or one side of p0."""
    whole = special.betaln(1 + hits, 1 + misses)
    if alternative == "two-sided":
        return np.asarray(whole)
    cut = special.betainc if alternative == "less" else special.betaincc
    with np.errstate(divide="ignore"):
        share = np.log(cut(1 + hits, 1 + misses, p0))
    return np.asarray(whole + share - np.log(p0 if alternative == "less" else 1 - p0))


def _shiryaev_roberts_mixture(
    ratios: FloatArray, *, limit: float
) -> tuple[tuple[float, ...], tuple[int, ...], tuple[int, ...]]:
    """Run the mean of (M + 1)·ratio over the columns; `began` is where the largest CUSUM of a column last rested."""
    path, alarms, began = [], [], []
    columns = ratios.shape[1]
    state, page, rest = np.zeros(columns), np.ones(columns), np.zeros(columns, dtype=np.int64)
    for position, row in enumerate(ratios):
        state = (state + 1) * row
        page = np.maximum(page, 1.0) * row
        rest[page <= 1] = position + 1
        path.append(float(state.mean()))
        if path[-1] >= limit:
            alarms.append(position)
            began.append(int(rest[page.argmax()]))
            state, page, rest = np.zeros(columns), np.ones(columns), np.full(columns, position + 1)
    return tuple(path), tuple(alarms), tuple(began)
