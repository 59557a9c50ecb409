"""Gaps between groups of people: equal opportunity (sensitivity) and specificity, all pairs at once. Pure.

The family is every pair of groups with enough cases, over all dimensions of people and both metrics. A gap is
told with an interval that holds for all pairs together; the largest raw one is not picked out, the best supported is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.subgroups.comparing import Difference, difference_of, holm
from monitoring.subgroups.groups import LEAST_CASES, LEVEL, Group, estimated
from monitoring.subgroups.scales import scale_of

METRICS = ("sensitivity", "specificity")
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """The best supported gap among the groups of one dimension, for one metric: `lower` group below `higher`."""

    dimension: str
    metric: str
    higher: str
    lower: str
    difference: Difference
    pairs: int

    @property
    def is_shown(self) -> bool:
        """Return whether the gap is more than chance, the whole family allowed for, by test and interval alike."""
        return self.difference.adjusted < 1 - LEVEL and 0 not in self.difference.interval

    @property
    def state(self) -> str:
        return "act" if self.is_shown else "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoGap:
    """A dimension in which nothing can be compared, and why."""

    dimension: str
    metric: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fairness:
    """All dimensions of people; `family` pairs were compared together."""

    gaps: tuple[Gap | NoGap, ...]
    family: int

    @property
    def shown(self) -> list[Gap]:
        return [each for each in self.gaps if isinstance(each, Gap) and each.is_shown]

    @property
    def is_known(self) -> bool:
        return any(isinstance(each, Gap) for each in self.gaps)


Key = tuple[str, str]
Pair = tuple[str, str, str, str]


def fairness(groups: Mapping[Key, Sequence[Group]]) -> Fairness:
    """Return the gaps by dimension and metric; `groups` holds the groups of each."""
    judged = {key: enough(some) for key, some in groups.items()}
    pairs: list[Pair] = [
        (*key, one, other) for key, known in judged.items() for one, other in combinations(sorted(known), 2)
    ]
    together = 1 - (1 - LEVEL) / max(1, len(pairs))
    found = {
        pair: difference_of(
            judged[pair[:2]][pair[2]], judged[pair[:2]][pair[3]], scale=scale_of(pair[1]), level=together
        )
        for pair in pairs
    }
    adjusted = dict(zip(found, holm([each.p_value for each in found.values()]), strict=True))
    found = {pair: replace(each, adjusted=adjusted[pair]) for pair, each in found.items()}
    gaps = tuple(
        gap_of(key, {pair: each for pair, each in found.items() if pair[:2] == key}, groups=groups[key])
        for key in groups
    )
    return Fairness(gaps=gaps, family=len(pairs))


def enough(groups: Sequence[Group]) -> dict[str, Estimate]:
    """Return the groups with enough cases; what is not known of somebody is no group of people."""
    return {value: each for value, each in estimated(groups).items() if value != UNKNOWN and each.cases >= LEAST_CASES}


def gap_of(key: Key, found: Mapping[Pair, Difference], *, groups: Sequence[Group]) -> Gap | NoGap:
    if not found:
        return NoGap(dimension=key[0], metric=key[1], reason=why_none(groups))
    pair, difference = min(found.items(), key=lambda each: (each[1].p_value, -abs(each[1].value), each[0]))
    one, other = pair[2:]
    if difference.value < 0:
        ends = difference.interval
        turned = replace(ends, low=-ends.high, high=-ends.low)
        one, other, difference = other, one, replace(difference, value=-difference.value, interval=turned)
    return Gap(dimension=key[0], metric=key[1], higher=one, lower=other, difference=difference, pairs=len(found))


def why_none(groups: Sequence[Group]) -> str:
    if any(each.is_hidden for each in groups):
        return "too few groups may be shown under the sharing agreement"
    reasons = {each.outcome.reason for each in groups if isinstance(each.outcome, NotEstimable)}
    few = f"fewer than two groups with {LEAST_CASES} cases"
    return reasons.pop() if len(reasons) == 1 and len(groups) == 1 else few
