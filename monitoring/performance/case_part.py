"""The figures of one slice from its cases as columns: exact counts, exact intervals, an area from bins. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from monitoring.performance.metrics import NO_SCORE
from monitoring.performance.parts import CHOSEN, MOST_LEFT_OPEN, NO_TRUTH, Area, Share, exact_words
from monitoring.rollups.binning import Scale, binned
from monitoring.rollups.columns import KNOWN_STANDARDS
from monitoring.statistics import proportions, roc
from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.statistics.roc_ranges import auc_from_ranges

Classes = NDArray[np.int8]
Mask = NDArray[np.bool_]


@dataclass(kw_only=True, eq=False)
class CasePart:
    """Counted cases; `truth` and `decision` are 1, 0 and −1 for anything else, `score` NaN where there is none."""

    truth: Classes
    decision: Classes
    standard: NDArray[np.int8]
    score: NDArray[np.float64]
    persons: NDArray[np.uint64]
    scale: Scale
    exact: bool = False

    def at(self, chosen: NDArray[np.int64]) -> CasePart:
        """Return the cases at these places."""
        return CasePart(
            truth=self.truth[chosen],
            decision=self.decision[chosen],
            standard=self.standard[chosen],
            score=self.score[chosen],
            persons=self.persons[chosen],
            scale=self.scale,
            exact=self.exact,
        )

    @property
    def size(self) -> int:
        return int(self.truth.size)

    @cached_property
    def patients(self) -> NDArray[np.int64] | None:
        """The patient of each case as a number, or None where every patient comes once."""
        known, numbers = np.unique(self.persons, return_inverse=True)
        return numbers.astype(np.int64) if known.size < self.size else None

    def share(self, metric: str) -> Share:
        chosen, success = CHOSEN[metric]
        among = chosen(self)
        hits = among & success(self)
        trials = int(np.count_nonzero(among))
        return Share(
            trials=trials,
            hits=int(np.count_nonzero(hits)),
            positives=int(np.count_nonzero(self.truth[among] == 1)),
            reference=self.reference(among),
            outcome=self._share_outcome(among, hits) if trials else None,
        )

    def _share_outcome(self, among: Mask, hits: Mask) -> Estimate | NotEstimable:
        """Return Wilson's interval where every patient counts once, clustered by patient otherwise."""
        if self.patients is not None:
            trials = np.bincount(self.patients[among])
            if trials.max() > 1:
                return proportions.clustered(np.bincount(self.patients[hits], minlength=trials.size), trials)
        return proportions.wilson(int(np.count_nonzero(hits)), int(np.count_nonzero(among)))

    def reference(self, among: Mask) -> dict[str, int]:
        numbers = np.bincount(self.standard[among], minlength=1)
        return {KNOWN_STANDARDS[code]: int(n) for code, n in enumerate(numbers.tolist()) if n and code}

    @cached_property
    def scored(self) -> Mask:
        return ~np.isnan(self.score)

    def area(self) -> Area:
        among = self.scored & (self.truth >= 0)
        if self.size and not self.scored.any():
            return Area(outcome=NotEstimable(NO_SCORE))
        if not among.any():
            return Area(outcome=NotEstimable(NO_TRUTH))
        outcome, bounds = (self._exact_area(among), None) if self.exact else self._binned_area(among)
        return Area(
            outcome=outcome,
            bounds=bounds,
            positives=int(np.count_nonzero(self.truth[among] == 1)),
            reference=self.reference(among),
        )

    def _exact_area(self, among: Mask) -> Estimate | NotEstimable:
        return roc.auc(self.score[among], self.truth[among] == 1, clusters=self._clusters(among))  # type: ignore[arg-type] # keys as an array

    def _clusters(self, among: Mask) -> NDArray[np.int64] | None:
        if self.patients is None:
            return None
        chosen = self.patients[among]
        return chosen if np.bincount(chosen).max() > 1 else None

    def _binned_area(self, among: Mask) -> tuple[Estimate | NotEstimable, tuple[float, float] | None]:
        """Return the area from bins with what they leave open; from the rows where that is too much."""
        bins = binned(
            self.score[among],
            truth=self.truth[among].astype(np.int64),
            flagged=self.decision[among] == 1,
            scale=self.scale,
        )
        found = auc_from_ranges(bins["low"], bins["high"], bins["negative"], bins["positive"])
        if isinstance(found, NotEstimable):
            return found, None
        left_open = found.upper_bound - found.lower_bound
        if left_open >= MOST_LEFT_OPEN:
            return exact_words(self._exact_area(among), left_open=left_open), None
        bounds = (found.lower_bound, found.upper_bound)
        clusters = self._clusters(among)
        if clusters is None:
            return found, bounds
        exact = roc.auc(self.score[among], self.truth[among] == 1, clusters=clusters)  # type: ignore[arg-type]
        if isinstance(exact, NotEstimable):
            return exact, None
        return Estimate(value=found.value, interval=exact.interval, cases=found.cases, method=exact.method), bounds
