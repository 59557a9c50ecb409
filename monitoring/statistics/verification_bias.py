"""Sensitivity and specificity where only some cases were verified, by test result: corrected, bounded, or varied.

Counts by test result in, estimates out. Begg and Greenes need the verified to be like the unverified given the test
result; the grid says what follows if they are not, the bounds what follows from no assumption at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, sqrt

from monitoring.statistics.inputs import as_count, check_level
from monitoring.statistics.intervals import beta_interval, logit_interval
from monitoring.statistics.joined_limits import Part, odds_interval
from monitoring.statistics.results import Estimate, Interval, NotEstimable

__all__ = [
    "Bounds",
    "Corrected",
    "Scenario",
    "VerifiedGroup",
    "begg_greenes",
    "non_ignorable_verification",
    "verification_bounds",
]

MIN_CELL = 20
"""`begg_greenes`: below this many verified cases in a cell that the rate rests on, the interval is conservative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected(Estimate):
    """A corrected rate beside the one that the verified alone would give (None: they give none)."""

    uncorrected: float | None
    standard_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a rate can be whatever the unverified are; `interval` adds the error of sampling to both ends."""

    low: float
    high: float
    interval: Interval
    cases: int
    method: str = "bounds without assumption (Zhou, Manski)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """The rates if the odds of disease among the unverified are so many times those of the verified."""

    odds_ratio_positive: float
    odds_ratio_negative: float
    rates: Mapping[str, Estimate | NotEstimable]


@dataclass(frozen=True, slots=True)
class VerifiedGroup:
    """The cases of one test result."""

    diseased: int
    healthy: int
    unverified: int

    @property
    def verified(self) -> int:
        return self.diseased + self.healthy

    @property
    def size(self) -> int:
        return self.verified + self.unverified


def begg_greenes(
    *, tested_positive: Sequence[float], tested_negative: Sequence[float], level: float = 0.95
) -> Mapping[str, Corrected | NotEstimable]:
    """Return sensitivity and specificity corrected for verification that depends on the test result.

    Each argument is (diseased, healthy, unverified). Assumes that, given the test result, being verified says nothing
    of the disease, and independent cases. Intervals by the delta method on the logit scale. Floor: MIN_CELL (20)
    verified cases in both cells a rate rests on; below it Clopper–Pearson limits of its three parts are joined,
    which is conservative. A test result of which nobody was verified: NotEstimable with the bounds.
    Source: Begg & Greenes, Biometrics 1983;39:207-215.

    Raises:
        ValueError: counts that are negative or not whole, or not three of them.
    """
    groups = _group(tested_positive, name="tested_positive"), _group(tested_negative, name="tested_negative")
    return _corrected(groups, ratios=(1.0, 1.0), level=check_level(level))


def non_ignorable_verification(
    *,
    tested_positive: Sequence[float],
    tested_negative: Sequence[float],
    odds_ratios: Iterable[float] = (0.25, 0.5, 1.0, 2.0, 4.0),
    level: float = 0.95,
) -> tuple[Scenario, ...]:
    """Return the rates over a grid of departures from Begg and Greenes' assumption.

    In each scenario the odds of disease among the unverified are the odds among the verified of the same test result
    times a ratio, one for positive and one for negative tests; 1 and 1 is `begg_greenes`. The ratios cannot be
    learnt from the data; intervals hold given them. Source: Kosinski & Barnhart, Biometrics 2003;59:163-171
    (as a pattern mixture); Zhou, Stat Med 1993.

    Raises:
        ValueError: a ratio that is not positive and finite.
    """
    groups = _group(tested_positive, name="tested_positive"), _group(tested_negative, name="tested_negative")
    check_level(level)
    ratios = tuple(float(ratio) for ratio in odds_ratios)
    if any(not 0 < ratio < inf for ratio in ratios):
        raise ValueError("odds ratios must be positive and finite")
    return tuple(
        Scenario(
            odds_ratio_positive=positive,
            odds_ratio_negative=negative,
            rates=_corrected(groups, ratios=(positive, negative), level=level),
        )
        for positive in ratios
        for negative in ratios
    )


def verification_bounds(
    *, tested_positive: Sequence[float], tested_negative: Sequence[float], level: float = 0.95
) -> Mapping[str, Bounds | NotEstimable]:
    """Return what sensitivity and specificity can be, whatever is true of the unverified.

    `interval` joins the Clopper–Pearson ends of both extremes: it covers the true rate with at least `level`.
    Assumes independent cases and nothing on verification. No case that could have the state: NotEstimable.
    Sources: Zhou, Commun Stat Theory Methods 1993;22:3177-3198; Manski, Am Econ Rev 1990;80:319-323.
    """
    flagged = _group(tested_positive, name="tested_positive")
    passed = _group(tested_negative, name="tested_negative")
    check_level(level)
    return {
        "sensitivity": _bounds(
            (flagged.diseased, passed.diseased), unknown=(flagged.unverified, passed.unverified), level=level
        ),
        "specificity": _bounds(
            (passed.healthy, flagged.healthy), unknown=(passed.unverified, flagged.unverified), level=level
        ),
    }


def _group(counts: Sequence[float], *, name: str) -> VerifiedGroup:
    if len(counts) != 3:
        raise ValueError(f"{name} must be (diseased, healthy, unverified)")
    diseased, healthy, unverified = (as_count(count, name=name) for count in counts)
    return VerifiedGroup(diseased, healthy, unverified)


def _bounds(right_wrong: tuple[int, int], *, unknown: tuple[int, int], level: float) -> Bounds | NotEstimable:
    right, wrong = right_wrong
    if right + wrong + sum(unknown) == 0:
        return NotEstimable("no case that could have this state")
    least, least_size = right, right + wrong + unknown[1]
    most, most_size = right + unknown[0], right + unknown[0] + wrong
    low = least / least_size if least_size else 0.0
    high = most / most_size if most_size else 1.0
    low_end = beta_interval(low, size=least_size, level=level).low if least_size else 0.0
    high_end = beta_interval(high, size=most_size, level=level).high if most_size else 1.0
    return Bounds(low=low, high=high, interval=Interval(low_end, high_end, level), cases=right + wrong)


def _corrected(
    groups: tuple[VerifiedGroup, VerifiedGroup], *, ratios: tuple[float, float], level: float
) -> Mapping[str, Corrected | NotEstimable]:
    flagged, passed = groups
    mirrored = tuple(VerifiedGroup(each.healthy, each.diseased, each.unverified) for each in (passed, flagged))
    return {
        "sensitivity": _rate((flagged, passed), ratios=ratios, level=level, state="with"),
        "specificity": _rate(
            (mirrored[0], mirrored[1]), ratios=(1 / ratios[1], 1 / ratios[0]), level=level, state="without"
        ),
    }


def _rate(
    groups: tuple[VerifiedGroup, VerifiedGroup], *, ratios: tuple[float, float], level: float, state: str
) -> Corrected | NotEstimable:
    """Return the share of the first group among those of both that have the state counted as `diseased`."""
    right, wrong = groups
    if reason := _refusal(groups, state=state):
        return NotEstimable(reason)
    shares = [_Share.of(each, ratio=ratio) for each, ratio in zip(groups, ratios, strict=True)]
    totals = right.size * shares[0].value, wrong.size * shares[1].value
    value = totals[0] / sum(totals)
    cells = min(right.diseased, wrong.diseased)
    spread = 0.0
    if cells:
        between = (right.size + wrong.size) / (right.size * wrong.size) if wrong.size else 0.0
        spread = sqrt(between + sum(each.variance / each.value**2 for each in shares))
    error = value * (1 - value) * spread
    method = "Begg–Greenes" if ratios == (1.0, 1.0) else "Begg–Greenes with an odds ratio for the unverified"
    if cells >= MIN_CELL:
        interval, method = logit_interval(value, error=error, level=level), f"{method}, logit delta"
    else:
        interval, method = _joined(groups, ratios=ratios, level=level), f"{method}, exact limits joined (few cases)"
    verified = right.diseased + wrong.diseased
    return Corrected(
        value=value,
        interval=interval,
        cases=verified,
        method=method,
        uncorrected=right.diseased / verified,
        standard_error=error,
    )


def _refusal(groups: tuple[VerifiedGroup, VerifiedGroup], *, state: str) -> str:
    if sum(each.size for each in groups) == 0:
        return "no cases"
    if any(each.size and not each.verified for each in groups):
        found = _bounds(
            (groups[0].diseased, groups[1].diseased),
            unknown=(groups[0].unverified, groups[1].unverified),
            level=0.95,
        )
        return f"no case of one test result was verified, so the rate lies anywhere {_between(found)}"
    if sum(each.diseased for each in groups) == 0:
        return f"no verified case {state} the finding"
    return ""


def _between(found: Bounds | NotEstimable) -> str:
    return f"from {found.low:.3f} to {found.high:.3f}" if isinstance(found, Bounds) else "from 0 to 1"


@dataclass(frozen=True, slots=True)
class _Share:
    """The share with the state among all of a group, from the verified and what is supposed of the others."""

    value: float
    variance: float

    @classmethod
    def of(cls, group: VerifiedGroup, *, ratio: float) -> _Share:
        if not group.size:
            return cls(0.0, 0.0)
        seen, known = group.diseased / group.verified, group.verified / group.size
        others = _times_odds(seen, ratio=ratio)
        slope = ratio / (1 - seen + ratio * seen) ** 2
        variance = seen * (1 - seen) / group.verified * (known + (1 - known) * slope) ** 2
        variance += known * (1 - known) / group.size * (seen - others) ** 2
        return cls(known * seen + (1 - known) * others, variance)


def _times_odds(share: float, *, ratio: float) -> float:
    return ratio * share / (1 - share + ratio * share)


def _joined(groups: tuple[VerifiedGroup, VerifiedGroup], *, ratios: tuple[float, float], level: float) -> Interval:
    """Join the exact limits of the split by test result and of the share with the state in each."""
    right, wrong = groups
    total = right.size + wrong.size
    split = beta_interval(right.size / total, size=total, level=level)
    odds = Part(_odds(right.size / total), _odds(split.low), _odds(split.high))
    shares = [_share_part(group, ratio=ratio, level=level) for group, ratio in zip(groups, ratios, strict=True)]
    return odds_interval([odds, shares[0], shares[1].inverse], level=level)


def _odds(share: float) -> float:
    return share / (1 - share) if share < 1 else inf


def _share_part(group: VerifiedGroup, *, ratio: float, level: float) -> Part:
    return Part(_Share.of(group, ratio=ratio).value, *_share_ends(group, ratio=ratio, level=level))


def _share_ends(group: VerifiedGroup, *, ratio: float, level: float) -> tuple[float, float]:
    if not group.verified:
        return 0.0, 1.0
    seen = beta_interval(group.diseased / group.verified, size=group.verified, level=level)
    known = group.verified / group.size
    return (
        known * seen.low + (1 - known) * _times_odds(seen.low, ratio=ratio),
        known * seen.high + (1 - known) * _times_odds(seen.high, ratio=ratio),
    )
