"""What a plan of labels would buy before it is drawn: how its draws spread a rate, and how sure that makes it.

Strata with their sizes, draws and guessed shares of disease in; expected half-widths out. The same spreads are what
`allocation.optimal_allocation` shares a budget by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from monitoring.statistics.inputs import FloatArray, check_level
from monitoring.statistics.intervals import two_sided_quantile
from monitoring.statistics.results import NotEstimable

__all__ = [
    "QUESTIONS",
    "ExpectedPrecision",
    "PlannedStratum",
    "SamplingPlan",
    "expected_precision",
    "influence_spreads",
]

QUESTIONS = ("sensitivity", "specificity", "ppv", "npv", "prevalence", "auc")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStratum:
    """Cases alike in what is known of them. `diseased` is the guessed share with the finding, `score` where the stratum
    stands in the order of scores (None: unknown); `drawn` of `size` cases are to be labelled."""

    size: int
    drawn: int
    flagged: bool
    diseased: float
    score: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.drawn <= self.size:
            raise ValueError(f"{self.drawn} of {self.size} cases cannot be drawn")
        if not 0 <= self.diseased <= 1:
            raise ValueError("diseased must lie within [0, 1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingPlan:
    strata: tuple[PlannedStratum, ...]
    design_effect: float = 1.0

    def __post_init__(self) -> None:
        if self.design_effect <= 0:
            raise ValueError("design_effect must be positive")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedPrecision:
    """What the plan expects of one rate; `half_width` is that of the interval at `level`."""

    value: float
    standard_error: float
    half_width: float
    level: float
    labels: int


def expected_precision(plan: SamplingPlan, *, level: float = 0.95) -> Mapping[str, ExpectedPrecision | NotEstimable]:
    """Return for each question how sure the plan would make its answer.

    Linearised variance of the Hájek ratio, Σ N²(1/n − 1/N)S² with S of the influence function, plus the chance in
    which cases come at all; an area takes the strata as its score bands. As good as the guesses are. A stratum of
    which nothing is drawn, or a rate taken over no expected case: NotEstimable. Source: Cochran 1977, 5.5 and 6.
    """
    check_level(level)
    return {question: _expected(plan, question=question, level=level) for question in QUESTIONS}


def influence_spreads(strata: Sequence[PlannedStratum], *, question: str) -> FloatArray:
    """Return by stratum the standard deviation of the question's influence function, to draw in proportion to.

    For a sensitivity it is Se·√p(1−p) among the unflagged and (1−Se)·√p(1−p) among the flagged, over the prevalence.
    """
    if question not in QUESTIONS:
        raise ValueError(f"question must be one of {', '.join(QUESTIONS)}, not {question!r}")
    found = _influence(tuple(strata), question=question)
    if found is None:
        return np.zeros(len(strata))
    shares = np.array([each.diseased for each in strata])
    return np.asarray(np.sqrt(shares * (1 - shares)) * np.abs(found.if_diseased - found.if_healthy))


@dataclass(frozen=True, slots=True)
class _Influence:
    """The rate, and what one case of each stratum would add to it, diseased or healthy; sums to zero."""

    value: float
    if_diseased: FloatArray
    if_healthy: FloatArray


def _expected(plan: SamplingPlan, *, question: str, level: float) -> ExpectedPrecision | NotEstimable:
    strata = [each for each in plan.strata if each.size]
    influence = _influence(tuple(strata), question=question)
    if influence is None:
        return NotEstimable("no case is expected that this rate is taken over")
    sizes, drawn = np.array([each.size for each in strata]), np.array([each.drawn for each in strata])
    spreads = influence_spreads(strata, question=question)
    if ((drawn == 0) & (spreads > 0)).any():
        return NotEstimable("nothing is drawn from a stratum that this rate depends on")
    with np.errstate(divide="ignore", invalid="ignore"):
        design = np.where(spreads > 0, sizes**2 * (1 / np.maximum(drawn, 1) - 1 / sizes) * spreads**2, 0.0)
    shares = np.array([each.diseased for each in strata])
    chance = sizes * (shares * influence.if_diseased**2 + (1 - shares) * influence.if_healthy**2)
    error = sqrt(float(design.sum() + chance.sum()) * plan.design_effect) / float(sizes.sum())
    return ExpectedPrecision(
        value=influence.value,
        standard_error=error,
        half_width=two_sided_quantile(level) * error,
        level=level,
        labels=int(drawn.sum()),
    )


def _influence(strata: tuple[PlannedStratum, ...], *, question: str) -> _Influence | None:
    sizes = np.array([float(each.size) for each in strata])
    shares = np.array([each.diseased for each in strata])
    if not sizes.sum():
        return None
    if question == "auc":
        return _influence_on_area(strata, sizes=sizes, shares=shares)
    flagged = np.array([float(each.flagged) for each in strata])
    success, among = {
        "sensitivity": ((flagged, 0 * flagged), (1 + 0 * flagged, 0 * flagged)),
        "specificity": ((0 * flagged, 1 - flagged), (0 * flagged, 1 + 0 * flagged)),
        "ppv": ((flagged, 0 * flagged), (flagged, flagged)),
        "npv": ((0 * flagged, 1 - flagged), (1 - flagged, 1 - flagged)),
        "prevalence": ((1 + 0 * flagged, 0 * flagged), (1 + 0 * flagged, 1 + 0 * flagged)),
    }[question]
    over = float((sizes * (shares * among[0] + (1 - shares) * among[1])).sum() / sizes.sum())
    if over == 0:
        return None
    value = float((sizes * (shares * success[0] + (1 - shares) * success[1])).sum() / sizes.sum()) / over
    return _Influence(value, (success[0] - value * among[0]) / over, (success[1] - value * among[1]) / over)


def _influence_on_area(
    strata: tuple[PlannedStratum, ...], *, sizes: FloatArray, shares: FloatArray
) -> _Influence | None:
    """Return the influence on the area with a stratum's scores as ties: placements among the other class."""
    if any(each.score is None for each in strata):
        return None
    scores = np.array([each.score for each in strata], dtype=np.float64)
    diseased, healthy = sizes * shares, sizes * (1 - shares)
    if not diseased.sum() or not healthy.sum():
        return None
    wins = (scores[:, None] > scores) + 0.5 * (scores[:, None] == scores)
    above = wins @ healthy / healthy.sum()
    below = wins.T @ diseased / diseased.sum()
    area = float((diseased * above).sum() / diseased.sum())
    prevalence = float(diseased.sum() / sizes.sum())
    return _Influence(area, (above - area) / prevalence, (below - area) / (1 - prevalence))
