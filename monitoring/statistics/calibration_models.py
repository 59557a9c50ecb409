"""Calibration by a logistic model: the slope and the intercept of labels on the logit of the score.

Scores are probabilities of the positive class. A score that is no probability has no
calibration; what a map to probabilities costs in data is not counted here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from monitoring.statistics.inputs import (
    BoolArray,
    FloatArray,
    IntArray,
    as_codes,
    as_labels,
    as_probabilities,
    check_level,
    check_same_length,
)
from monitoring.statistics.intervals import plain_interval
from monitoring.statistics.results import Estimate, NotEstimable, TestResult

CLIP = 1e-12
"""Probabilities are kept this far from 0 and 1 before the logit is taken."""

MIN_CASES_PER_CLASS = 30
"""Floor of the normal interval: independent cases (clusters) of the smaller class; below it Student's t."""

ONE_CLASS = "only one class among the labels"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationLine:
    """log odds = intercept + slope × logit(score); perfect is 0 and 1. `clipped` scores lay at 0 or 1."""

    slope: Estimate
    intercept: Estimate
    clipped: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Fit:
    """Coefficients, their errors, and the degrees of freedom of the interval."""

    values: FloatArray
    errors: FloatArray
    df: float
    words: str


def slope_and_intercept(
    scores: ArrayLike, labels: ArrayLike, *, clusters: Sequence[Any] | None = None, level: float = 0.95
) -> CalibrationLine | NotEstimable:
    """Return Cox' calibration slope and intercept, both free (so the intercept is not `in_the_large`).

    Assumes independent cases, or independent clusters (sandwich variance with K/(K−1)), and a line on the logit.
    Scores are clipped to 1e-12 from 0 and 1. Wald intervals; floor for the normal quantile: 30 cases (clusters) of
    each class, below it Student's t with the smaller number − 1. One class, scores all alike, scores that separate
    the classes (no finite slope exists): NotEstimable. Source: Cox, Biometrika 1958;45:562-565.
    """
    check_level(level)
    values, truth, codes = _checked(scores, labels, clusters=clusters)
    hindrance = _hindrance(values, truth, codes=codes)
    if hindrance:
        return NotEstimable(hindrance)
    logits = clipped_logit(values)
    if separates(logits, truth):
        return NotEstimable("the scores separate the classes completely, so no finite slope fits")
    design = np.column_stack([np.ones(logits.size), logits])
    fit = _fitted(design, truth, offset=np.zeros(logits.size), codes=codes)
    if fit is None:
        return NotEstimable("the logistic model has no stable fit on these scores")
    intercept, slope = (
        Estimate(
            value=float(fit.values[index]),
            interval=plain_interval(float(fit.values[index]), error=float(fit.errors[index]), level=level, df=fit.df),
            cases=values.size,
            method=f"logistic on logit(score), {fit.words}",
        )
        for index in (0, 1)
    )
    return CalibrationLine(slope=slope, intercept=intercept, clipped=int(((values < CLIP) | (values > 1 - CLIP)).sum()))


def in_the_large(
    scores: ArrayLike, labels: ArrayLike, *, clusters: Sequence[Any] | None = None, level: float = 0.95
) -> Estimate | NotEstimable:
    """Return the intercept of the labels with logit(score) as an offset (slope 1); 0 is perfect, above it too low.

    It is a difference of log odds, not observed minus expected. Independent cases (or clusters), but no slope of 1:
    the variance is the sandwich, since the model's own is too small where the slope is off. Clipping and floor as
    in `slope_and_intercept`. One class: NotEstimable. Source: Steyerberg, Clinical Prediction Models, 2009, 15.3.
    """
    check_level(level)
    values, truth, codes = _checked(scores, labels, clusters=clusters)
    hindrance = _hindrance(values, truth, codes=codes, alike_is_fine=True)
    if hindrance:
        return NotEstimable(hindrance)
    codes = np.arange(values.size) if codes is None else codes
    fit = _fitted(np.ones((values.size, 1)), truth, offset=clipped_logit(values), codes=codes)
    if fit is None:
        return NotEstimable("the logistic model has no stable fit on these scores")
    return Estimate(
        value=float(fit.values[0]),
        interval=plain_interval(float(fit.values[0]), error=float(fit.errors[0]), level=level, df=fit.df),
        cases=values.size,
        method=f"logistic with offset logit(score), {fit.words}",
    )


