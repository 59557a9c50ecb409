"""Which groups a recipient of sums may see: no small cell, and none that a total would give away. Pure.

A group is hidden whole: its cases by truth and decision tell one another. What two groups hide together
is no small count either.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence, Set
from dataclasses import replace

from audit.access.small_cells import cells_to_hide, is_small_share
from monitoring.performance.hiding import places_to_hide
from monitoring.performance.questions import EstimateSet, Figure
from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.subgroups.groups import Group
from monitoring.subgroups.scales import Scale, scale_of


def hidden_reason(minimum_count: int) -> NotEstimable:
    return NotEstimable(f"fewer than {minimum_count} or telling so few, hidden by the sharing agreement")


def values_to_hide(found: EstimateSet, *, minimum_count: int) -> set[str]:
    """Return the values of a dimension to hide, from every figure that was asked for of each."""
    if minimum_count <= 1:
        return set()
    out = {value for value, _ in places_to_hide(found.figures, minimum_count=minimum_count)}
    return with_partners(cases_by_value(found.figures), out=out, minimum_count=minimum_count)


def cases_by_value(figures: Iterable[Figure]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for each in figures:
        value = next(iter(each.slice.values()), "")
        number = each.outcome.cases if isinstance(each.outcome, Estimate) else 0
        counts[value] = max(counts.get(value, 0), number)
    return counts


def with_partners(counts: Mapping[str, int], *, out: set[str], minimum_count: int) -> set[str]:
    """Return the values to hide and as many of the smallest others as it takes that no total gives one away."""
    # A value that is hidden for what its cells tell counts as a small cell of its total.
    marked = {value: 1 if value in out else number for value, number in counts.items()}
    hidden = cells_to_hide(marked, totals=(lambda _: "",), minimum_count=minimum_count)
    return out | hidden if out or hidden else set()


def groups_of(found: EstimateSet, *, metric: str, minimum_count: int) -> list[Group]:
    """Return the groups of one dimension for one metric, hidden where they must be."""
    out = values_to_hide(found, minimum_count=minimum_count)
    return [
        group_of(value, figures[metric], is_hidden=value in out, minimum_count=minimum_count)
        for value, figures in found.by_slice().items()
        if metric in figures
    ]


def group_of(value: str, figure: Figure, *, is_hidden: bool, minimum_count: int) -> Group:
    if is_hidden:
        return Group(value=value, outcome=hidden_reason(minimum_count), is_hidden=True)
    return Group(value=value, outcome=figure.outcome, positives=figure.positives, kind=figure.kind)


Pair = tuple[str, str]


def hide_pairs(
    groups: Mapping[Pair, Group], *, counts: Mapping[Pair, int], small: Set[Pair], minimum_count: int
) -> dict[Pair, Group]:
    """Return pairs as a recipient may see them; `counts` are all their cases, `small` those that tell a small count.

    Every row and every column of the table is a total that is shown: each keeps back two pairs or more.
    """
    totals: Sequence[Callable[[Pair], Hashable]] = (lambda pair: pair[0], lambda pair: pair[1], lambda _: "")
    marked = {pair: 1 if pair in small else number for pair, number in counts.items()}
    out = small | cells_to_hide(marked, totals=totals, minimum_count=minimum_count)
    reason = hidden_reason(minimum_count)
    return {
        pair: replace(each, outcome=reason, positives=0, is_hidden=True) if pair in out else each
        for pair, each in groups.items()
    }


def is_small(group: Group, *, metric: str, minimum_count: int) -> bool:
    if not isinstance(group.outcome, Estimate):
        return False
    cases = group.outcome.cases
    hits = round(group.outcome.value * cases) if scale_of(metric) is Scale.SHARE else 0
    return any(is_small_share(each, cases, minimum_count=minimum_count) for each in (hits, group.positives))
