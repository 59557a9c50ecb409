"""When will a claim be decided, if labels go on arriving as they do and the product goes on as it does? Pure.

The evidence so far, or the claimed figure where there is little, is taken as what
comes: an expectation to plan by, not a promise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil, log

import numpy as np

from monitoring.claims.designs import DAYS_PER_YEAR
from monitoring.claims.evidence import Evidence
from monitoring.claims.judging import Standing, Status, entered
from monitoring.claims.terms import Measure
from monitoring.statistics.ratio_sequences import Weighted, log_capital
from monitoring.statistics.results import NotEstimable

RATE_DAYS = 90
LONGEST_YEARS = 10
ENOUGH_PATIENTS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The time to a conclusion at today's label rate: patients and days still needed, and what was assumed."""

    patients: int
    days: int
    per_day: float
    assumes: str


def expected_conclusion(
    evidence: Evidence, standing: Standing, *, measure: Measure, claimed: float, level: float, now: datetime
) -> Expected | NotEstimable:
    """Return how long until the claim is met or violated, or why nobody can say."""
    if standing.status is not Status.NOT_YET:
        return NotEstimable(f"it is {standing.status.value}")
    since = now - timedelta(days=RATE_DAYS)
    recent = [each for each in evidence.values if each.known_at >= since]
    if not recent:
        return NotEstimable(f"no label that counts has come for {RATE_DAYS} days")
    is_seen = len(evidence.values) >= ENOUGH_PATIENTS
    model = _so_far(evidence) if is_seen else _as_claimed(measure.scaled(claimed))
    needed = patients_to_conclude(model, line=measure.scaled_line, level=level)
    per_day = len(recent) / RATE_DAYS
    if needed is None or (needed - len(evidence.values)) / per_day > LONGEST_YEARS * DAYS_PER_YEAR:
        return NotEstimable(f"more than {LONGEST_YEARS} years: the figure lies too near the line")
    left = max(needed - len(evidence.values), 1)
    assumes = "as it performs so far" if is_seen else "if it performs as claimed"
    return Expected(patients=left, days=ceil(left / per_day), per_day=per_day, assumes=assumes)


def _so_far(evidence: Evidence) -> Weighted:
    found = entered(evidence)
    return replace(found, counts=found.counts[-1:], looks=found.looks[-1:])


def _as_claimed(mean: float) -> Weighted:
    """Return one yes-or-no patient whose mean is the claimed figure: no value in [0, 1] varies more."""
    return Weighted(
        values=np.array([0.0, 1.0]), weights=np.ones(2), counts=np.array([[1 - mean, mean]]), looks=np.array([1])
    )


def patients_to_conclude(model: Weighted, *, line: float, level: float) -> int | None:
    """Return at how many patients like these either bound passes the line; None where a million are not enough."""
    size, limit = float(model.counts.sum()), log(2 / (1 - level))

    def concludes(patients: float) -> bool:
        grown = replace(model, counts=model.counts * patients / size)
        return bool(log_capital(grown, mean=line)[0] >= limit or log_capital(grown.flipped, mean=1 - line)[0] >= limit)

    low, high = 1.0, 2.0
    while not concludes(high):
        low, high = high, high * 2
        if high > 1_000_000:
            return None
    while high - low > max(1.0, high / 500):
        middle = (low + high) / 2
        low, high = (low, middle) if concludes(middle) else (middle, high)
    return ceil(high)
