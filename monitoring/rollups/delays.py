"""How long labels took, counted by delay: what a month keeps of it, a number for each of a few delays. Pure."""

from __future__ import annotations

from bisect import bisect_right
from datetime import timedelta

from monitoring.cases.facts import CountedCase

EDGES = (1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 120, 180, 270, 365, 545, 730)
"""Delays in days that labels are counted by: fewer than 1, 1 to fewer than 2, … and 730 or more."""


def delay_place(case: CountedCase) -> int | None:
    """Return the place of a case's label among the delays; None where nothing is known. One known before is a 0."""
    if case.truth_known_at is None:
        return None
    return bisect_right(EDGES, (case.truth_known_at - case.acquired_at) / timedelta(days=1))
