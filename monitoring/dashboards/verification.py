"""What verification does to a product's rates: as labelled, corrected, by the latest plan, and what is left open."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from audit.templatetags.display import percent, percent_range
from monitoring.dashboards.asking import Asked
from monitoring.dashboards.cells import Cell, cell_of
from monitoring.dashboards.metrics import label_of
from monitoring.performance.queries import estimates
from monitoring.performance.questions import EstimateSet, Figure
from monitoring.performance.verified import OUTSIDE
from monitoring.performance.verified_rates import RATES
from monitoring.statistics.results import Estimate

DECISIONS = (("positive", "Flagged"), ("negative", "Not flagged"))


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedRow:
    """One rate, four ways. It is identified where a plan answers for it or every case is verified, else bounded."""

    label: str
    uncorrected: Cell
    corrected: Cell
    planned: Cell
    bounds: str
    is_identified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The rates; `outside` counted cases are of another time or place than the plan, which says nothing of them."""

    rows: tuple[VerifiedRow, ...]
    outside: int


def verification_of(asked: Asked, *, plain: EstimateSet) -> Verification:
    """Return each rate as labelled, by Begg and Greenes, by the latest plan, and its bounds."""
    ways = ("begg_greenes", "plan", "bounds")
    found = {way: estimates(replace(asked.question, verification=way, metrics=RATES)) for way in ways}
    outside = found["plan"].excluded.get(OUTSIDE, 0)
    rows = [
        row_of(metric, plain.get(metric), {way: each.get(metric) for way, each in found.items()}, whole=not outside)
        for metric in RATES
    ]
    return Verification(rows=tuple(rows), outside=outside)


def row_of(metric: str, plain: Figure | None, ways: Mapping[str, Figure | None], *, whole: bool) -> VerifiedRow:
    planned, limits = ways["plan"], ways["bounds"]
    answers = (planned if whole else None, limits)
    return VerifiedRow(
        label=label_of(metric),
        uncorrected=shown(metric, plain),
        corrected=shown(metric, ways["begg_greenes"]),
        planned=shown(metric, planned),
        bounds=percent_range(limits.bounds) if limits and limits.bounds else "",
        is_identified=any(each is not None and isinstance(each.outcome, Estimate) for each in answers),
    )


def shown(metric: str, figure: Figure | None) -> Cell:
    return cell_of(figure) if figure else Cell(metric=metric, label=label_of(metric), reason="not computed here")


def shares_verified(counts: Mapping[tuple[str, str], int]) -> list[tuple[str, str, int, int]]:
    """Return for each decision its words, the share of its cases that is verified, and the counts behind it."""
    rows = []
    for decision, words in DECISIONS:
        known = sum(n for (said, truth), n in counts.items() if said == decision and truth in ("positive", "negative"))
        size = sum(n for (said, _), n in counts.items() if said == decision)
        if size:
            rows.append((words, percent(known / size, 1), known, size))
    return rows
