"""Metrics of yes-or-no decisions and of their scores. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from monitoring.performance.measures import Found, Measure, Setting, proportion
from monitoring.performance.samples import Sample
from monitoring.statistics import roc
from monitoring.statistics.inputs import BoolArray
from monitoring.statistics.results import NotEstimable

BINARY = ("auc", "sensitivity", "specificity", "ppv", "npv", "prevalence", "flag_rate", "label_coverage")
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
    "kept_by_reader": "no draft that says something and was signed",
}


def share_of(metric: str, sample: Sample) -> tuple[BoolArray, BoolArray]:
    """Return which cases a rate is taken over and which succeed."""
    truth, decided, flagged = sample.truth, sample.decision >= 0, sample.decision == 1
    shares: dict[str, tuple[BoolArray, BoolArray]] = {
        "sensitivity": ((truth == 1) & decided, flagged),
        "specificity": ((truth == 0) & decided, ~flagged),
        "ppv": ((truth >= 0) & flagged, truth == 1),
        "npv": ((truth >= 0) & (sample.decision == 0), truth == 0),
        "prevalence": (truth >= 0, truth == 1),
        "flag_rate": (decided, flagged),
        "kept_by_reader": (decided & (sample.reader_decision >= 0), sample.decision == sample.reader_decision),
    }
    return shares[metric]


def rate(metric: str) -> Measure:
    def of_cases(sample: Sample, setting: Setting) -> Found:
        among, success = share_of(metric, sample)
        return Found(among, proportion(sample, among=among, success=success, missing=MISSING[metric]))

    return of_cases


def label_coverage(sample: Sample, setting: Setting) -> Found:
    """Return the share of the cases whose truth is known, in whatever form the kind has it."""
    among = np.ones(sample.size, dtype=np.bool_)
    known = labelled(sample, setting=setting)
    return Found(among, proportion(sample, among=among, success=known, missing=NO_CASES))


def labelled(sample: Sample, *, setting: Setting) -> BoolArray:
    decided = sample.truth >= 0
    measured = ~np.isnan(sample.truth_measurement)
    named = np.array([each is not None for each in sample.truth_category], dtype=np.bool_)
    if setting.kind == "measurement":
        return measured
    if setting.kind in ("ordinal", "multi_class", "multi_label"):
        return named
    return decided | measured | named if setting.kind in ("change_from_prior", "image_quality") else decided


def auc(sample: Sample, setting: Setting) -> Found:
    scored = ~np.isnan(sample.score)
    mask = scored & (sample.truth >= 0)
    if sample.size and not scored.any():
        return Found(mask, NotEstimable(NO_SCORE))
    if not mask.any():
        return Found(mask, NotEstimable("no case with a score and a truth"))
    return Found(mask, roc.auc(sample.score[mask], sample.truth[mask] == 1, clusters=sample.clusters(mask)))


METRICS: Mapping[str, Measure] = {
    "auc": auc,
    **{name: rate(name) for name in MISSING if name != "label_coverage"},
    "label_coverage": label_coverage,
}
