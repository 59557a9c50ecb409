"""Rates of a population from a sample drawn with known, unequal probabilities.

Rows that were drawn and labelled in, with the probability that each had; design-based estimates out. How to draw is in
`allocation`; a row whose probability nobody knows has no place here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from monitoring.statistics.inputs import (
    BoolArray,
    FloatArray,
    IntArray,
    as_codes,
    as_labels,
    as_probabilities,
    check_level,
    check_option,
    check_same_length,
)
from monitoring.statistics.intervals import logit_interval
from monitoring.statistics.joined_limits import Part, odds_interval
from monitoring.statistics.results import Estimate, Interval, NotEstimable

__all__ = ["NotIdentified", "WeightedRate", "weighted_rates"]

MIN_EVENTS = 30
"""`weighted_rates`: below this effective number of rows (clusters) of either outcome the interval is conservative."""

MOST_HEAVIER = 3.0
"""So many times heavier than any row with the outcome may one without it be; else what it could hide is added."""


LEAST_CHANCE = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedRate(Estimate):
    """`effective_size` is (Σw)²/Σw² of the rows it is taken over; `uncorrected` the plain share of them."""

    standard_error: float
    effective_size: float
    uncorrected: float


@dataclass(frozen=True, slots=True)
class NotIdentified(NotEstimable):
    """Some cases had no chance to be drawn: the data leave the rate anywhere between the bounds."""

    bounds: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sample:
    flagged: BoolArray
    diseased: BoolArray
    weights: FloatArray
    strata: IntArray | None
    clusters: IntArray | None
    target: str


def weighted_rates(
    decisions: ArrayLike,
    labels: ArrayLike,
    *,
    inclusion_probabilities: ArrayLike,
    strata: Any = None,
    clusters: Any = None,
    target: Literal["population", "process"] = "population",
    level: float = 0.95,
) -> Mapping[str, WeightedRate | NotEstimable]:
    """Return sensitivity, specificity, ppv, npv and prevalence of the population that the rows were drawn from.

    One entry per drawn and labelled case. Hájek ratios Σwa/Σwb with w = 1/π; linearised variance by strata, with the
    finite population correction 1 − n/N where N = Σw (Särndal et al. 1992, 5.6-5.7). Without strata: drawn with
    replacement. `clusters` (patients) are summed first; one that crosses strata makes the variance that of patients'
    totals over the whole sample. "population" is about the cases that could be drawn; "process" also about those that
    the device has yet to see, which adds their chance (it differs where a large share was drawn, and never is zero).
    Assumes the probabilities are those of the draw, and independent patients.

    Floor: MIN_EVENTS (30) effective rows, or clusters, of each outcome, (Σw)²/Σw² of them, and no row
    MOST_HEAVIER (3) times as heavy as any with the outcome; below it gamma limits of
    both weighted counts (Fay & Feuer, Stat Med 1997;16:791-801) are joined, which is conservative. A row with π = 0 is
    a case that nobody could draw: NotIdentified with what they leave open. No row that qualifies: NotEstimable.

    Raises:
        ValueError: lengths that differ, classes other than 0 and 1, probabilities outside [0, 1].
    """
    flagged, diseased = as_labels(decisions, name="decisions"), as_labels(labels)
    chances = as_probabilities(inclusion_probabilities, name="inclusion_probabilities")
    size = check_same_length(decisions=flagged, labels=diseased, inclusion_probabilities=chances)
    check_option(target, name="target", allowed=("population", "process"))
    check_level(level)
    if ((chances > 0) & (chances < LEAST_CHANCE)).any():
        raise ValueError(
            f"inclusion_probabilities below {LEAST_CHANCE:.0e} are of no draw; 0 is a case without a chance"
        )
    drawn, never = chances > 0, flagged[chances == 0]
    sample = _Sample(
        flagged=flagged[drawn],
        diseased=diseased[drawn],
        weights=1 / chances[drawn],
        strata=_keys(strata, name="strata", length=size, drawn=drawn),
        clusters=_keys(clusters, name="clusters", length=size, drawn=drawn),
        target=target,
    )
    return {
        name: _not_identified(name, sample, never)
        if any(_possible(name, never))
        else _rate(sample, *masks, level=level)
        for name, masks in _masks(sample.flagged, sample.diseased).items()
    }


def _keys(keys: Any, *, name: str, length: int, drawn: BoolArray) -> IntArray | None:
    if keys is None:
        return None
    codes = as_codes(keys, name=name, length=length)
    return as_codes(codes[drawn], name=name, length=int(drawn.sum()))


def _masks(flagged: BoolArray, diseased: BoolArray) -> dict[str, tuple[BoolArray, BoolArray]]:
    """Return for each rate the rows that succeed and those that fail."""
    return {
        "sensitivity": (flagged & diseased, ~flagged & diseased),
        "specificity": (~flagged & ~diseased, flagged & ~diseased),
        "ppv": (flagged & diseased, flagged & ~diseased),
        "npv": (~flagged & ~diseased, ~flagged & diseased),
        "prevalence": (diseased, ~diseased),
    }


def _rate(sample: _Sample, right: BoolArray, wrong: BoolArray, *, level: float) -> WeightedRate | NotEstimable:
    among = right | wrong
    if not among.any():
        return NotEstimable("no drawn case that this rate is taken over")
    weights = sample.weights * among
    hits, misses = float(weights[right].sum()), float(weights[wrong].sum())
    value = hits / (hits + misses)
    residuals = (right - value * among) * weights / weights.sum()
    error = sqrt(_variance(residuals, sample))
    if error > 1e-9 * value * (1 - value) and _is_well_known(sample, right) and _is_well_known(sample, wrong):
        interval, method = _logit_t(value, error=error, sample=sample, among=among, level=level)
    else:
        interval, method = _joined_gamma(sample, right, wrong, level=level), "gamma limits of weighted counts"
    return WeightedRate(
        value=value,
        interval=interval,
        cases=int(among.sum()),
        method=f"Hájek, {method}",
        standard_error=error,
        effective_size=float(weights.sum() ** 2 / (weights**2).sum()),
        uncorrected=float(right.sum() / among.sum()),
    )


def _variance(residuals: FloatArray, sample: _Sample) -> float:
    """Return the design variance of a sum of linearised, weighted values that add to zero."""
    strata, clusters = sample.strata, sample.clusters
    if clusters is not None and (strata is None or _cross(strata, clusters)):
        return _between(_sums(clusters, residuals))
    if strata is None:
        return _between(residuals)
    sizes, known = np.bincount(strata), np.bincount(strata, weights=sample.weights)
    missing = np.maximum(0.0, 1 - sizes / known)
    totals, home = _totals(residuals, strata, clusters)
    found = sum(missing[h] * _between(totals[home == h]) for h in range(sizes.size))
    if sample.target == "process":
        found += float((totals**2 / _mean_weight(sample, home=home, clusters=clusters)).sum())
    return float(found)


def _cross(strata: IntArray, clusters: IntArray) -> bool:
    pairs = np.unique(np.column_stack([clusters, strata]), axis=0)
    return len(pairs) > np.unique(clusters).size


def _totals(residuals: FloatArray, strata: IntArray, clusters: IntArray | None) -> tuple[FloatArray, IntArray]:
    """Return the values to compare inside strata, rows or patients, and the stratum of each."""
    if clusters is None:
        return residuals, strata
    home = np.zeros(clusters.max() + 1, dtype=np.int64)
    home[clusters] = strata
    return _sums(clusters, residuals), home


def _sums(clusters: IntArray, values: FloatArray) -> FloatArray:
    return np.asarray(np.bincount(clusters, weights=values), dtype=np.float64)


def _mean_weight(sample: _Sample, *, home: IntArray, clusters: IntArray | None) -> FloatArray:
    if clusters is None:
        return sample.weights
    return np.asarray(np.bincount(clusters, weights=sample.weights) / np.bincount(clusters))


def _between(totals: FloatArray) -> float:
    """Return n/(n−1) Σ(z − mean)²; a lone value is held against zero, the mean over the whole sample."""
    if totals.size < 2:
        return float((totals**2).sum())
    return float(totals.size / (totals.size - 1) * ((totals - totals.mean()) ** 2).sum())


def _is_well_known(sample: _Sample, mask: BoolArray) -> bool:
    """Return whether an outcome was seen often enough, and in draws about as heavy as it could be seen in."""
    jumps = _jumps(sample, mask)
    if not jumps.size or jumps.sum() ** 2 / (jumps**2).sum() < MIN_EVENTS:
        return False
    alike = np.isin(sample.flagged, np.unique(sample.flagged[mask]))
    return bool(sample.weights[alike].max() <= MOST_HEAVIER * sample.weights[mask].max())


def _heaviest(sample: _Sample, mask: BoolArray) -> float:
    """Return the weight of the heaviest row, or patient, with a decision that the outcome goes with."""
    decisions = np.unique(sample.flagged[mask]) if mask.any() else [True, False]
    return float(_jumps(sample, np.isin(sample.flagged, decisions)).max())


def _jumps(sample: _Sample, mask: BoolArray) -> FloatArray:
    """Return the weighted counts that come or stay away together: of each row, or of each patient."""
    if sample.clusters is None:
        return sample.weights[mask]
    totals = np.bincount(sample.clusters[mask], weights=sample.weights[mask])
    return np.asarray(totals[totals > 0])


def _logit_t(value: float, *, error: float, sample: _Sample, among: BoolArray, level: float) -> tuple[Interval, str]:
    units = int(among.sum()) if sample.clusters is None else np.unique(sample.clusters[among]).size
    strata = 1 if sample.strata is None else np.unique(sample.strata[among]).size
    return logit_interval(value, error=error, level=level, df=max(1, units - strata)), "linearised, logit scale"


def _joined_gamma(sample: _Sample, right: BoolArray, wrong: BoolArray, *, level: float) -> Interval:
    hits, misses = (_gamma_part(sample, mask, level=level) for mask in (right, wrong))
    return odds_interval([hits, misses.inverse], level=level)


def _gamma_part(sample: _Sample, mask: BoolArray, *, level: float) -> Part:
    """Return a weighted count with its gamma limits; one row more could have been as heavy as any like these."""
    jumps, heaviest = _jumps(sample, mask), _heaviest(sample, mask)
    tail, total, squares = (1 - level) / 2, float(jumps.sum()), float((jumps**2).sum())
    low = squares / (2 * total) * stats.chi2.ppf(tail, 2 * total**2 / squares) if total else 0.0
    more, wider = total + heaviest, squares + heaviest**2
    high = wider / (2 * more) * stats.chi2.isf(tail, 2 * more**2 / wider)
    return Part(total, float(low), float(high))


def _not_identified(name: str, sample: _Sample, never: BoolArray) -> NotIdentified:
    """Return the bounds that cases without a chance leave, each standing for itself, diseased or not."""
    right, wrong = (float(sample.weights[mask].sum()) for mask in _masks(sample.flagged, sample.diseased)[name])
    more_right, more_wrong = _possible(name, never)
    low = right / (right + wrong + more_wrong) if right else 0.0
    high = 1 - wrong / (right + wrong + more_right) if wrong else 1.0
    reason = f"{never.size} cases had no chance to be verified, so the rate lies anywhere from {low:.3f} to {high:.3f}"
    return NotIdentified(reason=reason, bounds=(low, high))


def _possible(name: str, never: BoolArray) -> tuple[int, int]:
    """Return how many of the cases without a chance, flagged or not, could succeed and how many could fail."""
    flagged, passed = int(never.sum()), int((~never).sum())
    return {
        "sensitivity": (flagged, passed),
        "specificity": (passed, flagged),
        "ppv": (flagged, flagged),
        "npv": (passed, passed),
        "prevalence": (never.size, never.size),
    }[name]
