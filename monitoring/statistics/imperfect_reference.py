"""A product held against labels that are wrong at a known rate: what it would score against the truth.

Counts of decisions by label and the labeller's measured errors in, corrected rates out. Prevalence alone is in
`verification.rogan_gladen`; which labels come from which labeller is decided in monitoring.performance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy import special

from monitoring.statistics.inputs import FloatArray, as_count, as_counts, check_level
from monitoring.statistics.intervals import two_sided_quantile
from monitoring.statistics.results import Estimate, Interval, NotEstimable

Rate = float | tuple[float, float]

METHOD = "corrected for the labeller's errors (Staquet 1981), parametric bootstrap"
AREA_METHOD = "area corrected for the labeller's errors, parametric bootstrap"
USELESS = "the labeller's measured errors leave its labels no better than chance"
NONE_LEFT = "the labeller's own errors would explain all labels of one class"
RATES = ("sensitivity", "specificity", "ppv", "npv", "prevalence")
DRAWS = 4_000

__all__ = ["LabelledCalls", "corrected_area", "corrected_rates"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledCalls:
    """Decisions of a product by the label of one labeller, whose rates are numbers or (right ones, trials).

    Labels that are taken for the truth are a stratum with both rates 1.
    """

    both: int
    product_only: int
    labeller_only: int
    neither: int
    sensitivity: Rate
    specificity: Rate

    @property
    def cells(self) -> tuple[int, int, int, int]:
        return self.both, self.product_only, self.labeller_only, self.neither


def corrected_rates(
    strata: Sequence[LabelledCalls],
    *,
    design_effect: float = 1.0,
    draws: int = DRAWS,
    seed: int = 0,
    level: float = 0.95,
) -> Mapping[str, Estimate | NotEstimable]:
    """Return sensitivity, specificity, ppv, npv and prevalence as they would be against the truth.

    Assumes that product and labeller err independently of each other given the truth (a labeller that reads a report
    signed with the product in view does not: then the correction is too kind to the product), that each labeller errs
    at one rate wherever it labels, and that cases are independent (`design_effect` > 1 says how much less a case
    tells when patients come again). The four true cells of a stratum follow from P(A, L) = Σ P(A, D) P(L | D); rates
    are taken from their sum over strata, cells below 0 count as 0. Uncertainty of counts and of the labeller's rates
    is carried through by drawing both (Dirichlet and Beta with Jeffreys' prior); percentile interval. Where the
    labeller may be no better than chance, or its errors may explain a whole class, NotEstimable.
    Sources: Gart & Buck, Am J Epidemiol 1966;83:593-602; Staquet et al., J Chronic Dis 1981;34:599-610; for the
    prevalence Rogan & Gladen, Am J Epidemiol 1978;107:71-76.

    Raises:
        ValueError: counts or rates that are impossible, a design effect below 1.
    """
    check_level(level)
    if not design_effect >= 1:
        raise ValueError(f"design_effect must be at least 1, not {design_effect}")
    total = sum(_cells(each).sum() for each in strata)
    if total == 0:
        return dict.fromkeys(RATES, NotEstimable("no case with a decision and a label"))
    generator = np.random.default_rng(seed)
    drawn = [_drawn(each, generator, draws=draws, design_effect=design_effect) for each in strata]
    useless = np.mean(np.any([each.informative <= 0 for each in drawn], axis=0))
    point = [_point(each) for each in strata]
    if useless > (1 - level) / 2 or any(each.informative[0] <= 0 for each in point):
        return dict.fromkeys(RATES, NotEstimable(USELESS))
    value = _rates(sum(_true_cells(each) for each in point))
    samples = _rates(sum(_true_cells(each) for each in drawn))
    return {name: _estimate(value[name], samples[name], cases=int(total), level=level) for name in RATES}


def corrected_area(
    area: Estimate,
    *,
    labelled_positive: float,
    labelled_negative: float,
    sensitivity: Rate,
    specificity: Rate,
    draws: int = DRAWS,
    seed: int = 0,
) -> Estimate | NotEstimable:
    """Return the area that a score would have against the truth, from its `area` against one labeller's labels.

    Cases labelled positive are a mixture of true positives (share v) and others, cases labelled negative of true
    negatives (share w) and others, so that area − ½ = (true area − ½)(v + w − 1). Assumptions, uncertainty and
    refusals as in `corrected_rates`; the area is drawn normally on the logit scale with the spread of its interval.
    """
    positive, negative = (as_count(each, name="labelled cases") for each in (labelled_positive, labelled_negative))
    if positive == 0 or negative == 0:
        return NotEstimable("no case in one of the labelled classes")
    level, generator = area.interval.level, np.random.default_rng(seed)
    share = generator.beta(positive + 0.5, negative + 0.5, draws)
    right, spared = (_drawn_rate(each, generator, draws=draws) for each in (sensitivity, specificity))
    shrink = _mixture(share, right, spared)
    at = _mixture(
        *(np.array([each]) for each in (positive / (positive + negative), *_rates_of(sensitivity, specificity)))
    )
    if not at[0] > 0 or np.mean(~(shrink > 0)) > (1 - level) / 2:
        return NotEstimable(USELESS if right.mean() + spared.mean() <= 1 else NONE_LEFT)
    seen = special.expit(_logit(area.value) + _logit_error(area) * generator.standard_normal(draws))
    samples = np.clip(0.5 + (seen - 0.5) / np.where(shrink > 0, shrink, np.nan), 0, 1)
    value = float(np.clip(0.5 + (area.value - 0.5) / at[0], 0, 1))
    found = _estimate(value, samples, cases=area.cases, level=level)
    return found if isinstance(found, NotEstimable) else _renamed(found, AREA_METHOD)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draw:
    """Cells (rows: draws; columns: both, product only, labeller only, neither) and the labeller's rates."""

    weight: float
    cells: FloatArray
    sensitivity: FloatArray
    specificity: FloatArray

    @property
    def informative(self) -> FloatArray:
        return self.sensitivity + self.specificity - 1


def _cells(each: LabelledCalls) -> FloatArray:
    return as_counts(each.cells, name="cells")


def _point(each: LabelledCalls) -> _Draw:
    cells = _cells(each)
    right, spared = _rates_of(each.sensitivity, each.specificity)
    return _Draw(
        weight=float(cells.sum()),
        cells=(cells / max(cells.sum(), 1))[None, :],
        sensitivity=np.array([right]),
        specificity=np.array([spared]),
    )


def _drawn(each: LabelledCalls, generator: np.random.Generator, *, draws: int, design_effect: float) -> _Draw:
    cells = _cells(each)
    return _Draw(
        weight=float(cells.sum()),
        cells=generator.dirichlet(cells / design_effect + 0.5, draws),
        sensitivity=_drawn_rate(each.sensitivity, generator, draws=draws),
        specificity=_drawn_rate(each.specificity, generator, draws=draws),
    )


def _drawn_rate(rate: Rate, generator: np.random.Generator, *, draws: int) -> FloatArray:
    if isinstance(rate, tuple):
        hits, trials = _counted(rate)
        return generator.beta(hits + 0.5, trials - hits + 0.5, draws)
    return np.full(draws, _number(rate))


def _rates_of(*rates: Rate) -> tuple[float, ...]:
    found = []
    for rate in rates:
        if isinstance(rate, tuple):
            hits, trials = _counted(rate)
            found.append(hits / trials if trials else 0.5)
        else:
            found.append(_number(rate))
    return tuple(found)


def _counted(rate: tuple[float, float]) -> tuple[int, int]:
    hits, trials = (as_count(each, name="rate") for each in rate)
    if hits > trials:
        raise ValueError(f"{hits} right ones in {trials} trials")
    return hits, trials


def _number(rate: float) -> float:
    if not 0 <= rate <= 1:
        raise ValueError(f"a rate must lie within [0, 1], not {rate}")
    return float(rate)


def _true_cells(draw: _Draw) -> FloatArray:
    """Return weight × P(A, D) of a stratum: columns true positive, false positive, false negative, true negative."""
    both, product, labeller, neither = draw.cells.T
    gap = np.where(draw.informative > 0, draw.informative, np.nan)
    flagged, passed = both + product, labeller + neither
    true_positive = np.clip((both - (1 - draw.specificity) * flagged) / gap, 0, flagged)
    false_negative = np.clip((labeller - (1 - draw.specificity) * passed) / gap, 0, passed)
    columns = [true_positive, flagged - true_positive, false_negative, passed - false_negative]
    return draw.weight * np.stack(columns, axis=1)


def _rates(cells: NDArray[np.float64] | int) -> dict[str, FloatArray]:
    tp, fp, fn, tn = np.asarray(cells).T
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "sensitivity": tp / (tp + fn),
            "specificity": tn / (tn + fp),
            "ppv": tp / (tp + fp),
            "npv": tn / (tn + fn),
            "prevalence": (tp + fn) / (tp + fp + fn + tn),
        }


