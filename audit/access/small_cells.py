"""Which cells of a table would single somebody out: the small ones, and what would tell them. Pure.

A table whose totals are shown tells a lone hidden cell; so each total keeps
back two cells or more, that together are no small count either.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)

__all__ = ["cells_to_hide", "is_small_share"]


def is_small(count: int, *, minimum_count: int) -> bool:
    return 0 < count < minimum_count


def is_small_share(hits: int, cases: int, *, minimum_count: int) -> bool:
    """Return whether a share tells a small count: of its cases, of those that have it or of those that do not."""
    return any(is_small(each, minimum_count=minimum_count) for each in (cases, hits, cases - hits))


def cells_to_hide(
    counts: Mapping[Key, int], *, totals: Sequence[Callable[[Key], Hashable]], minimum_count: int
) -> set[Key]:
    """Return the cells to hide. Each of `totals` names, for a cell, the total that it adds to and that is shown."""
    hidden = {key for key, count in counts.items() if is_small(count, minimum_count=minimum_count)}
    before = -1
    while len(hidden) != before:
        before = len(hidden)
        for group in [each for total in totals for each in groups_of(counts, total)]:
            hidden |= partners(group, counts=counts, hidden=hidden, minimum_count=minimum_count)
    return hidden


def groups_of(counts: Mapping[Key, int], total: Callable[[Key], Hashable]) -> list[list[Key]]:
    found: dict[Hashable, list[Key]] = defaultdict(list)
    for key in counts:
        found[total(key)].append(key)
    return list(found.values())


def partners(group: Sequence[Key], *, counts: Mapping[Key, int], hidden: set[Key], minimum_count: int) -> set[Key]:
    """Return the smallest others of a group that must go too. An empty cell covers nothing."""
    gone = [counts[key] for key in group if key in hidden and counts[key]]
    rest = sorted((key for key in group if key not in hidden and counts[key]), key=lambda key: (counts[key], str(key)))
    found: set[Key] = set()
    for key in rest:
        if not gone or (len(gone) > 1 and sum(gone) >= minimum_count):
            break
        found.add(key)
        gone.append(counts[key])
    return found