def spiegelhalter(scores: ArrayLike, labels: ArrayLike) -> TestResult | NotEstimable:
    """Test whether the Brier score is what calibrated scores would give; `statistic` is z, two-sided p.

    Assumes independent cases. Insensitive to errors that cancel (a slope may hide behind z = 0), and normal only
    with some dozens of cases of each class. One class, or scores of 0, ½ and 1 only: NotEstimable.
    Source: Spiegelhalter, Stat Med 1986;5:421-433.
    """
    values, truth, _ = _checked(scores, labels, clusters=None)
    if truth.all() or not truth.any():
        return NotEstimable(ONE_CLASS)
    variance = float(((1 - 2 * values) ** 2 * values * (1 - values)).sum())
    if variance <= 0:
        return NotEstimable("scores of 0, 0.5 and 1 alone leave the Brier score no variance")
    statistic = float(((truth - values) * (1 - 2 * values)).sum()) / sqrt(variance)
    return TestResult(
        statistic=statistic, p_value=float(min(1.0, 2 * stats.norm.sf(abs(statistic)))), method="Spiegelhalter z"
    )


def clipped_logit(values: FloatArray) -> FloatArray:
    logits: FloatArray = special.logit(np.clip(values, CLIP, 1 - CLIP))
    return logits


def separates(logits: FloatArray, truth: BoolArray) -> bool:
    """Return whether a threshold parts the classes, ties at the threshold allowed: then the likelihood has no top."""
    positive, negative = logits[truth], logits[~truth]
    return bool(negative.max() <= positive.min() or positive.max() <= negative.min())


def _checked(
    scores: ArrayLike, labels: ArrayLike, *, clusters: Sequence[Any] | None
) -> tuple[FloatArray, BoolArray, IntArray | None]:
    values, truth = as_probabilities(scores, name="scores"), as_labels(labels)
    count = check_same_length(scores=values, labels=truth)
    return values, truth, None if clusters is None else as_codes(clusters, name="clusters", length=count)


def _hindrance(values: FloatArray, truth: BoolArray, *, codes: IntArray | None, alike_is_fine: bool = False) -> str:
    if truth.all() or not truth.any():
        return ONE_CLASS
    if codes is not None and codes.max() == 0:
        return "one cluster only, so the spread between clusters is unknown"
    if not alike_is_fine and np.ptp(values) == 0:
        return "all scores are alike, so they have no slope"
    return ""


def _fitted(design: FloatArray, truth: BoolArray, *, offset: FloatArray, codes: IntArray | None) -> _Fit | None:
    values = _maximum_likelihood(design, truth, offset=offset)
    if values is None:
        return None
    fitted = special.expit(design @ values + offset)
    inverse = np.linalg.inv(design.T @ (design * (fitted * (1 - fitted))[:, None]))
    if codes is None:
        smaller, covariance, words = min(truth.sum(), (~truth).sum()), inverse, "Wald"
    else:
        sums = np.stack([np.bincount(codes, part) for part in (design * (truth - fitted)[:, None]).T], axis=1)
        clusters = sums.shape[0]
        covariance = inverse @ (sums.T @ sums) @ inverse * clusters / (clusters - 1)
        smaller = min(np.unique(codes[truth]).size, np.unique(codes[~truth]).size)
        words = "Wald with the sandwich variance"
    errors = np.sqrt(np.diag(covariance))
    if not (np.isfinite(errors).all() and (errors > 0).all()):
        return None
    df = inf if smaller >= MIN_CASES_PER_CLASS else float(max(1, smaller - 1))
    return _Fit(values=values, errors=errors, df=df, words=words + ("" if df == inf else ", t (few cases)"))


def _maximum_likelihood(design: FloatArray, truth: BoolArray, *, offset: FloatArray) -> FloatArray | None:
    """Return the coefficients by Newton's steps, halved where one would lower the likelihood."""
    sign = np.where(truth, 1.0, -1.0)

    def loss(values: FloatArray) -> float:
        return float(np.logaddexp(0.0, -sign * (design @ values + offset)).sum())

    values, current = np.zeros(design.shape[1]), loss(np.zeros(design.shape[1]))
    for _ in range(100):
        fitted = special.expit(design @ values + offset)
        information = design.T @ (design * (fitted * (1 - fitted))[:, None])
        try:
            step = np.linalg.solve(information, design.T @ (truth - fitted))
        except np.linalg.LinAlgError:
            return None
        while loss(values + step) > current + 1e-12 * abs(current) and np.abs(step).max() > 1e-14:
            step = step / 2
        values = values + step
        current = loss(values)
        if np.abs(step).max() < 1e-10 * (1 + np.abs(values).max()):
            return values
    return None
