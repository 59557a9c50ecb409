"""How well scores rank times to an event, some of which were never seen to happen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from monitoring.statistics.areas import ClassSizes, area_interval
from monitoring.statistics.inputs import FloatArray, as_codes, as_labels, as_vector, check_level, check_same_length
from monitoring.statistics.results import Estimate, NotEstimable


def concordance_index(
    scores: ArrayLike,
    times: ArrayLike,
    events: ArrayLike,
    *,
    clusters: Sequence[Any] | None = None,
    level: float = 0.95,
) -> Estimate | NotEstimable:
    """Return Harrell's C: the chance that of two cases the one with the earlier event has the higher score.

    `events` is 1 where the event happened at `times`, 0 where follow-up ended there without it; a pair counts when
    the earlier time is an event. Tied scores count one half. Assumes that follow-up ends independently of the score,
    and independent cases or, with clusters, patients: infinitesimal jackknife, interval as for an area. Time grows
    with n². No pair: NotEstimable. Source: Harrell, Lee & Mark, Stat Med 1996;15:361-387.
    """
    risk, ends = as_vector(scores, name="scores"), as_vector(times, name="times")
    happened = as_labels(events, name="events")
    size = check_same_length(scores=risk, times=ends, events=happened)
    check_level(level)
    if (ends < 0).any():
        raise ValueError("times must not be negative")
    codes = np.arange(size) if clusters is None else as_codes(clusters, name="clusters", length=size)
    wins, pairs = np.zeros(size), np.zeros(size)
    for place in np.flatnonzero(happened):
        later = (ends > ends[place]) | ((ends == ends[place]) & ~happened)
        won = later * ((risk < risk[place]) + 0.5 * (risk == risk[place]))
        wins[place] += won.sum()
        pairs[place] += later.sum()
        wins += won
        pairs += later
    if not pairs.any():
        return NotEstimable("no event was seen before the end of another case's follow-up")
    value = float(wins.sum() / pairs.sum())
    variance = _variance(wins, pairs, value=value, codes=codes)
    with_event = float(np.unique(codes[happened]).size)
    together = float(np.unique(codes).size)
    sizes = ClassSizes(positives=with_event, negatives=max(1.0, together - 1), together=together)
    interval, words = area_interval(value, variance=variance, sizes=sizes, scale="logit", level=level)
    return Estimate(value=value, interval=interval, cases=size, method=f"Harrell's C, {words}")


def _variance(wins: FloatArray, pairs: FloatArray, *, value: float, codes: Any) -> float:
    parts = np.bincount(codes, wins - value * pairs) * 2 / pairs.sum()
    count = parts.size
    return float(count / (count - 1) * (parts**2).sum()) if count > 1 else 0.0
