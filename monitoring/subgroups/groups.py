"""The groups of one dimension: each as measured, drawn towards all of them, and against the rest. Pure.

Every figure shown comes from groups that may be shown: what is hidden enters no mean and no rest, so nothing
can be worked back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import isfinite

from monitoring.performance.measures import parsed
from monitoring.performance.questions import OBSERVED
from monitoring.statistics.pooling import (
    Heterogeneity,
    Shrunken,
    ShrunkenEstimate,
    heterogeneity,
    shrunken_effects,
    shrunken_proportions,
)
from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.subgroups.comparing import Difference, difference_of, holm, share_difference
from monitoring.subgroups.scales import (
    Scale,
    back,
    back_interval,
    direction_of,
    effect_of,
    scale_of,
    share_of,
    together,
)

LEVEL = 0.95
LEAST_CASES, LEAST_POSITIVES = 10, 5
UNKNOWN = "unknown"
TOO_FEW = f"fewer than {LEAST_CASES} cases here or in the rest: too few to judge"
NO_REST = "no other group to compare with"


class Verdict(StrEnum):
    WORSE = "worse than the rest"
    BETTER = "better than the rest"
    DIFFERENT = "differs from the rest"
    NONE = "no difference shown"
    TOO_FEW = "too few to judge"
    NOTHING = "nothing to compare"
    HIDDEN = "not shown"


STATES = {
    Verdict.WORSE: "act",
    Verdict.BETTER: "ok",
    Verdict.DIFFERENT: "watch",
    Verdict.NONE: "ok",
    Verdict.TOO_FEW: "unknown",
    Verdict.NOTHING: "unknown",
    Verdict.HIDDEN: "unknown",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One value of a dimension (or of a pair) with its figure of the metric."""

    value: str
    outcome: Estimate | NotEstimable
    positives: int = 0
    is_hidden: bool = False
    kind: str = OBSERVED


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """A group with everything that is said of it."""

    group: Group
    shrunken: Estimate | NotEstimable
    difference: Difference | NotEstimable
    verdict: Verdict
    shrinkage: float = 0.0

    @property
    def state(self) -> str:
        return STATES[self.verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """All groups of a dimension; `family` is how many comparisons the verdicts allow for."""

    metric: str
    rows: tuple[GroupRow, ...]
    mean: Estimate | NotEstimable
    family: int

    def with_verdict(self, *verdicts: Verdict) -> list[GroupRow]:
        return [row for row in self.rows if row.verdict in verdicts]


def compared(groups: Sequence[Group], *, metric: str) -> Compared:
    """Return every group beside the others.

    The family is declared before an outcome is looked at: every group that has enough cases, here and in the rest.
    Verdicts are at 5 % after Holm's adjustment over it.
    """
    scale = scale_of(metric)
    known = estimated(groups)
    pooled = shrunken_of(known, scale=scale)
    against = {value: against_rest(value, known, scale=scale, metric=metric, groups=groups) for value in known}
    tested = {value: each for value, each in against.items() if isinstance(each, Difference)}
    adjusted = dict(zip(tested, holm([each.p_value for each in tested.values()]), strict=True))
    against |= {value: replace(each, adjusted=adjusted[value]) for value, each in tested.items()}
    rows = tuple(row_of(each, pooled=pooled, against=against, metric=metric) for each in groups)
    return Compared(metric=metric, rows=rows, mean=pooled[1], family=len(tested))


def estimated(groups: Sequence[Group]) -> dict[str, Estimate]:
    """Return the figures that groups are compared by: shown, and with an interval that ends on both sides."""
    return {
        each.value: each.outcome
        for each in groups
        if isinstance(each.outcome, Estimate) and not each.is_hidden and isfinite(each.outcome.interval.width)
    }


# --- drawn towards the mean ------------------------------------------------------------------------------------

Pooled = tuple[Mapping[str, ShrunkenEstimate | NotEstimable], Estimate | NotEstimable]


def shrunken_of(known: Mapping[str, Estimate], *, scale: Scale) -> Pooled:
    """Return the groups drawn towards their mean, and the mean, as the metric is shown."""
    found: Shrunken | NotEstimable
    if scale is Scale.SHARE:
        shares = [share_of(each) for each in known.values()]
        found = shrunken_proportions(
            [each.hits for each in shares],
            [each.cases for each in shares],
            design_effects=[each.design_effect for each in shares],
            level=LEVEL,
        )
    else:
        effects = [effect_of(each, scale=scale) for each in known.values()]
        found = shrunken_effects([each.value for each in effects], [each.variance for each in effects], level=LEVEL)
    if isinstance(found, NotEstimable):
        return dict.fromkeys(known, found), found
    if scale is Scale.SHARE:
        return dict(zip(known, found.groups, strict=True)), found.mean
    shown = [
        shown_on(each, scale=scale, cases=own.cases) for each, own in zip(found.groups, known.values(), strict=True)
    ]
    mean = shown_on(found.mean, scale=scale, cases=sum(each.cases for each in known.values()))
    return dict(zip(known, shown, strict=True)), mean


def shown_on(each: ShrunkenEstimate | Estimate | NotEstimable, *, scale: Scale, cases: int):  # type: ignore[no-untyped-def]
    if isinstance(each, NotEstimable):
        return each
    interval = back_interval(each.interval, scale=scale)
    return replace(each, value=back(each.value, scale=scale), interval=interval, cases=cases)


# --- against the rest --------------------------------------------------------------------------------------------


def against_rest(
    value: str, known: Mapping[str, Estimate], *, scale: Scale, metric: str, groups: Sequence[Group]
) -> Difference | NotEstimable:
    """Return a group minus all others together."""
    others = {name: each for name, each in known.items() if name != value}
    if not others:
        return NotEstimable(NO_REST)
    positives = {each.value: each.positives for each in groups}
    if parsed(metric)[0] in ("auc", "ppv", "npv") and positives[value] < LEAST_POSITIVES:
        return NotEstimable(f"fewer than {LEAST_POSITIVES} cases with the finding: too few to judge")
    if min(known[value].cases, sum(each.cases for each in others.values())) < LEAST_CASES:
        return NotEstimable(TOO_FEW)
    if scale is Scale.SHARE:
        rest = together({name: share_of(each) for name, each in others.items()})
        assert rest is not None
        return share_difference(share_of(known[value]), rest, level=LEVEL)
    return difference_of(known[value], mean_of_others(others, scale=scale), scale=scale, level=LEVEL)


def mean_of_others(others: Mapping[str, Estimate], *, scale: Scale) -> Estimate:
    """Return the random-effects mean of groups whose figures do not add up, such as areas."""
    if len(others) == 1:
        return next(iter(others.values()))
    effects = [effect_of(each, scale=scale) for each in others.values()]
    found = heterogeneity(
        [each.value for each in effects], [each.variance for each in effects], adjustment="normal", level=LEVEL
    )
    assert isinstance(found, Heterogeneity)
    return shown_on(found.mean, scale=scale, cases=sum(each.cases for each in others.values()))  # type: ignore[no-any-return]


def row_of(group: Group, *, pooled: Pooled, against: Mapping[str, Difference | NotEstimable], metric: str) -> GroupRow:
    if group.is_hidden or isinstance(group.outcome, NotEstimable):
        reason = group.outcome if isinstance(group.outcome, NotEstimable) else NotEstimable("hidden")
        verdict = Verdict.HIDDEN if group.is_hidden else Verdict.NOTHING
        return GroupRow(group=group, shrunken=reason, difference=reason, verdict=verdict)
    if group.value not in against:
        reason = NotEstimable("its interval has no end, so it weighs nothing")
        return GroupRow(group=group, shrunken=reason, difference=reason, verdict=Verdict.TOO_FEW)
    shrunken, difference = pooled[0][group.value], against[group.value]
    return GroupRow(
        group=group,
        shrunken=shrunken,
        difference=difference,
        verdict=verdict_of(difference, shrunken=shrunken, own=group.outcome.value, metric=metric),
        shrinkage=shrunken.shrinkage if isinstance(shrunken, ShrunkenEstimate) else 0.0,
    )


def verdict_of(
    difference: Difference | NotEstimable, *, shrunken: Estimate | NotEstimable, own: float, metric: str
) -> Verdict:
    """Return what is said of a group: a difference takes the test and, drawn towards the mean, the interval too.

    So a handful of cases that went wrong together alarms nobody, and a big group that is worse is found.
    """
    if isinstance(difference, NotEstimable):
        return Verdict.NOTHING if difference.reason == NO_REST else Verdict.TOO_FEW
    rest = own - difference.value
    if difference.adjusted >= 1 - LEVEL or (isinstance(shrunken, Estimate) and rest in shrunken.interval):
        return Verdict.NONE
    direction = direction_of(metric)
    if not direction:
        return Verdict.DIFFERENT
    return Verdict.BETTER if difference.value * direction > 0 else Verdict.WORSE


__all__ = ["Compared", "Group", "GroupRow", "Verdict", "compared"]