def _mixture(share: FloatArray, right: FloatArray, spared: FloatArray) -> FloatArray:
    """Return v + w − 1: how much of the difference between true classes the labelled classes keep."""
    with np.errstate(invalid="ignore", divide="ignore"):
        prevalence = (share + spared - 1) / (right + spared - 1)
        inside = (prevalence > 0) & (prevalence < 1) & (right + spared > 1)
        kept = right * prevalence / share + spared * (1 - prevalence) / (1 - share) - 1
    return np.where(inside, kept, 0.0)


def _estimate(value: FloatArray | float, samples: FloatArray, *, cases: int, level: float) -> Estimate | NotEstimable:
    point = float(np.ravel(value)[0])
    known = samples[np.isfinite(samples)]
    if not np.isfinite(point) or known.size < (1 - (1 - level) / 2) * samples.size:
        return NotEstimable(NONE_LEFT)
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    low, high = min(float(low), point), max(float(high), point)
    if not low < high:
        low, high = max(0.0, low - 0.5 / cases), min(1.0, high + 0.5 / cases)
    return Estimate(value=point, interval=Interval(low, high, level), cases=cases, method=METHOD)


def _renamed(found: Estimate, method: str) -> Estimate:
    return Estimate(value=found.value, interval=found.interval, cases=found.cases, method=method)


def _logit(value: float) -> float:
    inside = min(max(value, 1e-6), 1 - 1e-6)
    return log(inside / (1 - inside))


def _logit_error(area: Estimate) -> float:
    ends = area.interval
    return (_logit(ends.high) - _logit(ends.low)) / (2 * two_sided_quantile(ends.level))
