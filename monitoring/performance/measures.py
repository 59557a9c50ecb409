"""What a metric is: a function of the counted cases of one slice, with what it was taken over. Pure.

A metric that is asked of one class, or at one limit, carries it in brackets: `sensitivity[edema]`,
`minutes_to_reader_within[30]`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

import numpy as np

from monitoring.performance.samples import Sample
from monitoring.statistics import proportions
from monitoring.statistics.inputs import BoolArray
from monitoring.statistics.results import Estimate, NotEstimable

Outcome = Estimate | NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What of the finding the metrics depend on."""

    kind: str
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """An outcome, the cases it was taken over, and how many of them are positive (None: by their truth)."""

    among: BoolArray
    outcome: Outcome
    positives: int | None = None


Measure = Callable[[Sample, Setting], Found]
MeasureOf = Callable[[Sample, Setting, str], Found]


def parsed(metric: str) -> tuple[str, str]:
    """Return a metric's name and what stands in its brackets."""
    name, _, rest = metric.partition("[")
    return (name, rest.removesuffix("]")) if rest.endswith("]") else (metric, "")


def of(name: str, argument: str) -> str:
    return f"{name}[{argument}]"


def number_in(argument: str) -> float | None:
    """Return the number in the brackets, or None where there is none."""
    try:
        found = float(argument)
    except ValueError:
        return None
    return found if isfinite(found) and found >= 0 else None


def no_case(sample: Sample, reason: str) -> Found:
    return Found(np.zeros(sample.size, dtype=np.bool_), NotEstimable(reason))


def proportion(sample: Sample, *, among: BoolArray, success: BoolArray, missing: str) -> Outcome:
    """Return Wilson's interval where every patient counts once, clustered by patient otherwise."""
    if not among.any():
        return NotEstimable(missing)
    hits = success & among
    if not sample.repeats(among):
        return proportions.wilson(int(hits.sum()), int(among.sum()))
    trials = np.bincount(sample.persons[among])
    return proportions.clustered(np.bincount(sample.persons[hits], minlength=trials.size), trials)


def counted_share(sample: Sample, *, among: BoolArray, hits: list[int], trials: list[int], missing: str) -> Outcome:
    """Return a share of things of which a case may hold several (lesions), clustered by patient."""
    if not any(trials):
        return NotEstimable(missing)
    persons = sample.persons[among]
    totals = np.bincount(persons, trials)
    if totals.max() == 1:
        return proportions.wilson(sum(hits), sum(trials))
    return proportions.clustered(np.bincount(persons, hits, minlength=totals.size), totals)
