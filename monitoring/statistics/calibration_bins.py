"""Calibration by bins of the score: the reliability curve, its mean error, and the Brier score taken apart.

Every figure depends on its bins, so their number and kind are arguments and stand in the method's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from numbers import Real
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.inputs import (
    BoolArray,
    FloatArray,
    IntArray,
    as_labels,
    as_probabilities,
    check_level,
    check_option,
    check_same_length,
)
from monitoring.statistics.intervals import beta_interval, logit_interval, two_sided_quantile, wilson_interval
from monitoring.statistics.results import Estimate, Interval, NotEstimable

ONE_CLASS = "only one class among the labels"
BINNINGS = ("width", "count")
Binning = Literal["width", "count"]

MIN_CASES_PER_CLASS = 30
"""`brier`: below this many cases of a class the interval is the conservative one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityPoint:
    """One bin: scores in (`low`, `high`], their mean, and how often the finding was there."""

    low: float
    high: float
    mean_score: float
    observed: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityCurve:
    """The bins that hold cases, in rising order of score."""

    points: tuple[ReliabilityPoint, ...]
    cases: int
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationErrorEstimate(Estimate):
    """`bins` that hold cases; `expected_by_chance` is what perfectly calibrated scores would show on average."""

    bins: int
    expected_by_chance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BrierEstimate(Estimate):
    """value = reliability − resolution + uncertainty.

    `within_bins` is what scores that differ inside a bin add to `resolution` (0 where a bin holds one value).
    """

    reliability: float
    resolution: float
    uncertainty: float
    within_bins: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Bins:
    """Sums per occupied bin, and each case's bin."""

    edges: FloatArray
    codes: IntArray
    counts: FloatArray
    scores: FloatArray
    observed: FloatArray


def reliability_curve(
    scores: ArrayLike, labels: ArrayLike, *, bins: int = 10, binning: Binning = "width", level: float = 0.95
) -> ReliabilityCurve | NotEstimable:
    """Return the observed share of positives per bin of the score, each with Wilson's band.

    Assumes independent cases and scores that are probabilities. Bins are open below and closed above; "width":
    equal parts of [0, 1]; "count": between quantiles of these scores, equal scores staying together. Bands hold one
    by one, not all at once. One class only: NotEstimable. Source: Murphy & Winkler, J R Stat Soc C 1977;26:41-47.
    """
    found = _checked(scores, labels, bins=bins, binning=binning, level=level)
    if isinstance(found, NotEstimable):
        return found
    values, truth, name = found
    table = _binned(values, truth, bins=bins, binning=binning)
    points = tuple(
        ReliabilityPoint(
            low=float(table.edges[index]),
            high=float(table.edges[index + 1]),
            mean_score=float(table.scores[index]),
            observed=Estimate(
                value=float(table.observed[index]),
                interval=wilson_interval(float(table.observed[index]), size=float(table.counts[index]), level=level),
                cases=int(table.counts[index]),
                method="Wilson score",
            ),
        )
        for index in np.flatnonzero(table.counts)
    )
    return ReliabilityCurve(points=points, cases=values.size, method=name)


