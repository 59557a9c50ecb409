"""The metrics of counted cases, by kind of finding: each a figure with its interval, or the reason why not. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from monitoring.performance.questions import Figure
from monitoring.performance.samples import Sample
from monitoring.statistics import agreement, measurement, proportions, roc
from monitoring.statistics.inputs import BoolArray
from monitoring.statistics.results import Estimate, NotEstimable

BINARY = ("auc", "sensitivity", "specificity", "ppv", "npv", "prevalence", "flag_rate", "label_coverage")
MEASUREMENT = ("bias", "lower_limit", "upper_limit", "mean_absolute_error", "label_coverage")
CATEGORIES = ("accuracy", "kappa", "label_coverage")
METRICS_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "binary": BINARY,
    "detection": BINARY,
    "image_quality": BINARY,
    "change_from_prior": BINARY,
    "triage": (*BINARY, "minutes_to_reader"),
    "measurement": MEASUREMENT,
    "ordinal": CATEGORIES,
    "multi_class": CATEGORIES,
}
LABELLED_ONLY = ("label_coverage",)
NO_SCORE = "because there is no score"
NO_CASES = "no case counts in this window"

MISSING: Mapping[str, str] = {
    "sensitivity": "no case with the finding and a decision",
    "specificity": "no case without the finding and with a decision",
    "ppv": "no flagged case with a truth",
    "npv": "no unflagged case with a truth",
    "prevalence": "no case with a truth",
    "flag_rate": "no case with a decision",
    "label_coverage": NO_CASES,
    "accuracy": "no case with a category and a truth",
}


def metrics_of(kind: str) -> tuple[str, ...]:
    return METRICS_OF_KIND.get(kind, LABELLED_ONLY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What of the finding the metrics depend on."""

    kind: str
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """A proportion: the cases it is taken over, and those of them that succeed."""

    among: BoolArray
    success: BoolArray


def figure(metric: str, sample: Sample, *, setting: Setting, slice: Mapping[str, str]) -> Figure:
    """Return one metric of a slice."""
    if metric not in metrics_of(setting.kind):
        return Figure(metric=metric, slice=slice, outcome=NotEstimable(not_of_kind(metric, kind=setting.kind)))
    if metric in NUMERIC:
        mask, outcome = NUMERIC[metric](sample, setting)
    else:
        share = share_of(metric, sample, setting=setting)
        mask, outcome = share.among, proportion(share, sample=sample, metric=metric)
    return Figure(
        metric=metric,
        slice=slice,
        outcome=outcome,
        positives=int((sample.truth[mask] == 1).sum()),
        reference=sample.reference(mask),
    )


def not_of_kind(metric: str, *, kind: str) -> str:
    return f"{metric.replace('_', ' ')} is not defined for a {kind.replace('_', ' ')} finding here"


def share_of(metric: str, sample: Sample, *, setting: Setting) -> Share:
    """Return which cases a rate is taken over and which succeed."""
    truth, decided, flagged = sample.truth, sample.decision >= 0, sample.decision == 1
    if metric == "label_coverage":
        return Share(np.ones(sample.size, dtype=np.bool_), labelled(sample, setting=setting))
    if metric == "accuracy":
        among, right = (
            categories_known(sample),
            [a == b for a, b in zip(sample.category, sample.truth_category, strict=True)],
        )
        return Share(among, np.array(right, dtype=np.bool_))
    shares: dict[str, Share] = {
        "sensitivity": Share((truth == 1) & decided, flagged),
        "specificity": Share((truth == 0) & decided, ~flagged),
        "ppv": Share((truth >= 0) & flagged, truth == 1),
        "npv": Share((truth >= 0) & (sample.decision == 0), truth == 0),
        "prevalence": Share(truth >= 0, truth == 1),
        "flag_rate": Share(decided, flagged),
    }
    return shares[metric]


