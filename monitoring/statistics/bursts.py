"""Days with too many events: how improbable so high a count is, given how often they usually happen.

The mirror image of `silence`: counts and expected counts per day in, crowded spells out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from monitoring.statistics.inputs import FloatArray
from monitoring.statistics.silence import QuietSpell, SilenceDesign, improbable_spells

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
    return improbable_spells(counts, expected, design=design, probability_of=probability_of_so_many)