def expected_calibration_error(
    scores: ArrayLike,
    labels: ArrayLike,
    *,
    bins: int = 10,
    binning: Binning = "width",
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> CalibrationErrorEstimate | NotEstimable:
    """Return the mean distance of observed share and mean score over bins, weighted by cases.

    Assumes independent cases; it is of these bins and of the positive class (not of the top label). Biased upwards
    in few cases: see `expected_by_chance`. The interval is conservative: value ± the distance that binomial noise in
    the bins stays below with probability `level` (`draws` simulations from `seed`), which bounds the error of the
    mean distance by the triangle inequality. One class only: NotEstimable.
    Source: Naeini et al., AAAI 2015;29:2901-2907.
    """
    found = _checked(scores, labels, bins=bins, binning=binning, level=level)
    if isinstance(found, NotEstimable):
        return found
    values, truth, name = found
    table = _binned(values, truth, bins=bins, binning=binning)
    used = table.counts > 0
    counts, shares = table.counts[used], table.counts[used] / values.size
    error = float((shares * np.abs(table.observed - table.scores)[used]).sum())
    generator = np.random.default_rng(seed)
    # The noise of shares as seen (half a case each way) or as the scores say, whichever is louder.
    smoothed = (table.observed[used] * counts + 0.5) / (counts + 1)
    by_chance = _noise(table.scores[used], counts, generator, draws=draws)
    as_seen = _noise(smoothed, counts, generator, draws=draws)
    margin = max(float(np.quantile(noise, level)) for noise in (as_seen, by_chance))
    return CalibrationErrorEstimate(
        value=error,
        interval=Interval(max(0.0, error - margin), min(1.0, error + max(margin, 1e-9)), level),
        cases=values.size,
        method=f"mean distance, {name}, simulated binomial noise",
        bins=int(used.sum()),
        expected_by_chance=float(by_chance.mean()),
    )


def brier(
    scores: ArrayLike, labels: ArrayLike, *, bins: int = 10, binning: Binning = "width", level: float = 0.95
) -> BrierEstimate | NotEstimable:
    """Return the mean squared distance of score and label, taken apart as Murphy did.

    Assumes independent cases. Scores of at most 2 × `bins` distinct values form a bin each, and the parts are Murphy's;
    otherwise bins as in `reliability_curve`, and `resolution` is the generalised one, so the parts always add up.
    Interval: logit scale above 30 cases of each class, below it Clopper–Pearson with an effective size (squared
    distances vary at most like a proportion). One class only: NotEstimable.
    Sources: Murphy, J Appl Meteorol 1973;12:595-600; Stephenson et al., Weather Forecast 2008;23:752-757.
    """
    found = _checked(scores, labels, bins=bins, binning=binning, level=level)
    if isinstance(found, NotEstimable):
        return found
    values, truth, name = found
    distinct, codes = np.unique(values, return_inverse=True)
    if distinct.size <= 2 * bins:
        table, name = _sums(values, truth, codes=codes, edges=np.append(distinct, inf)), "a bin for each value"
    else:
        table = _binned(values, truth, bins=bins, binning=binning)
    losses, base = (values - truth) ** 2, float(truth.mean())
    shares = table.counts / values.size
    reliability = float((shares * (table.scores - table.observed) ** 2).sum())
    resolution = float((shares * (table.observed - base) ** 2).sum())
    spread = values - table.scores[table.codes]
    within = float((2 * spread * (truth - table.observed[table.codes]) - spread**2).mean())
    interval, words = _loss_interval(losses, smaller=min(truth.sum(), (~truth).sum()), level=level)
    return BrierEstimate(
        value=float(losses.mean()),
        interval=interval,
        cases=values.size,
        method=f"mean squared distance, {words}; parts from {name}",
        reliability=reliability,
        resolution=resolution + within,
        uncertainty=base * (1 - base),
        within_bins=within,
    )


def _checked(
    scores: ArrayLike, labels: ArrayLike, *, bins: int, binning: str, level: float
) -> tuple[FloatArray, BoolArray, str] | NotEstimable:
    check_level(level)
    check_option(binning, name="binning", allowed=BINNINGS)
    if not isinstance(bins, Real) or bins % 1 != 0 or bins < 1:
        raise ValueError(f"bins must be a whole number above 0, not {bins}")
    values, truth = as_probabilities(scores, name="scores"), as_labels(labels)
    check_same_length(scores=values, labels=truth)
    if truth.all() or not truth.any():
        return NotEstimable(ONE_CLASS)
    return values, truth, f"{bins} bins of equal {binning}"


def _binned(values: FloatArray, truth: BoolArray, *, bins: int, binning: str) -> _Bins:
    edges = np.linspace(0.0, 1.0, int(bins) + 1)
    if binning == "count":
        edges = np.unique(np.concatenate(([0.0], np.quantile(values, edges[1:-1]), [1.0])))
    codes = np.searchsorted(edges[1:-1], values, side="left")
    return _sums(values, truth, codes=codes, edges=edges)


def _sums(values: FloatArray, truth: BoolArray, *, codes: IntArray, edges: FloatArray) -> _Bins:
    size = edges.size - 1
    counts = np.bincount(codes, minlength=size).astype(np.float64)
    filled = np.maximum(counts, 1)
    return _Bins(
        edges=edges,
        codes=codes,
        counts=counts,
        scores=np.bincount(codes, values, size) / filled,
        observed=np.bincount(codes, truth, size) / filled,
    )


def _noise(shares: FloatArray, counts: FloatArray, generator: np.random.Generator, *, draws: int) -> FloatArray:
    """Return simulated mean distances of observed from true shares."""
    drawn = generator.binomial(counts.astype(np.int64), shares, size=(draws, counts.size)) / counts
    distances: FloatArray = np.abs(drawn - shares) @ (counts / counts.sum())
    return distances


def _loss_interval(losses: FloatArray, *, smaller: int, level: float) -> tuple[Interval, str]:
    value, count = float(losses.mean()), losses.size
    variance = float(losses.var(ddof=1)) / count if count > 1 else 0.0
    if variance <= 1e-18 or not 0 < value < 1:
        return beta_interval(value, size=count, level=level), "Clopper–Pearson (no spread)"
    if smaller < MIN_CASES_PER_CLASS:
        shrink = (two_sided_quantile(level) / two_sided_quantile(level, df=max(1, smaller - 1))) ** 2
        size = max(1.0, value * (1 - value) / variance * shrink)
        return beta_interval(value, size=size, level=level), "Clopper–Pearson with an effective size (few cases)"
    return logit_interval(value, error=variance**0.5, level=level), "logit scale"
