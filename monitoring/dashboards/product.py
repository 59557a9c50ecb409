"""The tables of a product's page: every figure, by site or another dimension, and against its claims."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitoring.claims.browsing import reach_of
from monitoring.claims.presenting import ClaimRow, claim_rows
from monitoring.dashboards.asking import Asked
from monitoring.dashboards.cells import Cell, cell_of
from monitoring.dashboards.metrics import CASES_BEHIND, GROUPS
from monitoring.performance.measures import parsed
from monitoring.performance.metrics import BINARY, OF_NUMBER
from monitoring.performance.questions import EstimateSet


def tiles(asked: Asked, overall: EstimateSet) -> list[Cell]:
    """Return every metric of the finding, each with the way to its counts and cases."""
    return [
        cell_of(
            each,
            unit=asked.finding.unit,
            href=asked.cases_href(**CASES_BEHIND[each.metric]) if each.metric in CASES_BEHIND else "",
            counts_href="#counts" if each.metric in BINARY else "",
        )
        for each in overall.figures
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class TileGroup:
    """Figures that are taken over the same things, under one heading; one that has none says so once."""

    title: str
    cells: tuple[Cell, ...]
    reason: str = ""


def tile_groups(asked: Asked, overall: EstimateSet) -> list[TileGroup]:
    """Return the figures by what they are taken over: cases, lesions, masks, waits, one class against the rest."""
    groups: dict[str, list[Cell]] = {}
    for cell in tiles(asked, overall):
        groups.setdefault(group_of(cell.metric), []).append(cell)
    return [grouped(title, cells) for title, cells in groups.items()]


def group_of(metric: str) -> str:
    name, argument = parsed(metric)
    if argument and name not in OF_NUMBER:
        return f"{argument.replace('_', ' ').capitalize()} against the rest"
    return next((title for title, names in GROUPS.items() if name in names), "By case")


def grouped(title: str, cells: list[Cell]) -> TileGroup:
    reasons = {cell.reason for cell in cells}
    alike = len(cells) > 1 and len(reasons) == 1 and "" not in reasons and not cells[0].is_hidden
    return TileGroup(title=title, cells=() if alike else tuple(cells), reason=reasons.pop() if alike else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceRow:
    """One value of a dimension with its figures, in the order of the columns."""

    value: str
    label: str
    cells: tuple[Cell, ...]


def slice_rows(
    asked: Asked, found: EstimateSet, *, metrics: Sequence[str], names: Mapping[str, str] | None = None
) -> list[SliceRow]:
    """Return the table of one dimension."""
    return [
        SliceRow(
            value=value,
            label=(names or {}).get(value, value.replace("_", " ")),
            cells=tuple(cell_of(figures[name], unit=asked.finding.unit) for name in metrics if name in figures),
        )
        for value, figures in found.by_slice().items()
    ]


def claims_of_finding(asked: Asked) -> list[ClaimRow]:
    """Return every claim of the finding with how it stands, by its own design."""
    reach = reach_of(asked.user, asked.product.pk, now=asked.now)
    return claim_rows(reach, finding=asked.finding.key)
