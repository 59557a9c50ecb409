"""Placing new values against a frozen reference sample, and how sure that reference is.

A value becomes the normal score of its rank among the reference: no shape is assumed, and one
chart design serves every product. The charts are in `sequential`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from monitoring.statistics.inputs import FloatArray, as_vector
from monitoring.statistics.intervals import beta_interval, two_sided_quantile
from monitoring.statistics.sequential import BernoulliCusum, NormalCusum, bernoulli_cusum, normal_cusum

MOST_OF_ALLOWANCE = 0.8  # the reference's own error may use up this share of a chart's allowance


def normal_scores(values: ArrayLike, *, reference: ArrayLike) -> FloatArray:
    """Return the normal score of each value's place in the reference; ties take the middle place.

    Values beyond the reference get the score of half a case beyond it, so one of them is never infinite.
    """
    known = np.sort(as_vector(reference, name="reference"))
    if not known.size:
        raise ValueError("reference must hold a case")
    new = as_vector(values, name="values")
    below = np.searchsorted(known, new, side="left")
    up_to = np.searchsorted(known, new, side="right")
    place = ((below + up_to) / 2 + 0.5) / (known.size + 1)
    return np.asarray(ndtri(place))


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """How a design allows for its reference: the confidence that the designed rate holds, and what it cost."""

    confidence: float
    allowance: float


def guarded_normal_cusum(
    *, k: float, arl0: float, reference_cases: int, confidence: float
) -> tuple[NormalCusum, Guard]:
    """Return a two-sided chart that holds `arl0` with this confidence although its reference is a sample.

    The mean of the reference's scores is off by at most z/√n with the given confidence, two-sided; the threshold is
    that of a chart whose allowance is smaller by so much (Jones, Champ & Rigdon, J Qual Technol 2004;36:293-308 on the
    price of not doing so). Bounding the mean on both sides leaves room for the spread, which is off too: over random
    references the run length given the reference reaches `arl0` with the confidence (simulated for `normal_scores`).
    A reference so small that its error would use up the allowance gets less, and the guard says how much.
    `reference_cases` are independent cases: patients, not studies.

    Raises:
        ValueError: a reference without cases, a confidence outside (0, 1), a design that `normal_cusum` refuses.
    """
    if reference_cases < 1:
        raise ValueError("reference_cases must be one or more")
    error = two_sided_quantile(confidence) / sqrt(reference_cases)
    most = MOST_OF_ALLOWANCE * k
    allowance = min(error, most)
    base = normal_cusum(k=k - allowance, arl0=arl0, sides=2)
    kept = confidence if error <= most else float(2 * ndtr(most * sqrt(reference_cases)) - 1)
    return NormalCusum(k=k, threshold=base.threshold, sides=2), Guard(confidence=kept, allowance=allowance)


def guarded_bernoulli_cusum(
    *, events: float, trials: int, odds_ratio: float, arl0: float, confidence: float
) -> tuple[BernoulliCusum, Guard]:
    """Return a chart for a rise of a share by an odds ratio that holds `arl0` with this confidence although estimated.

    It is tuned from the upper one-sided Clopper–Pearson bound of the reference at this confidence: the run length given
    the reference reaches `arl0` whenever the bound covers, as it falls with the share. `trials` are independent: for
    patients with several labels give their number and the sum of their shares, which the bound covers too, as a share
    varies less than a yes or no of the same mean.

    Raises:
        ValueError: more events than trials, no trials, an odds ratio not above 1, a confidence not above one half.
    """
    if not 0 <= events <= trials or trials < 1:
        raise ValueError(f"{events} events in {trials} trials")
    if odds_ratio <= 1 or not 0.5 < confidence < 1:
        raise ValueError("odds_ratio must be above 1, confidence between one half and 1")
    bound = beta_interval(events / trials, size=trials, level=2 * confidence - 1).high
    start = min(max(bound, 1e-4), 0.9)
    odds = odds_ratio * start / (1 - start)
    chart = bernoulli_cusum(start, odds / (1 + odds), arl0=arl0)
    return chart, Guard(confidence=confidence, allowance=start - events / trials)
