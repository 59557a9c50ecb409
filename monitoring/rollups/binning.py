"""How scores become bins that can be added up over days and sites.

A probability is binned evenly on its logit, step .02, a raw score evenly over
its range. Round values (three decimals of a probability) have bins of their
own, for these repeat; the threshold in force cuts the bin it falls into. The
name of a bin depends on the score, its threshold and the scale alone, so bins
never need to be made again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import asinh, floor, inf, log10, sinh

import numpy as np

LOGIT_STEP = 0.02
LOGIT_REACH = 16.0
RAW_BINS = 1_000
UNBOUNDED_STEP = 0.01


@dataclass(frozen=True, slots=True)
class Bin:
    """The scores from `low` up to `high`; a single value where the two are equal."""

    low: float
    high: float

    @property
    def is_single(self) -> bool:
        return self.low == self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The edges of one scale; none where the scale has no ends. `decimals` says which values are round."""

    edges: tuple[float, ...]
    decimals: int

    def name_of(self, score: float, *, threshold: float | None) -> str:
        """Return the name of the bin of a score."""
        if round(score, self.decimals) == score and self.within(score):
            return f"={score!r}"
        place = self.place_of(score)
        if threshold is None or threshold == score:
            return f"{place}>{score!r}" if threshold == score else str(place)
        low, high = self.limits(place)
        if not low < threshold < high:
            return str(place)
        return f"{place}>{threshold!r}" if score > threshold else f"{place}<{threshold!r}"

    def within(self, score: float) -> bool:
        return self.edges[0] <= score <= self.edges[-1] if self.edges else abs(score) <= RAW_BINS

    def place_of(self, score: float) -> int:
        return bisect_right(self.edges, score) if self.edges else floor(asinh(score) / UNBOUNDED_STEP)

    def limits(self, place: int) -> tuple[float, float]:
        if not self.edges:
            return sinh(place * UNBOUNDED_STEP), sinh((place + 1) * UNBOUNDED_STEP)
        low = self.edges[place - 1] if place else -inf
        return low, self.edges[place] if place < len(self.edges) else inf

    def bin_of(self, name: str) -> Bin:
        """Return what a bin's name stands for."""
        if name.startswith("="):
            return Bin(float(name[1:]), float(name[1:]))
        for sign in "<>":
            place, found, threshold = name.partition(sign)
            if found:
                low, high = self.limits(int(place))
                return Bin(low, float(threshold)) if sign == "<" else Bin(float(threshold), high)
        return Bin(*self.limits(int(name)))


@lru_cache(maxsize=64)
def scale_of(scale: str, range: tuple[float, float] | None) -> Scale:
    """Return the bins of a finding's scale; `range` is that of a raw score."""
    if scale == "probability":
        logits = np.arange(-LOGIT_REACH, LOGIT_REACH + LOGIT_STEP / 2, LOGIT_STEP)
        grid = 1 / (1 + np.exp(-logits))
        return Scale(edges=merged(grid.tolist(), rounds(0.0, 1.0, decimals=3)), decimals=3)
    if range is None:
        return Scale(edges=(), decimals=0)
    low, high = range
    decimals = max(0, floor(log10(RAW_BINS / (high - low)) + 1e-9))
    grid = np.linspace(low, high, RAW_BINS + 1)
    return Scale(edges=merged(grid.tolist(), rounds(low, high, decimals=decimals)), decimals=decimals)


def rounds(low: float, high: float, *, decimals: int) -> list[float]:
    unit = 10**decimals
    return [round(k / unit, decimals) for k in np.arange(np.ceil(low * unit), np.floor(high * unit) + 1).tolist()]


def merged(grid: Iterable[float], values: Iterable[float]) -> tuple[float, ...]:
    return tuple(sorted({*grid, *values}))


@dataclass(frozen=True, slots=True)
class Column:
    """Bins that cannot be told apart in order, as one; `is_single` where all of it is one value."""

    low: float
    high: float
    is_single: bool
    names: tuple[str, ...]


def columns(names: Iterable[str], *, scale: Scale) -> list[Column]:
    """Return bins in rising order. Bins cut at different thresholds overlap and are joined."""
    placed = sorted(((scale.bin_of(name), name) for name in names), key=lambda each: (each[0].low, each[0].high))
    found: list[Column] = []
    for here, name in placed:
        last = found[-1] if found else None
        if last is not None and here.low < last.high:
            found[-1] = Column(last.low, max(last.high, here.high), False, (*last.names, name))
        else:
            found.append(Column(here.low, here.high, here.is_single, (name,)))
    return found


Counts = Mapping[str, int]
