"""Scores, truth and mix of a deployment by month, from daily sums; a bounded sample of rows for the report."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from math import inf
from typing import Any

from django.db.models import QuerySet

from inference.registry.models import Deployment, Finding
from inference.registry.vocabulary import DEFAULT_RULE
from inference.results.models import Inference
from monitoring.cases.models import Case
from monitoring.rollups.binning import Scale, scale_of
from monitoring.rollups.folding import Cell, parsed
from monitoring.rollups.models import DailySum
from monitoring.signals.feeding import headers_of
from monitoring.signals.models import Monitor

MIX_DIMENSIONS = ("scanner", "view_position", "sex", "age_band")
CALLS = ("positive", "negative")
SAMPLE_ROWS = 2_000


@dataclass(slots=True, kw_only=True)
class Sums:
    """What the counted cases of some days add up to."""

    scores: Counter[float] = field(default_factory=Counter)
    truths: Counter[str] = field(default_factory=Counter)
    decisions: Counter[str] = field(default_factory=Counter)

    def add(self, counts: Mapping[str, int], *, scale: Scale) -> None:
        for name, cases in counts.items():
            cell = parsed(name)
            if isinstance(cell, Cell):
                self.truths[cell.truth] += cases
                self.decisions[cell.decision] += cases
                if cell.bin:
                    self.scores[_middle(scale, cell.bin)] += cases

    @property
    def cases(self) -> int:
        return self.truths.total()


def _middle(scale: Scale, name: str) -> float:
    found = scale.bin_of(name)
    if found.low == -inf:
        return found.high
    return found.low if found.high == inf else (found.low + found.high) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The reference of one version, as its score monitor froze it."""

    version: str
    first: date
    last: date
    sums: Sums


def findings_of(deployment: Deployment) -> list[Finding]:
    """Return the scored findings of a deployment, those that are watched first."""
    found = Finding.objects.filter(product=deployment.product_id, kind=Finding.Kind.BINARY).order_by("key")
    watched = Monitor.objects.filter(deployment_id=deployment.pk, kind=Monitor.Kind.SCORE)
    keys = set(watched.values_list("finding", flat=True))
    return sorted(found, key=lambda finding: (finding.key not in keys, finding.key))


def with_scores(deployments: Iterable[Deployment]) -> list[Deployment]:
    """Return the deployments whose product scores anything, in one query."""
    every = list(deployments)
    scored = Finding.objects.filter(product__in={each.product_id for each in every}, kind=Finding.Kind.BINARY)
    products = set(scored.values_list("product", flat=True))
    return [each for each in every if each.product_id in products]


def scale_for(finding: Finding) -> Scale:
    ends = (float(finding.range[0]), float(finding.range[1])) if finding.range else None
    return scale_of(finding.scale, ends)


def months_of(deployment: Deployment, *, finding: Finding) -> dict[tuple[str, str], Sums]:
    """Return the sums of each (month, version), oldest first."""
    scale = scale_for(finding)
    months: dict[tuple[str, str], Sums] = defaultdict(Sums)
    for row in _daily(deployment, finding=finding):
        months[f"{row.day:%Y-%m}", row.version].add(row.counts, scale=scale)
    return {key: months[key] for key in sorted(months) if months[key].cases}


def _daily(deployment: Deployment, *, finding: Finding, dimension: str = "") -> QuerySet[DailySum]:
    return DailySum.objects.filter(
        deployment_id=deployment.pk, finding=finding.key, rule=DEFAULT_RULE, dimension=dimension
    ).order_by("day")


def references_of(deployment: Deployment, *, finding: Finding) -> dict[str, Reference]:
    """Return the reference of each version that has one."""
    found = {}
    scale = scale_for(finding)
    daily = list(_daily(deployment, finding=finding))
    monitors = Monitor.objects.filter(deployment_id=deployment.pk, finding=finding.key, kind=Monitor.Kind.SCORE)
    for monitor in monitors.order_by("designed_at", "key"):
        first, last = (date.fromisoformat(monitor.design["reference"][end]) for end in ("from", "to"))
        sums = Sums()
        for row in daily:
            if row.version == monitor.version and first <= row.day <= last:
                sums.add(row.counts, scale=scale)
        found[monitor.version] = Reference(version=monitor.version, first=first, last=last, sums=sums)
    return found


def mix_of(deployment: Deployment, *, finding: Finding, first: date, last: date) -> dict[str, Counter[str]]:
    """Return how many counted cases each value of each dimension had between two days."""
    rows = DailySum.objects.filter(
        deployment_id=deployment.pk,
        finding=finding.key,
        rule=DEFAULT_RULE,
        dimension__in=MIX_DIMENSIONS,
        day__gte=first,
        day__lte=last,
    )
    found: dict[str, Counter[str]] = {dimension: Counter() for dimension in MIX_DIMENSIONS}
    for dimension, value, counts in rows.values_list("dimension", "value", "counts"):
        found[dimension][value] += sum(counts.values())
    return found


def sample_rows(
    deployment: Deployment, *, finding: Finding, first: date, last: date, most: int = SAMPLE_ROWS
) -> list[dict[str, Any]]:
    """Return at most so many counted cases as plain columns, a random sample that is the same every time.

    Random ids of studies order the rows, so a sample needs no seed and names nobody.
    """
    cases = Case.objects.filter(
        deployment_id=deployment.pk,
        finding=finding.key,
        rule=DEFAULT_RULE,
        excluded="",
        score__isnull=False,
        acquired_on__gte=first,
        acquired_on__lte=last,
    ).order_by("study_id", "pk")
    columns = ("inference_id", "score", "decision", "truth", "slices__scanner", "slices__view_position")
    rows = list(cases.values_list(*columns)[:most])
    headers = _headers(row[0] for row in rows)
    return [
        {"score": score, "decision": decision, "truth": truth or "unknown", "scanner": scanner, "view position": view}
        | {name.split(".")[1].replace("_", " "): value for name, value in headers.get(run, {}).items()}
        for run, score, decision, truth, scanner, view in rows
    ]


def _headers(runs: Iterable[int]) -> dict[int, dict[str, Any]]:
    rows = Inference.objects.filter(pk__in=list(runs)).values_list("pk", "described")
    skipped = ("scanner.key", "acquisition.view_position")
    return {pk: {k: v for k, v in headers_of(said).items() if k not in skipped} for pk, said in rows}
