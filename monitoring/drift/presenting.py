"""The drift page in finished words: scores by month against their version's reference, and who was examined.

Prevalence stands beside the distances, since a shift that it explains is no fault.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from audit.access.scopes import Hidden, hide_small
from audit.access.small_cells import cells_to_hide, is_small_share
from inference.registry.models import Deployment, Finding
from monitoring.drift.binned import Binned, Distances, binned, distances
from monitoring.drift.figures import months_figure
from monitoring.drift.queries import Reference, Sums, mix_of, months_of, references_of
from monitoring.statistics.distances import ContingencyTest, chi_square
from monitoring.statistics.proportions import wilson
from monitoring.statistics.results import Estimate, NotEstimable

QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """One month of one version, against that version's reference."""

    month: str
    version: str
    sums: Sums
    scores: Binned
    distances: Distances | NotEstimable
    is_reference: bool


def judged_months(months: Mapping[tuple[str, str], Sums], *, references: Mapping[str, Reference]) -> list[Month]:
    """Return every month with scores, compared with the reference of its version."""
    frozen = {version: binned(each.sums.scores) for version, each in references.items()}
    return [
        _judged(month, version, sums, frozen=frozen.get(version), reference=references.get(version))
        for (month, version), sums in months.items()
        if sums.scores
    ]


def _judged(month: str, version: str, sums: Sums, *, frozen: Binned | None, reference: Reference | None) -> Month:
    scores = binned(sums.scores)
    apart = distances(frozen, scores) if frozen else NotEstimable("this version has no reference yet")
    is_reference = reference is not None and f"{reference.first:%Y-%m}" <= month <= f"{reference.last:%Y-%m}"
    return Month(month=month, version=version, sums=sums, scores=scores, distances=apart, is_reference=is_reference)


def drift_context(deployment: Deployment, *, finding: Finding, minimum_count: int) -> dict[str, Any]:
    """Return what the page of one deployment and finding shows."""
    references = references_of(deployment, finding=finding)
    months = judged_months(months_of(deployment, finding=finding), references=references)
    shown = [
        each for each in months if not isinstance(hide_small(each.scores.cases, minimum_count=minimum_count), Hidden)
    ]
    reference = next(iter(references.values()), None)
    return {
        "months": [_row(each, least=minimum_count) for each in months],
        "figure": months_figure([(each.month, each.scores.quantiles(QUANTILES)) for each in shown]) if shown else None,
        "figure_columns": ("Month", "Version", "10 %", "median", "90 %"),
        "figure_rows": [
            (each.month, each.version, *(f"{q:.3f}" for q in each.scores.quantiles(QUANTILES))) for each in shown
        ],
        "references": [(each.version, each.first, each.last, each.sums.cases) for each in references.values()],
        "mix": _mix(deployment, finding=finding, reference=reference, months=months, least=minimum_count),
    }


def _row(month: Month, *, least: int) -> dict[str, Any]:
    known = month.sums.truths["positive"] + month.sums.truths["negative"]
    called = month.sums.decisions["positive"] + month.sums.decisions["negative"]
    is_hidden = isinstance(hide_small(month.scores.cases, minimum_count=least), Hidden)
    return {
        "month": month.month,
        "version": month.version,
        "cases": hide_small(month.scores.cases, minimum_count=least),
        "is_hidden": is_hidden,
        "is_reference": month.is_reference,
        "mean": f"{month.scores.mean:.3f}",
        "distances": month.distances if isinstance(month.distances, Distances) else None,
        "reason": month.distances.reason if isinstance(month.distances, NotEstimable) else "",
        "prevalence": _share(month.sums.truths["positive"], known, least=least),
        "flag_rate": _share(month.sums.decisions["positive"], called, least=least),
    }


def _share(hits: int, cases: int, *, least: int) -> str:
    if is_small_share(hits, cases, minimum_count=least):
        return "hidden"
    match wilson(hits, cases):
        case Estimate() as found:
            low, high = 100 * found.interval.low, 100 * found.interval.high
            return f"{100 * found.value:.0f} % ({low:.0f}–{high:.0f} %), n = {cases}"
        case NotEstimable(reason=reason):
            return reason


def _mix(
    deployment: Deployment, *, finding: Finding, reference: Reference | None, months: list[Month], least: int
) -> list[dict[str, Any]]:
    """Compare who was examined and on what in the reference and in all that came after it."""
    if reference is None or not months:
        return []
    before = mix_of(deployment, finding=finding, first=reference.first, last=reference.last)
    since = mix_of(deployment, finding=finding, first=reference.last + timedelta(days=1), last=date.max)
    return [_mix_row(name, before=before[name], since=since[name], least=least) for name in before if before[name]]


def _mix_row(name: str, *, before: Mapping[str, int], since: Mapping[str, int], least: int) -> dict[str, Any]:
    values = sorted({*before, *since})
    sides = [[side.get(value, 0) for value in values] for side in (before, since)]
    found = chi_square(*sides)
    return {
        "name": name.replace("_", " "),
        "size": f"{found.cramers_v:.2f}" if isinstance(found, ContingencyTest) else "–",
        "p": f"{found.p_value:.2g}" if isinstance(found, ContingencyTest) else found.reason,
        "before": _counts(values, sides[0], least=least),
        "since": _counts(values, sides[1], least=least),
    }


def _counts(values: list[str], counts: list[int], *, least: int) -> str:
    total = max(sum(counts), 1)
    sizes = dict(zip(values, counts, strict=True))
    hidden = cells_to_hide(sizes, totals=(lambda _: "",), minimum_count=least)
    return ", ".join(
        f"{value}: hidden" if value in hidden else f"{value}: {100 * count / total:.0f} %"
        for value, count in sizes.items()
    )
