"""Days with too many events: how improbable so high a count is, given how often they usually happen.

The mirror image of `silence`: counts and expected counts per day in, crowded spells out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from monitoring.statistics.inputs import FloatArray, IntArray, as_counts, as_vector, check_same_length
from monitoring.statistics.silence import QuietSpell, SilenceDesign

CrowdedSpell = QuietSpell  # the same fields: first, last, noticed, count, expected, probability


def probability_of_so_many(count: ArrayLike, expected: ArrayLike, *, design: SilenceDesign) -> FloatArray:
    """Return P(N ≥ count), N a negative binomial with mean `expected` as in `silence.probability_of_so_few`.

    With a dispersion of 1 this is the predictive probability of a Poisson count whose rate was estimated from
    `reference_count` events (Gelman et al., Bayesian Data Analysis, 3rd ed., 2.6).
    """
    seen, mean = np.asarray(count, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    safe = np.maximum(mean, 1e-9)
    extra = max(design.dispersion - 1, 0.0) * safe + safe**2 / max(design.reference_count, 0.5)
    size = safe**2 / np.maximum(extra, 1e-12)
    return np.where(seen > 0, special.betainc(np.maximum(seen, 1e-9), size, safe / (size + safe)), 1.0)


def crowded_spells(counts: ArrayLike, expected: ArrayLike, *, design: SilenceDesign) -> tuple[CrowdedSpell, ...]:
    """Return the spells with too many, in order; spells that touch are one, told by its least probable days."""
    seen = as_counts(counts, name="counts")
    usual = as_vector(expected, name="expected")
    check_same_length(counts=seen, expected=usual)
    if not seen.size:
        return ()
    probability = _probabilities(seen, usual, design=design)
    alarmed = np.flatnonzero((probability < design.level).any(axis=1))
    groups = np.split(alarmed, np.flatnonzero(np.diff(alarmed) > 1) + 1) if alarmed.size else []
    return tuple(_spell(days, probability, seen=seen, usual=usual) for days in groups)


def _probabilities(seen: FloatArray, usual: FloatArray, *, design: SilenceDesign) -> FloatArray:
    total = np.concatenate([[0.0], np.cumsum(seen)])
    mean = np.concatenate([[0.0], np.cumsum(usual)])
    ends = np.arange(1, seen.size + 1)
    starts = ends[:, None] - np.arange(1, design.longest + 1)[None, :]
    inside = starts >= 0
    starts = np.maximum(starts, 0)
    found = probability_of_so_many(
        total[ends][:, None] - total[starts], mean[ends][:, None] - mean[starts], design=design
    )
    return np.where(inside, found, 1.0)


def _spell(days: IntArray, probability: FloatArray, *, seen: FloatArray, usual: FloatArray) -> CrowdedSpell:
    rows = probability[days]
    day, length = np.unravel_index(int(np.argmin(rows)), rows.shape)
    last = int(days[day])
    first = last - int(length)
    return CrowdedSpell(
        first=first,
        last=last,
        noticed=int(days[0]),
        count=int(seen[first : last + 1].sum()),
        expected=float(usual[first : last + 1].sum()),
        probability=float(rows[day, length]),
    )
