"""Metrics of measured values against the truth's. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from monitoring.performance.measures import Found, Measure, Setting
from monitoring.performance.samples import Sample
from monitoring.statistics import measurement
from monitoring.statistics.inputs import BoolArray
from monitoring.statistics.results import Estimate, Interval, NotEstimable

NO_PAIR = "no case with a measurement and a true one"


def paired(sample: Sample) -> BoolArray:
    return ~np.isnan(sample.measurement) & ~np.isnan(sample.truth_measurement)


def limit(name: str) -> Measure:
    """Return the bias, or a limit of agreement, of measured minus true."""

    def of_cases(sample: Sample, setting: Setting) -> Found:
        mask = paired(sample)
        if not mask.any():
            return Found(mask, NotEstimable(NO_PAIR))
        found = measurement.bland_altman(
            sample.measurement[mask], sample.truth_measurement[mask], clusters=sample.clusters(mask)
        )
        return Found(mask, found if isinstance(found, NotEstimable) else getattr(found, name))

    return of_cases


def absolute_error(sample: Sample, setting: Setting) -> Found:
    mask = paired(sample)
    if not mask.any():
        return Found(mask, NotEstimable(NO_PAIR))
    found = measurement.mean_absolute_error(
        sample.measurement[mask], sample.truth_measurement[mask], clusters=sample.clusters(mask)
    )
    return Found(mask, found)


def concordance(sample: Sample, setting: Setting) -> Found:
    mask = paired(sample)
    if not mask.any():
        return Found(mask, NotEstimable(NO_PAIR))
    found = measurement.concordance_correlation(
        sample.measurement[mask], sample.truth_measurement[mask], clusters=sample.clusters(mask)
    )
    return Found(mask, found)


def intraclass(sample: Sample, setting: Setting) -> Found:
    """Return ICC(2,1) of measured and true; its F interval knows no patients who come again."""
    mask = paired(sample)
    if not mask.any():
        return Found(mask, NotEstimable(NO_PAIR))
    if sample.repeats(mask):
        return Found(mask, NotEstimable("patients come more than once; the concordance correlation allows for it"))
    return Found(mask, measurement.icc(np.column_stack([sample.measurement[mask], sample.truth_measurement[mask]])))


def relative_limit(name: str) -> Measure:
    """Return the bias of volumes, or a limit of agreement, as a share of the true one: made on the log scale."""

    def of_cases(sample: Sample, setting: Setting) -> Found:
        mask = paired(sample) & (sample.measurement > 0) & (sample.truth_measurement > 0)
        if not mask.any():
            return Found(mask, NotEstimable("no case with a volume above zero and a true one"))
        logs = np.log(sample.measurement[mask]), np.log(sample.truth_measurement[mask])
        found = measurement.bland_altman(*logs, clusters=sample.clusters(mask))
        return Found(mask, found if isinstance(found, NotEstimable) else as_share(getattr(found, name)))

    return of_cases


def as_share(found: Estimate) -> Estimate:
    low, high = float(np.expm1(found.interval.low)), float(np.expm1(found.interval.high))
    return Estimate(
        value=float(np.expm1(found.value)),
        interval=Interval(low, high, found.interval.level),
        cases=found.cases,
        method=f"{found.method}, on the log scale",
    )


METRICS: Mapping[str, Measure] = {
    "bias": limit("bias"),
    "lower_limit": limit("lower"),
    "upper_limit": limit("upper"),
    "mean_absolute_error": absolute_error,
    "concordance": concordance,
    "icc": intraclass,
    "volume_bias": relative_limit("bias"),
    "volume_lower_limit": relative_limit("lower"),
    "volume_upper_limit": relative_limit("upper"),
}
