"""A year of labels of a product that is as good as claimed: single ones, several a patient, or a drawn sample.

What the benchmark of daily looks and its small tests share. Days are looks: after each, everything so far is judged.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitoring.statistics.intervals import wilson_interval

DAYS, LABELS_A_DAY = 365, 20
CORRELATION = 0.35  # between labels of one patient

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PatientYear:
    """Right calls and labels of each patient in order, and the number of patients known at the end of each day."""

    right: Floats
    labels: Floats
    known: NDArray[np.int64]


def single_labels(generator: np.random.Generator, *, share: float) -> PatientYear:
    count = DAYS * LABELS_A_DAY
    right = (generator.random(count) < share).astype(float)
    return PatientYear(right=right, labels=np.ones(count), known=np.arange(1, DAYS + 1) * LABELS_A_DAY)


def several_a_patient(generator: np.random.Generator, *, share: float, least: int, most: int) -> PatientYear:
    """Return patients with `least` to `most` labels each, some twenty labels a day, correlated within a patient."""
    per_day = max(1, round(LABELS_A_DAY / ((least + most) / 2)))
    count, spread = DAYS * per_day, 1 / CORRELATION - 1
    labels = generator.integers(least, most + 1, size=count)
    own = generator.beta(share * spread, (1 - share) * spread, size=count)
    right = generator.binomial(labels, own).astype(float)
    return PatientYear(right=right, labels=labels.astype(float), known=np.arange(1, DAYS + 1) * per_day)


def drawn_labels(generator: np.random.Generator, *, share: float, least: float) -> Floats:
    """Return y/π of a year's cases, 0 where not drawn: a fifth surely drawn and often wrong, the others with `least`.

    The mean over all cases is `share`; values lie within [0, 1 / least].
    """
    count = DAYS * LABELS_A_DAY
    is_hard = generator.random(count) < 0.2
    right = generator.random(count) < np.where(is_hard, share - 0.2, share + 0.05)
    probability = np.where(is_hard, 1.0, least)
    return np.where(generator.random(count) < probability, right / probability, 0.0)


def wilson_misses(year: PatientYear, *, share: float, level: float = 0.95) -> tuple[bool, bool]:
    """Return whether a naive interval of all labels leaves the share out at some look, and whether it lies below it."""
    right, labels = (np.cumsum(each)[year.known - 1] for each in (year.right, year.labels))
    intervals = [wilson_interval(r / n, size=n, level=level) for r, n in zip(right, labels, strict=True)]
    below = any(each.high < share for each in intervals)
    return below or any(each.low > share for each in intervals), below