def labelled(sample: Sample, *, setting: Setting) -> BoolArray:
    if setting.kind == "measurement":
        return ~np.isnan(sample.truth_measurement)
    if setting.kind in ("ordinal", "multi_class", "multi_label"):
        return np.array([each is not None for each in sample.truth_category], dtype=np.bool_)
    return sample.truth >= 0


def categories_known(sample: Sample) -> BoolArray:
    both = zip(sample.category, sample.truth_category, strict=True)
    return np.array([one is not None and other is not None for one, other in both], dtype=np.bool_)


def proportion(share: Share, *, sample: Sample, metric: str) -> Estimate | NotEstimable:
    """Return Wilson's interval where every patient counts once, clustered by patient otherwise."""
    among, hits = share.among, (share.success & share.among)
    if not among.any():
        return NotEstimable(MISSING[metric])
    if not sample.repeats(among):
        return proportions.wilson(int(hits.sum()), int(among.sum()))
    trials = np.bincount(sample.persons[among])
    return proportions.clustered(np.bincount(sample.persons[hits], minlength=trials.size), trials)


Numeric = Callable[[Sample, Setting], tuple[BoolArray, Estimate | NotEstimable]]


def auc(sample: Sample, setting: Setting) -> tuple[BoolArray, Estimate | NotEstimable]:
    scored = ~np.isnan(sample.score)
    mask = scored & (sample.truth >= 0)
    if sample.size and not scored.any():
        return mask, NotEstimable(NO_SCORE)
    if not mask.any():
        return mask, NotEstimable("no case with a score and a truth")
    clusters: Sequence[int] | None = sample.persons[mask].tolist() if sample.repeats(mask) else None
    return mask, roc.auc(sample.score[mask], sample.truth[mask] == 1, clusters=clusters)


def measured(sample: Sample) -> tuple[BoolArray, Sequence[int] | None]:
    mask = ~np.isnan(sample.measurement) & ~np.isnan(sample.truth_measurement)
    return mask, sample.persons[mask].tolist() if sample.repeats(mask) else None


def limit(name: str) -> Numeric:
    def of(sample: Sample, setting: Setting) -> tuple[BoolArray, Estimate | NotEstimable]:
        mask, clusters = measured(sample)
        found = measurement.bland_altman(sample.measurement[mask], sample.truth_measurement[mask], clusters=clusters)
        return mask, found if isinstance(found, NotEstimable) else getattr(found, name)

    return of


def absolute_error(sample: Sample, setting: Setting) -> tuple[BoolArray, Estimate | NotEstimable]:
    mask, clusters = measured(sample)
    return mask, measurement.mean_absolute_error(
        sample.measurement[mask], sample.truth_measurement[mask], clusters=clusters
    )


def kappa(sample: Sample, setting: Setting) -> tuple[BoolArray, Estimate | NotEstimable]:
    mask = categories_known(sample)
    pairs = [
        (one, other)
        for one, other, both in zip(sample.category, sample.truth_category, mask, strict=True)
        if both and isinstance(one, str) and isinstance(other, str)
    ]
    if len(pairs) < int(mask.sum()):
        return mask, NotEstimable("some cases have more than one category")
    classes = list(setting.classes) or sorted({each for pair in pairs for each in pair})
    classes += sorted({each for pair in pairs for each in pair} - set(classes))
    return mask, agreement.kappa(
        [one for one, _ in pairs],
        [other for _, other in pairs],
        classes=classes,
        weights="quadratic" if setting.kind == "ordinal" else None,
        clusters=sample.persons[mask].tolist(),
    )


def minutes(sample: Sample, setting: Setting) -> tuple[BoolArray, Estimate | NotEstimable]:
    mask = ~np.isnan(sample.minutes)
    if not mask.any():
        return mask, NotEstimable("no case with the times of being available and of being opened")
    return mask, measurement.median(sample.minutes[mask])


NUMERIC: Mapping[str, Numeric] = {
    "auc": auc,
    "bias": limit("bias"),
    "lower_limit": limit("lower"),
    "upper_limit": limit("upper"),
    "mean_absolute_error": absolute_error,
    "kappa": kappa,
    "minutes_to_reader": minutes,
}
