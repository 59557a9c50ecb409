"""Today's cases against those a version was developed on: shares, a standardised difference, who is outside. Pure.

With many cases every difference is significant; what counts is how large it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import special

from monitoring.statistics.inputs import FloatArray
from monitoring.statistics.proportions import wilson
from monitoring.statistics.results import Estimate, NotEstimable, TestResult

ALIKE, FAR = 0.1, 0.25  # Austin, Stat Med 2009;28:3083-3107; Imbens & Rubin 2015, section 14.2
OTHER, UNKNOWN = "other", "unknown"
LEAST_TO_TEST = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRow:
    """One value: its share among those the version was developed on and among today's; None where not told."""

    value: str
    developed: float | None
    today: Estimate | NotEstimable
    is_outside: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One dimension: how far today's cases are from the development population.

    `distance` is the standardised difference; `outside` the share of cases with a value that development had not.
    Where values are hidden and added up (`is_coarse`) the distance is a lower bound, and nobody is told outside.
    """

    dimension: str
    rows: tuple[ShareRow, ...]
    distance: float | NotEstimable
    test: TestResult | NotEstimable
    outside: Estimate | NotEstimable
    unknown: int
    cases: int
    is_coarse: bool = False

    @property
    def state(self) -> str:
        if isinstance(self.distance, NotEstimable):
            return "unknown"
        if self.distance >= FAR:
            return "act"
        if self.is_coarse:
            return "unknown"
        return "watch" if self.distance >= ALIKE else "ok"

    @property
    def verdict(self) -> str:
        words = {"act": "clearly different", "watch": "somewhat different", "ok": "much alike"}
        return words.get(self.state, "cannot be said")


def shift_of(dimension: str, counts: Mapping[str, int], *, developed: Mapping[str, float], size: int | None) -> Shift:
    """Return how today's counts of one dimension compare with the development shares.

    Cases whose value is not known are counted apart. What development shares leave out is "other". `size` is
    how many cases the shares are of; without it they are taken as exact.
    """
    known = {value: number for value, number in counts.items() if value != UNKNOWN}
    total = sum(known.values())
    inside = {value for value, share in developed.items() if share > 0}
    if 1 - sum(developed.values()) > 0.005:
        inside.add(OTHER)
    out = sum(number for value, number in known.items() if value not in inside)
    rows = tuple(
        ShareRow(
            value=value,
            developed=developed.get(value),
            today=wilson(known.get(value, 0), total),
            is_outside=value not in inside,
        )
        for value in [*developed, *(each for each in known if each not in developed)]
    )
    today, then = vectors(known, developed=developed)
    return Shift(
        dimension=dimension,
        rows=rows,
        distance=standardised_difference(today / total, then) if total else NotEstimable("no case in this window"),
        test=chi_square(today, then, size=size),
        outside=wilson(out, total),
        unknown=counts.get(UNKNOWN, 0),
        cases=total,
    )


def vectors(known: Mapping[str, int], *, developed: Mapping[str, float]) -> tuple[FloatArray, FloatArray]:
    """Return today's counts and the development shares over the same values."""
    values = list(dict.fromkeys([*developed, *known]))
    rest = max(0.0, 1 - sum(developed.values()))
    then = np.array([developed.get(value, 0.0) for value in values])
    today = np.array([known.get(value, 0) for value in values], dtype=np.float64)
    if rest > 0.005 and OTHER not in values:
        then, today = np.append(then, rest), np.append(today, 0.0)
    return today, then / then.sum() if then.sum() else then


def standardised_difference(one: FloatArray, other: FloatArray) -> float:
    """Return the distance of two shares vectors in standard deviations.

    For two values |p₁ − p₂| / √((p₁q₁ + p₂q₂)/2), for more its multinomial form: the Mahalanobis distance with the
    mean of the two covariances (Yang & Dalton, SAS Global Forum 2012, paper 335). A direction in which neither
    varies is left out unless the two differ along it, where nothing bounds the distance but the values themselves.
    """
    gap = (one - other)[1:]
    covariance = (spread_of(one) + spread_of(other))[1:, 1:] / 2
    if not gap.size or not np.any(np.abs(one - other) > 1e-12):
        return 0.0
    ridge = 1e-6 * np.eye(gap.size)
    return float(sqrt(gap @ np.linalg.solve(covariance + ridge, gap)))


def spread_of(shares: FloatArray) -> FloatArray:
    return np.asarray(np.diag(shares) - np.outer(shares, shares))


def chi_square(today: FloatArray, then: FloatArray, *, size: int | None) -> TestResult | NotEstimable:
    """Return the likelihood-ratio test that both have the same shares; its effect size is the standardised difference.

    G is used since it is finite where development had none of a value, once half a case is added to each cell.
    """
    total, kept = today.sum(), (today > 0) | (then > 0)
    if total < LEAST_TO_TEST or int(kept.sum()) < 2:
        return NotEstimable("fewer than two values among today's cases")
    first = today[kept] + 0.5
    second = then[kept] * (size if size else 1e9) + 0.5
    joint = (first + second) / (first.sum() + second.sum())
    statistic = 2 * sum(float((part * np.log(part / part.sum() / joint)).sum()) for part in (first, second))
    df = int(kept.sum()) - 1
    return TestResult(
        statistic=max(0.0, statistic),
        p_value=float(special.chdtrc(df, max(0.0, statistic))),
        method=f"likelihood-ratio test, {df} degrees of freedom" + ("" if size else ", development shares as exact"),
    )


def worst(shifts: Sequence[Shift]) -> Shift | None:
    """Return the dimension that is furthest from development."""
    told = [each for each in shifts if not isinstance(each.distance, NotEstimable)]
    return max(told, key=lambda each: float(each.distance), default=None)  # type: ignore[arg-type]


__all__ = ["Shift", "chi_square", "shift_of", "standardised_difference", "worst"]
