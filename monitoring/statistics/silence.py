"""Days with too few studies: how improbable so low a count is, given what a feed usually sends.

Counts and expected counts per day in, quiet spells out. Where the expected counts come from, and which
days are over, is decided in monitoring.feeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from monitoring.statistics.inputs import FloatArray, IntArray, as_counts, as_vector, check_same_length


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceDesign:
    """How improbable a spell must be, so that a healthy feed raises one in `arl0` days or fewer.

    Every spell of up to `longest` days that ends on a day is tried, so the level is divided among them:
    the designed rate is an upper bound for feeds as dispersed as the reference.
    """

    arl0: float
    longest: int
    reference_count: float
    dispersion: float

    @property
    def level(self) -> float:
        return 1 / (self.arl0 * self.longest)


class ProbabilityOf(Protocol):
    """The probability of a count as extreme as the one seen."""

    def __call__(self, count: ArrayLike, expected: ArrayLike, *, design: SilenceDesign) -> FloatArray: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietSpell:
    """Days `first` to `last` (0-based, inclusive) with an unusual count; noticed at the end of day `noticed`."""

    first: int
    last: int
    noticed: int
    count: int
    expected: float
    probability: float


def probability_of_so_few(count: ArrayLike, expected: ArrayLike, *, design: SilenceDesign) -> FloatArray:
    """Return P(N ≤ count) where N has mean `expected`, the feed's dispersion and the reference's uncertainty.

    Poisson counts whose rate was estimated from `reference_count` are negative binomial; over-dispersion is added
    in the same way (variance = dispersion × mean + mean²/reference count).
    """
    seen, mean = np.asarray(count, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    extra = max(design.dispersion - 1, 0.0) * mean + mean**2 / max(design.reference_count, 1.0)
    safe = np.maximum(mean, 1e-9)
    size = safe**2 / np.maximum(extra, 1e-12)
    return np.where(mean > 0, special.betainc(size, seen + 1, size / (size + safe)), 1.0)


def quiet_spells(counts: ArrayLike, expected: ArrayLike, *, design: SilenceDesign) -> tuple[QuietSpell, ...]:
    """Return the spells that are too quiet, in order; spells that touch are one, told by its least probable days."""
    return improbable_spells(counts, expected, design=design, probability_of=probability_of_so_few)


def improbable_spells(
    counts: ArrayLike, expected: ArrayLike, *, design: SilenceDesign, probability_of: ProbabilityOf
) -> tuple[QuietSpell, ...]:
    """Return the spells whose probability is below the design's level, in order; spells that touch are one."""
    seen = as_counts(counts, name="counts")
    usual = as_vector(expected, name="expected")
    check_same_length(counts=seen, expected=usual)
    if not seen.size:
        return ()
    probability = _probabilities(seen, usual, design=design, probability_of=probability_of)
    alarmed = np.flatnonzero((probability < design.level).any(axis=1))
    groups = np.split(alarmed, np.flatnonzero(np.diff(alarmed) > 1) + 1) if alarmed.size else []
    return tuple(_spell(days, probability, seen=seen, usual=usual) for days in groups)


def _probabilities(
    seen: FloatArray, usual: FloatArray, *, design: SilenceDesign, probability_of: ProbabilityOf
) -> FloatArray:
    """Return day × length − 1: the probability of such a count in the spell of that length that ends there."""
    total = np.concatenate([[0.0], np.cumsum(seen)])
    mean = np.concatenate([[0.0], np.cumsum(usual)])
    ends = np.arange(1, seen.size + 1)
    starts = ends[:, None] - np.arange(1, design.longest + 1)[None, :]
    inside = starts >= 0
    starts = np.maximum(starts, 0)
    found = probability_of(total[ends][:, None] - total[starts], mean[ends][:, None] - mean[starts], design=design)
    return np.where(inside, found, 1.0)


def _spell(days: IntArray, probability: FloatArray, *, seen: FloatArray, usual: FloatArray) -> QuietSpell:
    rows = probability[days]
    day, length = np.unravel_index(int(np.argmin(rows)), rows.shape)
    last = int(days[day])
    first = last - int(length)
    return QuietSpell(
        first=first,
        last=last,
        noticed=int(days[0]),
        count=int(seen[first : last + 1].sum()),
        expected=float(usual[first : last + 1].sum()),
        probability=float(rows[day, length]),
    )


def dispersion_of(counts: ArrayLike, expected: ArrayLike) -> float:
    """Return Pearson's dispersion of counts around their expectation; 1 is Poisson, and never less than 1."""
    seen, usual = as_counts(counts, name="counts"), as_vector(expected, name="expected")
    used = usual > 0
    if used.sum() < 8:
        return 1.0
    squares = ((seen[used] - usual[used]) ** 2 / usual[used]).sum()
    return max(1.0, float(squares / max(int(used.sum()) - 7, 1)))
