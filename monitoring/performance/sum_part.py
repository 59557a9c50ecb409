"""The figures of one slice from sums alone, for more cases than a page should read: their cost does not grow. Pure.

Counts are exact. Intervals come from buckets of patients, for sums do not know whether a patient comes again;
where buckets hold too few cases the rows are asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.performance.case_part import CasePart
from monitoring.performance.metrics import NO_SCORE
from monitoring.performance.parts import CHOSEN, MOST_LEFT_OPEN, NO_TRUTH, Area, Share
from monitoring.rollups.binning import COARSE_BINS, Bins, together
from monitoring.rollups.columns import (
    BUCKETS,
    DECISION_AT,
    KNOWN_STANDARDS,
    NEGATIVE,
    POSITIVE,
    STANDARD_AT,
    TRUTH_AT,
    field,
)
from monitoring.rollups.summing import BUCKET_AT, COARSE_AT, Counts, Sums, added
from monitoring.statistics.patient_buckets import auc_from_buckets, share_from_buckets
from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.statistics.roc_ranges import auc_from_ranges

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class States:
    """Truth and decision, each 1, 0 or −1 for anything else, with how many cases have them."""

    truth: Numbers
    decision: Numbers
    cases: Numbers


class SumPart:
    """The sums of a slice, and the way to its rows where they do not say enough."""

    def __init__(self, sums: list[Sums], *, rows: Callable[[], CasePart]) -> None:
        self.tallies = added([each.tallies for each in sums])
        self.buckets = added([each.buckets for each in sums])
        self.bins: Bins = together([each.bins for each in sums])
        self.rows = rows
        codes = self.tallies["code"]
        self.states = states_of(field(codes, TRUTH_AT), field(codes, DECISION_AT), self.tallies)
        self.standard = field(codes, STANDARD_AT, bits=5)
        codes = self.buckets["code"]
        self.bucket = (codes >> BUCKET_AT).astype(np.int64)
        self.in_buckets = states_of(field(codes, 0), field(codes, 3), self.buckets)

    def share(self, metric: str) -> Share:
        among, success = CHOSEN[metric]
        chosen = among(self.states)
        cases, right = self.states.cases * chosen, chosen & success(self.states)
        trials, hits = int(cases.sum()), int(self.states.cases[right].sum())
        outcome = self._share_outcome(metric) if trials else None
        return Share(
            trials=trials,
            hits=hits,
            positives=int(cases[self.states.truth == 1].sum()),
            reference=self._reference(chosen),
            outcome=outcome,
        )

    def _share_outcome(self, metric: str) -> Estimate | NotEstimable | None:
        among, success = CHOSEN[metric]
        chosen = among(self.in_buckets)
        right = chosen & success(self.in_buckets)
        found = share_from_buckets(self._by_bucket(right), self._by_bucket(chosen))
        return found if isinstance(found, Estimate) else self.rows().share(metric).outcome

    def _by_bucket(self, chosen: NDArray[np.bool_]) -> NDArray[Any]:
        weights = self.in_buckets.cases[chosen]
        return np.bincount(self.bucket[chosen], weights=weights, minlength=BUCKETS)

    def reference_of(self, metric: str) -> dict[str, int]:
        """Return how many of a rate's cases have their truth by each standard."""
        return self._reference(CHOSEN[metric][0](self.states))

    def _reference(self, chosen: NDArray[np.bool_]) -> dict[str, int]:
        numbers = np.bincount(self.standard[chosen], weights=self.states.cases[chosen], minlength=1)
        return {KNOWN_STANDARDS[code]: int(n) for code, n in enumerate(numbers.tolist()) if n and code}

    def area(self) -> Area:
        if self.states.cases.sum() and not self.bins.size:
            return Area(outcome=NotEstimable(NO_SCORE))
        bins = self.bins
        if not (bins["negative"].sum() + bins["positive"].sum()):
            return Area(outcome=NotEstimable(NO_TRUTH))
        found = auc_from_ranges(bins["low"], bins["high"], bins["negative"], bins["positive"])
        is_open = isinstance(found, Estimate) and found.upper_bound - found.lower_bound >= MOST_LEFT_OPEN
        if isinstance(found, NotEstimable) or is_open:
            return self.rows().area()
        outcome = auc_from_buckets(*self._areas_by_bucket(), value=found.value)
        if isinstance(outcome, NotEstimable):
            return self.rows().area()
        scored = (self.tallies["code"] & 1).astype(np.bool_)
        return Area(
            outcome=outcome,
            positives=int(bins["positive"].sum()),
            reference=self._reference(scored & (self.states.truth >= 0)),
            bounds=(found.lower_bound, found.upper_bound),
        )

    def _areas_by_bucket(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return negatives and positives by bucket (rows) and coarse bin (columns)."""
        coarse = ((self.buckets["code"] >> COARSE_AT) & 127).astype(np.int64)
        place, size = self.bucket * COARSE_BINS + coarse, BUCKETS * COARSE_BINS
        counts = []
        for truth in (0, 1):
            chosen = (coarse < COARSE_BINS) & (self.in_buckets.truth == truth)
            weights = self.in_buckets.cases[chosen]
            counts.append(np.bincount(place[chosen], weights=weights, minlength=size).reshape(BUCKETS, COARSE_BINS))
        return counts[0], counts[1]


def states_of(truth: Numbers, decision: Numbers, counts: Counts) -> States:
    return States(truth=yes_or_no(truth), decision=yes_or_no(decision), cases=counts["cases"].astype(np.int64))


def yes_or_no(codes: Numbers) -> Numbers:
    return np.where(codes == POSITIVE, 1, np.where(codes == NEGATIVE, 0, -1))
