"""The tables of a product's page: every figure, by site or another dimension, and against its claims."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from inference.registry.models import Claim
from monitoring.dashboards.asking import Asked
from monitoring.dashboards.cells import Cell, cell_of
from monitoring.dashboards.claims import Verdict, verdict
from monitoring.dashboards.metrics import CASES_BEHIND, label_of
from monitoring.performance.hiding import hide_small_cells
from monitoring.performance.metrics import BINARY
from monitoring.performance.queries import estimates
from monitoring.performance.questions import EstimateSet, Figure


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRow:
    """One labelled claim beside its estimate."""

    claim: Claim
    label: str
    verdict: Verdict
    cell: Cell
    limit: Cell | None = None


def claim_rows(asked: Asked, overall: EstimateSet) -> list[ClaimRow]:
    """Return every claim of the finding against the estimate by its own truth rule."""
    claims = list(
        asked.product.claims.filter(finding=asked.finding.key).select_related("truth_rule").order_by("metric", "market")
    )
    least = asked.minimum_count()
    answers = {asked.question.truth_rule: overall}
    for rule in {each.truth_rule_id for each in claims} - set(answers):
        found = estimates(replace(asked.question, truth_rule=rule))
        answers[rule] = hide_small_cells(found, minimum_count=least)
    return [claim_row(each, answers[each.truth_rule_id].get(each.metric), unit=asked.finding.unit) for each in claims]


def claim_row(claim: Claim, figure: Figure | None, *, unit: str) -> ClaimRow:
    cell = (
        cell_of(figure, unit=unit)
        if figure
        else Cell(metric=claim.metric, label=label_of(claim.metric), reason="this metric is not computed here")
    )
    seen = figure if not cell.reason else None
    found = verdict(seen, metric=claim.metric, claimed=claim.value, margin=claim.margin)
    return ClaimRow(claim=claim, label=label_of(claim.metric), verdict=found, cell=cell)
