"""Metrics of marks and masks, from the comparison that a case keeps with its criterion. Pure.

At the operating point a mark counts where its score reaches the threshold in force, or where
either is missing; curves and figures of merit use every mark that was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isnan
from typing import Any

import numpy as np

from monitoring.performance.measures import Found, Measure, MeasureOf, Setting, counted_share, number_in
from monitoring.performance.samples import Sample
from monitoring.statistics import detection, means, quantiles
from monitoring.statistics.inputs import BoolArray
from monitoring.statistics.results import Estimate, NotEstimable

NO_MATCH = "no case whose marks could be matched with the lesions of a truth"
NO_LESION = "no lesion among the matched cases"
NO_OVERLAP = "no overlap of masks was measured: neither masks nor truths carry one"
UNSCORED = 1.0


@dataclass(frozen=True, slots=True)
class Matched:
    """One case: the scores of its false marks and of its lesions, −inf where unmarked."""

    false: list[float]
    lesions: list[float]


def matched(sample: Sample) -> tuple[BoolArray, list[Matched]]:
    mask = np.array([isinstance(each, Mapping) and "hits" in each for each in sample.comparison], dtype=np.bool_)
    return mask, [case_of(each) for each, chosen in zip(sample.comparison, mask, strict=True) if chosen]


def case_of(found: Mapping[str, Any]) -> Matched:
    hits = [UNSCORED if each is None else float(each) for each in found["hits"]]
    false = [UNSCORED if each is None else float(each) for each in found["false"]]
    return Matched(false=false, lesions=hits + [-inf] * (int(found["lesions"]) - len(hits)))


def shown(scores: list[Any], threshold: float) -> int:
    """Return how many marks count at the operating point."""
    return sum(each is None or isnan(threshold) or each >= threshold for each in scores)


def lesion_sensitivity(sample: Sample, setting: Setting) -> Found:
    """Return the share of lesions that a mark found at the operating point."""
    mask, cases = matched(sample)
    chosen = zip(sample.comparison, sample.threshold, mask, strict=True)
    hits = [shown(each["hits"], threshold) for each, threshold, counts in chosen if counts]
    lesions = [len(each.lesions) for each in cases]
    missing = NO_LESION if cases else NO_MATCH
    found = counted_share(sample, among=mask, hits=hits, trials=lesions, missing=missing)
    return Found(mask, found, positives=sum(lesions))


def false_marks(sample: Sample, setting: Setting) -> Found:
    """Return the false marks per case at the operating point."""
    mask, cases = matched(sample)
    if not cases:
        return Found(mask, NotEstimable(NO_MATCH))
    chosen = zip(sample.comparison, sample.threshold, mask, strict=True)
    counts = [shown(each["false"], threshold) for each, threshold, taken in chosen if taken]
    reading = detection.as_reading(
        [[UNSCORED] * number for number in counts], [[]] * len(counts), clusters=sample.persons[mask].tolist()
    )
    return Found(mask, detection.false_mark_rate(reading, threshold=-inf, level=0.95))


def wafroc(sample: Sample, setting: Setting) -> Found:
    mask, cases = matched(sample)
    if not cases:
        return Found(mask, NotEstimable(NO_MATCH))
    found = detection.afroc_figure_of_merit(
        [each.false for each in cases], [each.lesions for each in cases], clusters=sample.persons[mask].tolist()
    )
    return Found(mask, found)


def sensitivity_at(sample: Sample, setting: Setting, argument: str) -> Found:
    """Return the lesion sensitivity at the lowest threshold with at most so many false marks per case."""
    mask, cases = matched(sample)
    most = number_in(argument)
    if most is None:
        return Found(mask, NotEstimable(f"{argument!r} is no number of false marks per case"))
    if not cases:
        return Found(mask, NotEstimable(NO_MATCH))
    curve = detection.froc(
        [each.false for each in cases], [each.lesions for each in cases], clusters=sample.persons[mask].tolist()
    )
    if isinstance(curve, NotEstimable):
        return Found(mask, NotEstimable(NO_LESION))
    reached = curve.thresholds[curve.false_marks_per_case <= most]
    if not reached.size:
        return Found(mask, NotEstimable(f"no threshold gives as few as {most:g} false marks per case"))
    return Found(mask, curve.at(float(reached.min())).sensitivity, positives=sum(len(each.lesions) for each in cases))


# --- masks -------------------------------------------------------------------------------------------------------


def measured(sample: Sample, name: str) -> tuple[BoolArray, list[float]]:
    found = [each.get(name) if isinstance(each, Mapping) else None for each in sample.comparison]
    mask = np.array([each is not None for each in found], dtype=np.bool_)
    return mask, [float(each) for each in found if each is not None]


def overlap_mean(name: str, *, high: float = inf) -> Measure:
    def of_cases(sample: Sample, setting: Setting) -> Found:
        mask, values = measured(sample, name)
        if not values:
            return Found(mask, NotEstimable(NO_OVERLAP))
        found = means.mean(values, clusters=sample.clusters(mask), low=0.0, high=high)
        return Found(mask, with_criterion(found, sample, mask))

    return of_cases


def overlap_quantile(name: str, *, share: float) -> Measure:
    def of_cases(sample: Sample, setting: Setting) -> Found:
        mask, values = measured(sample, name)
        if not values:
            return Found(mask, NotEstimable(NO_OVERLAP))
        return Found(mask, quantiles.quantile(values, share=share, clusters=sample.clusters(mask)))

    return of_cases


def with_criterion(found: Estimate | NotEstimable, sample: Sample, mask: BoolArray) -> Estimate | NotEstimable:
    """Return the figure with the definition of its overlaps in its method."""
    if isinstance(found, NotEstimable):
        return found
    taken = {each["criterion"] for each, chosen in zip(sample.comparison, mask, strict=True) if chosen}
    method = f"{found.method}; overlap as {', '.join(sorted(taken))}"
    return Estimate(value=found.value, interval=found.interval, cases=found.cases, method=method)


def lesions_lost(sample: Sample, setting: Setting) -> Found:
    """Return the share of the truth's lesions that no part of the mask touched."""
    named = [isinstance(each, Mapping) and {"lesions", "lesions_found"} <= each.keys() for each in sample.comparison]
    mask = np.array(named, dtype=np.bool_)
    cases = [each for each, chosen in zip(sample.comparison, mask, strict=True) if chosen]
    trials = [int(each["lesions"]) for each in cases]
    lost = [max(0, int(each["lesions"]) - int(each["lesions_found"])) for each in cases]
    missing = "no truth says how many lesions there were and how many of them were found"
    found = counted_share(sample, among=mask, hits=lost, trials=trials, missing=missing)
    return Found(mask, found, positives=sum(trials))


METRICS: Mapping[str, Measure] = {
    "lesion_sensitivity": lesion_sensitivity,
    "false_marks_per_case": false_marks,
    "wafroc": wafroc,
    "dice": overlap_mean("dice", high=1.0),
    "dice_median": overlap_quantile("dice", share=0.5),
    "dice_p10": overlap_quantile("dice", share=0.1),
    "iou": overlap_mean("iou", high=1.0),
    "hausdorff_95_mm": overlap_quantile("hausdorff_95_mm", share=0.5),
    "lesions_lost": lesions_lost,
}
OF_NUMBER: Mapping[str, MeasureOf] = {"lesion_sensitivity_at": sensitivity_at}
