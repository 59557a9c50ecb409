"""Free-response performance: how many lesions are found at how many false marks.

Every function takes the same two lists with one entry for each case: the scores of its
false marks, and the score of each of its lesions, −inf for a lesion without a mark. A case
without lesions is non-diseased. `match_marks` makes both from marks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from monitoring.statistics import proportions
from monitoring.statistics.areas import ClassSizes, area_interval
from monitoring.statistics.free_readings import Reading, as_reading
from monitoring.statistics.inputs import FloatArray, check_level
from monitoring.statistics.intervals import log_interval
from monitoring.statistics.results import Estimate, Interval, NotEstimable

LUNA_RATES = (1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaEstimate(Estimate):
    """A figure of merit with its variance."""

    variance: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrocCurve:
    """Points from the strictest threshold down: a mark counts where its score reaches the threshold."""

    thresholds: FloatArray
    sensitivity: FloatArray
    false_marks_per_case: FloatArray
    reading: Reading
    level: float

    def at(self, threshold: float) -> OperatingPoint:
        """Return lesion sensitivity and false marks per case at a threshold, with patient-clustered intervals."""
        return OperatingPoint(
            sensitivity=lesion_sensitivity(self.reading, threshold=threshold, level=self.level),
            false_marks_per_case=false_mark_rate(self.reading, threshold=threshold, level=self.level),
        )

    def sensitivity_at(self, false_marks_per_case: float) -> float:
        """Return the sensitivity reached with at most so many false marks per case (a step, nothing between)."""
        reached = self.false_marks_per_case <= false_marks_per_case
        return float(self.sensitivity[reached].max()) if reached.any() else 0.0

    @property
    def competition_metric(self) -> float:
        """Return the mean sensitivity at 1/8, 1/4, … 8 false marks per case (LUNA16; Setio et al., 2017)."""
        return float(np.mean([self.sensitivity_at(rate) for rate in LUNA_RATES]))


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """What a threshold gives."""

    sensitivity: Estimate | NotEstimable
    false_marks_per_case: Estimate | NotEstimable


def froc(
    non_lesion_scores: Sequence[ArrayLike],
    lesion_scores: Sequence[ArrayLike],
    *,
    clusters: Sequence[Any] | None = None,
    level: float = 0.95,
) -> FrocCurve | NotEstimable:
    """Return the FROC curve: lesion sensitivity against false marks per case, diseased cases included in the latter.

    Assumes that a score ranks marks the same way in every case; intervals (`curve.at`) are clustered by case, or by
    `clusters` such as patients. No lesion: NotEstimable. Source: Bunch et al., J Appl Photogr Eng 1978;4:166-171.

    Raises:
        ValueError: lists of different length, a false mark without a finite score, a lesion scored NaN or +inf.
    """
    reading = as_reading(non_lesion_scores, lesion_scores, clusters=clusters)
    check_level(level)
    if reading.lesion_scores.size == 0:
        return NotEstimable("no case has a lesion")
    marked = reading.lesion_scores[np.isfinite(reading.lesion_scores)]
    thresholds = np.unique(np.concatenate([marked, reading.false_scores]))[::-1]
    hits, false_marks = (
        each.size - np.searchsorted(np.sort(each), thresholds, "left") for each in (marked, reading.false_scores)
    )
    return FrocCurve(
        thresholds=thresholds,
        sensitivity=np.asarray(hits / reading.lesion_scores.size),
        false_marks_per_case=np.asarray(false_marks / reading.cases),
        reading=reading,
        level=level,
    )


def afroc_figure_of_merit(
    non_lesion_scores: Sequence[ArrayLike],
    lesion_scores: Sequence[ArrayLike],
    *,
    weighted: bool = True,
    lesion_weights: Sequence[ArrayLike] | None = None,
    clusters: Sequence[Any] | None = None,
    level: float = 0.95,
) -> AreaEstimate | NotEstimable:
    """Return the area under the (weighted) AFROC curve: the chance that a lesion outscores the worst false mark.

    Each lesion is held against the highest false mark of each non-diseased case; no mark is −inf, ties count
    one half. False marks on diseased cases are not used (they count in `froc`). Weighted: every diseased case counts
    the same, its lesions by `lesion_weights` (default equal); else every lesion counts the same. Assumes independent
    cases, or with `clusters` independent patients: DeLong-type variance over cases, Obuchowski's over clusters,
    intervals of `roc.auc`. No diseased or no non-diseased case: NotEstimable.
    Source: Chakraborty, Observer Performance Methods for Diagnostic Imaging, 2017, ch. 14; Zhai & Chakraborty 2017.

    Raises:
        ValueError: as `froc`; weights that are not positive or do not follow the lesions.
    """
    reading = as_reading(non_lesion_scores, lesion_scores, weights=lesion_weights, clusters=clusters)
    check_level(level)
    diseased, healthy = reading.diseased, reading.healthy
    if diseased.size == 0 or healthy.size == 0:
        return NotEstimable("no case has a lesion" if diseased.size == 0 else "every case has a lesion")
    worst = np.full(reading.cases, -inf)
    np.maximum.at(worst, reading.false_case, reading.false_scores)
    weights = _shares(reading, weighted=weighted)
    value, of_case = _components(reading, worst=worst[healthy], weights=weights)
    variance = _variance(of_case, reading)
    sizes = ClassSizes(
        positives=float(np.unique(reading.clusters[diseased]).size),
        negatives=float(np.unique(reading.clusters[healthy]).size),
        together=float(np.unique(reading.clusters).size),
    )
    interval, words = area_interval(value, variance=variance, sizes=sizes, scale="logit", level=level)
    name = "wAFROC" if weighted else "AFROC"
    return AreaEstimate(
        value=value, interval=interval, cases=reading.cases, method=f"{name}, {words}", variance=variance
    )


def lesion_sensitivity(reading: Reading, *, threshold: float, level: float) -> Estimate | NotEstimable:
    """Return the share of lesions whose mark reaches a threshold, clustered by patient."""
    hit = reading.lesion_scores >= threshold
    hit &= np.isfinite(reading.lesion_scores)
    cluster = reading.clusters[reading.lesion_case]
    if not hit.size:
        return NotEstimable("no case has a lesion")
    trials = np.bincount(cluster)
    if trials.max() == 1:
        return proportions.wilson(int(hit.sum()), hit.size, level=level)
    return proportions.clustered(np.bincount(cluster[hit], minlength=trials.size), trials, level=level)


def false_mark_rate(reading: Reading, *, threshold: float, level: float) -> Estimate | NotEstimable:
    """Return the false marks per case at a threshold: ratio of patient totals, log scale.

    Fewer than ten false marks, or one patient: exact Poisson, each patient as one observation where they repeat.
    """
    if reading.cases == 0:
        return NotEstimable("no cases")
    kept = reading.false_case[reading.false_scores >= threshold]
    total, count = float(kept.size), int(reading.clusters.max()) + 1
    value = total / reading.cases
    sizes = np.bincount(reading.clusters, minlength=count)
    marks = np.bincount(reading.clusters[kept], minlength=count)
    if total < 10 or count < 2:
        shrink = reading.cases / count
        low = stats.chi2.ppf((1 - level) / 2, 2 * total / shrink) / 2 * shrink if total else 0.0
        high = stats.chi2.ppf(0.5 + level / 2, 2 * (total / shrink + 1)) / 2 * shrink
        interval, name = Interval(low / reading.cases, high / reading.cases, level), "exact Poisson"
    else:
        residuals = marks - value * sizes
        error = float(np.sqrt(count / (count - 1) * (residuals**2).sum())) / reading.cases
        error = max(error, value / np.sqrt(total) * 1e-3)
        interval, name = log_interval(value, log_error=error / value, level=level), "ratio of patient totals, log scale"
    return Estimate(value=value, interval=interval, cases=reading.cases, method=f"false marks per case, {name}")


def _shares(reading: Reading, *, weighted: bool) -> FloatArray:
    """Return what each lesion counts; together 1."""
    if not weighted:
        return np.full(reading.lesion_scores.size, 1 / reading.lesion_scores.size)
    totals = np.bincount(reading.lesion_case, reading.lesion_weights, minlength=reading.cases)
    return np.asarray(reading.lesion_weights / totals[reading.lesion_case] / reading.diseased.size)


def _components(reading: Reading, *, worst: FloatArray, weights: FloatArray) -> tuple[float, FloatArray]:
    """Return the area and, for each case, what it adds to the area's deviation (diseased, then the others)."""
    ranked = np.sort(worst)
    below, up_to = (np.searchsorted(ranked, reading.lesion_scores, side) for side in ("left", "right"))
    wins = (below + up_to) / (2 * worst.size)
    value = float(weights @ wins)
    of_case = np.zeros(reading.cases)
    np.add.at(of_case, reading.lesion_case, weights * (wins - value))
    order = np.argsort(reading.lesion_scores)
    sorted_scores, mass = reading.lesion_scores[order], np.concatenate(([0.0], np.cumsum(weights[order])))
    left, right = (np.searchsorted(sorted_scores, worst, side) for side in ("left", "right"))
    of_case[reading.healthy] = (1 - (mass[left] + mass[right]) / 2 - value) / worst.size
    return value, of_case


def _variance(of_case: FloatArray, reading: Reading) -> float:
    count = int(reading.clusters.max()) + 1
    parts = []
    for chosen in (reading.diseased, reading.healthy):
        sums = np.bincount(reading.clusters[chosen], of_case[chosen], minlength=count)
        parts.append((sums, np.unique(reading.clusters[chosen]).size))
    (one, some), (other, rest) = parts
    cross = 2 * float(one @ other) * _correction(np.unique(reading.clusters).size)
    return max(0.0, float(one @ one) * _correction(some) + float(other @ other) * _correction(rest) + cross)


def _correction(count: int) -> float:
    return count / (count - 1) if count > 1 else 0.0
