"""Figures from the daily sums: counts are exact, the area carries the bounds that its bins leave open.

Sums know no patients. Where a patient comes more than once the intervals are
taken from the case rows, everything else stays from the sums.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from django.db.models import Count

from monitoring.cases.slicing import UNKNOWN
from monitoring.performance.gathering import Gathered, case_rows, gathered_rows, needs_facts
from monitoring.performance.metrics import BINARY, MISSING, NO_SCORE, Setting, figure, metrics_of, not_of_kind
from monitoring.performance.questions import Figure, Question
from monitoring.performance.samples import Sample, sample_of
from monitoring.performance.scopes import Scope
from monitoring.rollups.binning import Scale, columns, scale_of
from monitoring.rollups.folding import Cell, parsed
from monitoring.rollups.models import DailySum
from monitoring.statistics import proportions
from monitoring.statistics.results import Estimate, NotEstimable
from monitoring.statistics.roc import auc_from_histograms

IN_THE_KEY = ("site", "month", "version")
NOT_ROLLED = ("reader", "stage", "ai_exposure")


@dataclass(slots=True)
class Sums:
    """The counts of one slice: cells with their numbers."""

    cells: dict[Cell, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(slots=True)
class Rolled:
    slices: dict[str, Sums] = field(default_factory=lambda: defaultdict(Sums))
    excluded: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def can_roll(question: Question, scope: Scope) -> bool:
    """Return whether the daily sums can answer a question."""
    if question.exact or scope.site or needs_facts(question, scope):
        return False
    regional = any(each.regions for each in scope.settings.values())
    by_rolled = question.by not in NOT_ROLLED and (question.by != "region" or regional)
    return by_rolled and set(question.metrics or metrics_of(scope.finding.kind)) <= set(BINARY)


def rolled(question: Question, scope: Scope) -> Rolled:
    """Return the sums of a question, by value of the dimension asked for."""
    found, sites = Rolled(), {key: each.site_key for key, each in scope.settings.items()}
    dimension = "" if question.by in ("", *IN_THE_KEY) else question.by
    for row in daily_sums(question, scope, dimension):
        value = ""
        if question.by == "site":
            value = sites[row.deployment_id]
        elif question.by == "month":
            value = f"{row.day:%Y-%m}"
        elif question.by == "version":
            value = row.version or UNKNOWN
        elif question.by:
            value = row.value
        add_counts(row.counts, value=value, found=found)
    if dimension:
        for row in daily_sums(question, scope, ""):
            add_counts(
                {name: n for name, n in row.counts.items() if isinstance(parsed(name), str)}, value="", found=found
            )
    return found


def daily_sums(question: Question, scope: Scope, dimension: str) -> Iterable[DailySum]:
    rows = DailySum.objects.filter(
        deployment_id__in=list(scope.settings),
        finding=scope.finding.key,
        rule=question.truth_rule,
        dimension=dimension,
    )
    if question.version:
        rows = rows.filter(version=question.version)
    if question.since:
        rows = rows.filter(day__gte=question.since)
    if question.until:
        rows = rows.filter(day__lt=question.until)
    return rows.iterator(chunk_size=5_000)


def add_counts(counts: Mapping[str, int], *, value: str, found: Rolled) -> None:
    for name, number in counts.items():
        cell = parsed(name)
        if isinstance(cell, str):
            found.excluded[cell] += number
        else:
            found.slices[value].cells[cell] += number


def rolled_figures(question: Question, scope: Scope, *, metrics: Iterable[str]) -> tuple[list[Figure], dict[str, int]]:
    """Return the figures of a question from its sums, and the counts of what was left out."""
    sums = rolled(question, scope)
    samples = repeated_samples(question, scope)
    scale = scale_of(scope.finding.scale, scope.finding.range)
    setting = Setting(kind=scope.finding.kind, classes=scope.finding.classes)
    values = sorted(sums.slices) or ([] if question.by else [""])
    figures = [
        with_patients(
            rolled_figure(metric, sums.slices[value], scale=scale, slice=named(question.by, value), kind=setting.kind),
            sample=samples.get(value),
            setting=setting,
        )
        for value in values
        for metric in metrics
    ]
    return figures, dict(sums.excluded)


def named(by: str, value: str) -> dict[str, str]:
    return {by: value} if by else {}


def repeated_samples(question: Question, scope: Scope) -> dict[str, Sample]:
    """Return the cases themselves where a patient comes more than once; nothing otherwise."""
    counted = case_rows(question, scope).filter(excluded="")
    number = counted.aggregate(cases=Count("id"), persons=Count("person_id", distinct=True))
    if number["cases"] == number["persons"]:
        return {}
    gathered: Gathered = gathered_rows(question, scope)
    return gathered.samples()


def rolled_figure(metric: str, sums: Sums, *, scale: Scale, slice: Mapping[str, str], kind: str) -> Figure:
    if metric not in metrics_of(kind):
        return Figure(metric=metric, slice=slice, outcome=NotEstimable(not_of_kind(metric, kind=kind)))
    if metric == "auc":
        return rolled_area(sums, scale=scale, slice=slice)
    among = {cell: number for cell, number in sums.cells.items() if AMONG[metric](cell)}
    total = sum(among.values())
    hits = sum(number for cell, number in among.items() if SUCCESS[metric](cell))
    return Figure(
        metric=metric,
        slice=slice,
        outcome=proportions.wilson(hits, total) if total else NotEstimable(MISSING[metric]),
        positives=sum(number for cell, number in among.items() if cell.truth == "positive"),
        reference=standards(among),
    )


def known(cell: Cell) -> bool:
    return cell.truth in ("positive", "negative")


def decided(cell: Cell) -> bool:
    return cell.decision in ("positive", "negative")


AMONG = {
    "sensitivity": lambda cell: cell.truth == "positive" and decided(cell),
    "specificity": lambda cell: cell.truth == "negative" and decided(cell),
    "ppv": lambda cell: known(cell) and cell.decision == "positive",
    "npv": lambda cell: known(cell) and cell.decision == "negative",
    "prevalence": known,
    "flag_rate": decided,
    "label_coverage": lambda cell: True,
}
SUCCESS = {
    "sensitivity": lambda cell: cell.decision == "positive",
    "specificity": lambda cell: cell.decision == "negative",
    "ppv": lambda cell: cell.truth == "positive",
    "npv": lambda cell: cell.truth == "negative",
    "prevalence": lambda cell: cell.truth == "positive",
    "flag_rate": lambda cell: cell.decision == "positive",
    "label_coverage": known,
}


def standards(cells: Mapping[Cell, int]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for cell, number in cells.items():
        if cell.standard:
            found[cell.standard] += number
    return dict(found)


def rolled_area(sums: Sums, *, scale: Scale, slice: Mapping[str, str]) -> Figure:
    if sums.cells and not any(cell.bin for cell in sums.cells):
        return Figure(metric="auc", slice=slice, outcome=NotEstimable(NO_SCORE))
    scored = {cell: number for cell, number in sums.cells.items() if cell.bin and known(cell)}
    if not scored:
        return Figure(metric="auc", slice=slice, outcome=NotEstimable("no case with a score and a truth"))
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for cell, number in scored.items():
        counts[cell.bin, cell.truth] += number
    bins = columns({cell.bin for cell in scored}, scale=scale)
    negative, positive = (
        [sum(counts[name, truth] for name in each.names) for each in bins] for truth in ("negative", "positive")
    )
    found = auc_from_histograms(negative, positive, ties=[each.is_single for each in bins])
    return Figure(
        metric="auc",
        slice=slice,
        outcome=found,
        positives=sum(positive),
        bounds=None if isinstance(found, NotEstimable) else (found.lower_bound, found.upper_bound),
        reference=standards(scored),
    )


def with_patients(here: Figure, *, sample: Sample | None, setting: Setting) -> Figure:
    """Return the figure with the interval that its patients give, where one of them comes more than once."""
    if sample is None or not isinstance(here.outcome, Estimate):
        return here
    exact = figure(here.metric, sample, setting=setting, slice=here.slice).outcome
    if isinstance(exact, NotEstimable):
        return replace(here, outcome=exact)
    outcome = Estimate(value=here.outcome.value, interval=exact.interval, cases=here.outcome.cases, method=exact.method)
    return replace(here, outcome=outcome)


__all__ = ["can_roll", "rolled_figures", "sample_of"]
