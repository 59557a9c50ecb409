"""Which metrics each kind of finding has: each a figure with its interval, or the reason why not. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from monitoring.performance import (
    category_metrics,
    decision_metrics,
    lesion_metrics,
    measured_metrics,
    time_metrics,
)
from monitoring.performance.decision_metrics import BINARY, MISSING, NO_CASES, NO_SCORE
from monitoring.performance.measures import Found, Measure, MeasureOf, Setting, of, parsed
from monitoring.performance.questions import Figure
from monitoring.performance.references import judged
from monitoring.performance.samples import Sample
from monitoring.statistics.results import NotEstimable

MEASUREMENT = (
    "bias", "lower_limit", "upper_limit", "mean_absolute_error", "concordance", "icc", "label_coverage",
)  # fmt: skip
CATEGORIES = ("accuracy", "kappa", "label_coverage")
GRADES = ("accuracy", "within_one", "kappa", "label_coverage")
WAITS = (
    "minutes_to_reader", "minutes_to_reader_p90", of("minutes_to_reader_within", "30"), "minutes_to_treatment",
    "minutes_to_treatment_p90", of("minutes_to_treatment_within", "60"),
)  # fmt: skip
MARKS = (
    "lesion_sensitivity", "false_marks_per_case", "wafroc",
    *(of("lesion_sensitivity_at", each) for each in ("0.25", "1", "4")),
)  # fmt: skip
MASKS = (
    "dice", "dice_median", "dice_p10", "iou", "hausdorff_95_mm", "lesions_lost", "volume_bias", "volume_lower_limit",
    "volume_upper_limit",
)  # fmt: skip
LABELLED_ONLY = ("label_coverage",)
METRICS_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "binary": BINARY,
    "multi_class": CATEGORIES,
    "ordinal": GRADES,
    "multi_label": ("exact_match", "macro_sensitivity", "macro_specificity", "label_coverage"),
    "detection": (*MARKS, *BINARY),
    "segmentation": (*MASKS, *BINARY),
    "measurement": MEASUREMENT,
    "triage": (*WAITS, *BINARY),
    "change_from_prior": BINARY,
    "time_to_event": ("concordance_index", "days_followed", "prevalence", "label_coverage"),
    "report_text": (*BINARY, "kept_by_reader"),
    "image_quality": BINARY,
}
MORE_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "change_from_prior": (*GRADES, *MEASUREMENT),
    "image_quality": (*GRADES, *MEASUREMENT),
    "triage": ("minutes_to_reader_mean", "minutes_to_treatment_mean"),
}
"""What may be asked for besides, where the finding has classes or a unit, or a claim names it."""

ONE_AGAINST_THE_REST = {"multi_class", "multi_label"}
MEASURES: Mapping[str, Measure] = {
    **decision_metrics.METRICS,
    **category_metrics.METRICS,
    **measured_metrics.METRICS,
    **lesion_metrics.METRICS,
    **time_metrics.METRICS,
}
OF_NUMBER: Mapping[str, MeasureOf] = {**lesion_metrics.OF_NUMBER, **time_metrics.OF_NUMBER}


def metrics_of(kind: str, *, classes: tuple[str, ...] = (), unit: str = "") -> tuple[str, ...]:
    """Return the metrics of a finding, in the order in which they are shown."""
    found = METRICS_OF_KIND.get(kind, LABELLED_ONLY)
    if kind in ONE_AGAINST_THE_REST:
        return (*found, *(of(name, label) for label in classes for name in ("sensitivity", "specificity", "auc")))
    if kind in ("change_from_prior", "image_quality") and (classes or unit):
        return GRADES if classes else MEASUREMENT
    return found


def has_calls(kind: str, *, classes: tuple[str, ...] = (), unit: str = "") -> bool:
    """Return whether truth and product say yes or no of a finding: what sums count."""
    return set(BINARY) <= set(metrics_of(kind, classes=classes, unit=unit))


def figure(metric: str, sample: Sample, *, setting: Setting, slice: Mapping[str, str]) -> Figure:
    """Return one metric of a slice."""
    found = found_for(metric, sample, setting=setting)
    if found is None:
        return Figure(metric=metric, slice=slice, outcome=NotEstimable(not_of_kind(metric, kind=setting.kind)))
    positives = int((sample.truth[found.among] == 1).sum()) if found.positives is None else found.positives
    said = Figure(
        metric=metric,
        slice=slice,
        outcome=found.outcome,
        positives=positives,
        reference=sample.reference(found.among),
    )
    return judged(said)


def found_for(metric: str, sample: Sample, *, setting: Setting) -> Found | None:
    """Return what the cases give for a metric, or None where the kind does not have it."""
    name, argument = parsed(metric)
    defined = {parsed(each)[0] for each in (*metrics_of(setting.kind), *MORE_OF_KIND.get(setting.kind, ()))}
    if argument and setting.kind in ONE_AGAINST_THE_REST and name in category_metrics.OF_CLASS:
        return category_metrics.OF_CLASS[name](sample, setting, argument)
    if name not in defined:
        return None
    if name in OF_NUMBER:
        return OF_NUMBER[name](sample, setting, argument)
    return None if argument else MEASURES[name](sample, setting)


def not_of_kind(metric: str, *, kind: str) -> str:
    return f"{metric.replace('_', ' ')} is not defined for a {kind.replace('_', ' ')} finding here"


__all__ = [
    "BINARY",
    "LABELLED_ONLY",
    "METRICS_OF_KIND",
    "MISSING",
    "NO_CASES",
    "NO_SCORE",
    "Setting",
    "figure",
    "has_calls",
    "metrics_of",
    "not_of_kind",
]
