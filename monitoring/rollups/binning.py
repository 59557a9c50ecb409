"""How scores become bins that can be added up over months, sites and versions. Pure.

The grid of a finding follows from its scale alone, which is fixed when it is registered, so no bin is ever
made again: a probability is cut evenly on its logit, a raw score evenly over its range. Within a row of sums a
value that comes again, or is round, has a bin of its own; what is left of a grid cell is parted by the call,
so the threshold in force is an edge wherever it lies; and a bin says which values it really held.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import floor, log10

import numpy as np
from numpy.typing import NDArray

DESIGN = 3
"""The number of this design of the sums. A follower that finds another one makes everything again."""

LOGIT_STEP = 0.005
LOGIT_REACH = 16.0
RAW_BINS = 4_000
ROUND_VALUES = 1_000
UNBOUNDED_STEP = 0.005
COARSE_STEP = 0.25
COARSE_BINS = 64

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The grid of one scale: a `probability`, or a raw score over its range, or one without ends."""

    kind: str
    low: float
    high: float
    decimals: int

    @property
    def words(self) -> str:
        """What the bins are, for a person."""
        own = "values that come again or are round have bins of their own, thresholds in force are edges"
        if self.kind == "probability":
            return f"even on the logit, step {LOGIT_STEP}; {own}"
        if self.kind == "range":
            return f"{RAW_BINS} even ones from {self.low:g} to {self.high:g}; {own}"
        return f"even on the inverse hyperbolic sine, step {UNBOUNDED_STEP}; {own}"

    def cells(self, scores: Floats) -> Ints:
        """Return the grid cell of each score."""
        return np.floor(self._spread(scores)).astype(np.int64)

    def coarse(self, scores: Floats) -> Ints:
        """Return the coarse bin of each score, which intervals of patients are taken from."""
        if self.kind == "range":
            places = (scores - self.low) / (self.high - self.low) * COARSE_BINS
        else:
            step = LOGIT_STEP if self.kind == "probability" else UNBOUNDED_STEP
            places = self._spread(scores) * step / COARSE_STEP + COARSE_BINS / 2
        return np.clip(np.floor(places), 0, COARSE_BINS - 1).astype(np.int64)

    def are_round(self, scores: Floats) -> Bools:
        """Return which scores are round values of the scale."""
        inside = np.abs(scores) <= ROUND_VALUES if self.kind == "open" else (scores >= self.low) & (scores <= self.high)
        return inside & (np.round(scores, self.decimals) == scores)

    def _spread(self, scores: Floats) -> Floats:
        if self.kind == "range":
            return np.asarray((scores - self.low) / (self.high - self.low) * RAW_BINS)
        if self.kind == "open":
            return np.asarray(np.arcsinh(scores) / UNBOUNDED_STEP)
        inside = np.clip(scores, 1e-12, 1 - 1e-12)
        logits = np.clip(np.log(inside / (1 - inside)), -LOGIT_REACH, LOGIT_REACH)
        # What lies outside of a probability's ends still has its order.
        return np.asarray((logits + np.minimum(scores, 0) + np.maximum(scores - 1, 0)) / LOGIT_STEP)


@lru_cache(maxsize=64)
def scale_of(scale: str, range: tuple[float, float] | None) -> Scale:
    """Return the grid of a finding's scale; `range` is that of a raw score."""
    if scale == "probability":
        return Scale(kind="probability", low=0.0, high=1.0, decimals=3)
    if range is None or not range[0] < range[1]:
        return Scale(kind="open", low=0.0, high=0.0, decimals=0)
    low, high = range
    decimals = max(0, floor(log10(ROUND_VALUES / (high - low)) + 1e-9))
    return Scale(kind="range", low=low, high=high, decimals=decimals)


BIN = np.dtype([("low", "<f8"), ("high", "<f8"), ("negative", "<u4"), ("positive", "<u4"), ("other", "<u4")])
"""One bin: the least and the largest score it held, and how many cases of each truth. One value: low = high."""

Bins = NDArray[np.void]


def binned(scores: Floats, *, truth: Ints, flagged: Bools, scale: Scale) -> Bins:
    """Return the bins of scores, in order; `truth` is 1, 0 or anything else for not known."""
    if not scores.size:
        return np.empty(0, dtype=BIN)
    values, place, again = np.unique(scores, return_inverse=True, return_counts=True)
    called = np.zeros(values.size, dtype=np.bool_)
    called[place] = flagged  # a value that comes once has one call
    groups = _groups(values, own=(again > 1) | scale.are_round(values), called=called, scale=scale)
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    found = np.empty(starts.size, dtype=BIN)
    found["low"] = np.minimum.reduceat(values[order], starts)
    found["high"] = np.maximum.reduceat(values[order], starts)
    bin_of = groups[place]
    for name, chosen in (("negative", truth == 0), ("positive", truth == 1), ("other", (truth != 0) & (truth != 1))):
        found[name] = np.bincount(bin_of[chosen], minlength=starts.size)
    return found[np.lexsort((found["high"], found["low"]))]


def _groups(values: Floats, *, own: Bools, called: Bools, scale: Scale) -> Ints:
    """Return the bin of each distinct value: its own, or that of its grid cell and call. Numbers are dense."""
    cells = scale.cells(values)
    keys = (cells - cells.min()) * 2 + called
    alone = np.arange(values.size) + int(keys.max()) + 1
    return np.unique(np.where(own, alone, keys), return_inverse=True)[1].astype(np.int64)


def together(parts: list[Bins]) -> Bins:
    """Return the bins of several rows as one, in order; those with the same ends are added."""
    every = np.concatenate(parts) if parts else np.empty(0, dtype=BIN)
    every = every[np.lexsort((every["high"], every["low"]))]
    if not every.size:
        return every
    starts = np.flatnonzero(np.concatenate(([True], (np.diff(every["low"]) != 0) | (np.diff(every["high"]) != 0))))
    found = every[starts].copy()
    for name in ("negative", "positive", "other"):
        found[name] = np.add.reduceat(every[name], starts)
    return found
