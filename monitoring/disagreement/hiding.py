"""What a recipient of aggregates may see of AI × reader × truth: no small cell, and nothing that tells one. Pure.

The page shows totals by quadrant, by site and over all; the file shows each
deployment. Both keep back what the other would tell.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from audit.access.small_cells import cells_to_hide
from monitoring.disagreement.cells import CALLS, Cell, Override

Pair = tuple[str, str]
Leaf = tuple[str, str, str]


def kept_back_below(minimum_count: int) -> str:
    return f"fewer than {minimum_count} or telling so few, hidden by the sharing agreement"


def is_override(key: tuple[str, ...]) -> bool:
    return key[0] != key[1]


def truth_of(cell: Cell) -> str:
    return cell.truth if cell.truth in CALLS else "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenCells:
    """The quadrants, and their parts by truth, that are kept back."""

    quadrants: frozenset[Pair]
    leaves: frozenset[Leaf]

    def hides_side(self, *, override: bool) -> bool:
        """Return whether anything of the agreements or of the disagreements is kept back."""
        return any(is_override(leaf) == override for leaf in self.leaves)


def hidden_cells(cells: Sequence[Cell], *, minimum_count: int) -> HiddenCells:
    pairs: Counter[Pair] = Counter()
    leaves: Counter[Leaf] = Counter()
    for cell in cells:
        pairs[cell.decision, cell.read] += cell.cases
        leaves[cell.decision, cell.read, truth_of(cell)] += cell.cases
    quadrants = cells_to_hide(pairs, totals=(is_override, lambda _: ""), minimum_count=minimum_count)
    hidden = cells_to_hide(leaves, totals=(lambda leaf: leaf[:2], is_override), minimum_count=minimum_count)
    hidden |= {leaf for leaf in leaves if leaf[:2] in quadrants}
    return HiddenCells(quadrants=frozenset(quadrants), leaves=frozenset(hidden))


def hidden_sites(sites: Sequence[Override], *, minimum_count: int) -> set[str]:
    """Return the sites whose overrides are kept back: small ones, small agreements, and a partner of a lone one."""
    overrides = {each.group: each.overrides for each in sites}
    agreements = {each.group: each.cases - each.overrides for each in sites}
    out = cells_to_hide(overrides, totals=(lambda _: "",), minimum_count=minimum_count)
    return out | cells_to_hide(agreements, totals=(lambda _: "",), minimum_count=minimum_count)


def hidden_rows(cells: Sequence[Cell], *, minimum_count: int) -> set[int]:
    """Return the places of the cells that the file keeps back."""
    counts = {place: cell.cases for place, cell in enumerate(cells)}
    by_quadrant = {place: (cell.deployment, cell.reader, cell.decision, cell.read) for place, cell in enumerate(cells)}
    by_leaf = {place: (cell.decision, cell.read, truth_of(cell)) for place, cell in enumerate(cells)}
    by_side = {place: (cell.site, cell.is_override) for place, cell in enumerate(cells)}
    totals = (by_quadrant.__getitem__, by_leaf.__getitem__, by_side.__getitem__)
    return cells_to_hide(counts, totals=totals, minimum_count=minimum_count)
