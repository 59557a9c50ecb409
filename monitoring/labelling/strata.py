"""Cases that are alike before their label is known: by decision, score band, reader and site. Pure.

The cut is coarsened until each stratum can have its floor within the budget; the decision is never given up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np

from monitoring.statistics.planning import PlannedStratum

BANDS = {True: (0.5,), False: (0.5, 0.8)}  # quantiles of the scores among flagged and unflagged cases
COARSER = (("site", "reader", "band"), ("reader", "band"), ("band",), ())
MOST_STRATA = 40
SHARE_FOR_FLOORS = 0.8  # of the budget, so that something is left to go where it tells most
PRIOR_CASES = 4  # a stratum with few labels borrows so many from all of its decision
USUAL_SHARE = {True: 0.5, False: 0.02}  # of flagged and unflagged cases with the finding, where nobody knows
LEAST_SHARE = 0.002  # no guess is so sure that nothing needs to be drawn


class Candidate(NamedTuple):
    """A counted case as it stood when the plan was made. `reader` agrees with the AI, differs, or has not read."""

    inference_id: int
    region: str
    deployment: str
    site: str
    study: str
    person: str
    acquired_at: datetime
    decision: str
    score: float | None
    reader: str
    truth: str

    @property
    def is_flagged(self) -> bool:
        return self.decision == "positive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """Alike cases. `waiting` have no label; of the `labelled` ones, `diseased` have the finding; `guess` is a share."""

    is_flagged: bool
    band: tuple[float, float] | None
    reader: str
    site: str
    waiting: tuple[Candidate, ...]
    labelled: int
    diseased: int
    guess: float
    score: float | None

    @property
    def size(self) -> int:
        return len(self.waiting)

    def planned(self, *, drawn: int) -> list[PlannedStratum]:
        """Return what a plan knows of it: the waiting part, and the labelled part, which counts whole."""
        known = self.diseased / self.labelled if self.labelled else self.guess
        return [
            PlannedStratum(size=self.size, drawn=drawn, flagged=self.is_flagged, diseased=self.guess, score=self.score),
            PlannedStratum(
                size=self.labelled, drawn=self.labelled, flagged=self.is_flagged, diseased=known, score=self.score
            ),
        ]


def stratify(candidates: Sequence[Candidate], *, budget: int, floor: int) -> list[Stratum]:
    """Return the finest strata whose floors leave some of the budget free, in a fixed order."""
    edges = {flagged: band_edges(candidates, flagged=flagged) for flagged in (True, False)}
    groups: dict[tuple[object, ...], list[Candidate]] = {}
    for names in COARSER:
        groups = grouped(candidates, names=names, edges=edges)
        waiting = sum(any(not each.truth for each in members) for members in groups.values())
        if waiting <= MOST_STRATA and waiting * floor <= SHARE_FOR_FLOORS * budget:
            break
    shares = {flagged: share_of(candidates, flagged=flagged) for flagged in (True, False)}
    return [stratum_of(key, groups[key], edges=edges, shares=shares) for key in sorted(groups, key=str)]


def band_edges(candidates: Sequence[Candidate], *, flagged: bool) -> tuple[float, ...]:
    scores = [each.score for each in candidates if each.score is not None and each.is_flagged == flagged]
    return tuple(sorted({float(edge) for edge in np.quantile(scores, BANDS[flagged])})) if scores else ()


def grouped(
    candidates: Sequence[Candidate], *, names: tuple[str, ...], edges: dict[bool, tuple[float, ...]]
) -> dict[tuple[object, ...], list[Candidate]]:
    found: dict[tuple[object, ...], list[Candidate]] = defaultdict(list)
    for each in candidates:
        band = -1
        if "band" in names and each.score is not None:
            band = int(np.searchsorted(edges[each.is_flagged], each.score, side="right"))
        reader, site = each.reader if "reader" in names else "", each.site if "site" in names else ""
        found[(each.is_flagged, band, reader, site)].append(each)
    return found


def share_of(candidates: Sequence[Candidate], *, flagged: bool) -> float:
    known = [each.truth == "positive" for each in candidates if each.truth and each.is_flagged == flagged]
    return (sum(known) + USUAL_SHARE[flagged]) / (len(known) + 1)


def stratum_of(
    key: tuple[object, ...],
    members: Sequence[Candidate],
    *,
    edges: dict[bool, tuple[float, ...]],
    shares: dict[bool, float],
) -> Stratum:
    flagged, band, reader, site = bool(key[0]), int(str(key[1])), str(key[2]), str(key[3])
    known = [each.truth == "positive" for each in members if each.truth]
    scores = [each.score for each in members if each.score is not None]
    guess = (sum(known) + PRIOR_CASES * shares[flagged]) / (len(known) + PRIOR_CASES)
    return Stratum(
        is_flagged=flagged,
        band=ends_of(band, edges=edges[flagged]),
        reader=reader,
        site=site,
        waiting=tuple(sorted(each for each in members if not each.truth)),
        labelled=len(known),
        diseased=sum(known),
        guess=min(1 - LEAST_SHARE, max(LEAST_SHARE, guess)),
        score=float(np.mean(scores)) if scores else None,
    )


def ends_of(band: int, *, edges: tuple[float, ...]) -> tuple[float, float] | None:
    """Return the ends of a score band; ±infinity is said as ±1e308, which JSON can hold."""
    if band < 0 or not edges:
        return None
    ends = (-1e308, *edges, 1e308)
    return ends[band], ends[band + 1]
