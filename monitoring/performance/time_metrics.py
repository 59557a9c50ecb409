"""Metrics of times: minutes to a reader and to treatment, and the ranking of times to an event. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from monitoring.performance.measures import Found, Measure, MeasureOf, Setting, number_in, proportion
from monitoring.performance.samples import Sample
from monitoring.statistics import means, quantiles
from monitoring.statistics.inputs import FloatArray
from monitoring.statistics.results import NotEstimable
from monitoring.statistics.survival import concordance_index

WHY_NOT: Mapping[str, str] = {
    "minutes_to_reader": "no case with the times of being available and of being opened",
    "minutes_to_treatment": "no case with the times of being available and of treatment",
}


def waits(sample: Sample, name: str) -> FloatArray:
    return sample.minutes if name == "minutes_to_reader" else sample.minutes_to_treatment


def wait_quantile(name: str, *, share: float) -> Measure:
    def of_cases(sample: Sample, setting: Setting) -> Found:
        values = waits(sample, name)
        mask = ~np.isnan(values)
        if not mask.any():
            return Found(mask, NotEstimable(WHY_NOT[name]))
        return Found(mask, quantiles.quantile(values[mask], share=share, clusters=sample.clusters(mask)))

    return of_cases


def wait_mean(name: str) -> Measure:
    def of_cases(sample: Sample, setting: Setting) -> Found:
        values = waits(sample, name)
        mask = ~np.isnan(values)
        if not mask.any():
            return Found(mask, NotEstimable(WHY_NOT[name]))
        return Found(mask, means.mean(values[mask], clusters=sample.clusters(mask), low=0.0))

    return of_cases


def wait_within(name: str) -> MeasureOf:
    """Return the share of waits that ended within so many minutes; cases whose wait is unknown are left out."""

    def of_limit(sample: Sample, setting: Setting, argument: str) -> Found:
        values, limit = waits(sample, name), number_in(argument)
        mask = ~np.isnan(values)
        if limit is None:
            return Found(mask, NotEstimable(f"{argument!r} is no number of minutes"))
        return Found(mask, proportion(sample, among=mask, success=values <= limit, missing=WHY_NOT[name]))

    return of_limit


def concordance(sample: Sample, setting: Setting) -> Found:
    """Return how well scores rank the times to the event; a negative truth is followed until its last observation."""
    mask = ~np.isnan(sample.score) & ~np.isnan(sample.followed_days) & (sample.truth >= 0)
    if not mask.any():
        return Found(
            mask, NotEstimable("no case with a score and a known time to the event or to the last observation")
        )
    events = sample.truth[mask] == 1
    return Found(
        mask,
        concordance_index(sample.score[mask], sample.followed_days[mask], events, clusters=sample.clusters(mask)),
    )


def followed(sample: Sample, setting: Setting) -> Found:
    """Return the median days that cases without the event were observed."""
    mask = ~np.isnan(sample.followed_days) & (sample.truth == 0)
    if not mask.any():
        return Found(mask, NotEstimable("no case without the event that says until when it was observed"))
    return Found(mask, quantiles.median(sample.followed_days[mask], clusters=sample.clusters(mask)))


METRICS: Mapping[str, Measure] = {
    **{name: wait_quantile(name, share=0.5) for name in WHY_NOT},
    **{f"{name}_p90": wait_quantile(name, share=0.9) for name in WHY_NOT},
    **{f"{name}_mean": wait_mean(name) for name in WHY_NOT},
    "concordance_index": concordance,
    "days_followed": followed,
}
OF_NUMBER: Mapping[str, MeasureOf] = {f"{name}_within": wait_within(name) for name in WHY_NOT}
