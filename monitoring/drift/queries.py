"""Scores, truth and mix of a deployment by month, from the sums of months; a bounded sample of rows for the report."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np

from inference.registry.models import Deployment, Finding
from inference.registry.vocabulary import DEFAULT_RULE
from inference.results.models import Inference
from monitoring.cases.models import Case
from monitoring.cases.slicing import UNKNOWN
from monitoring.rollups.columns import DECISION_AT, STATES, TRUTH_AT, Columns
from monitoring.rollups.queries import Month, Wanted, days_wanted, months_with_cases, months_with_sums
from monitoring.rollups.summing import Sums as MonthSums
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

    def add_month(self, sums: MonthSums) -> None:
        """Add a month's sums; a score stands in the middle of what its bin held."""
        for code, cases in sums.tallies.tolist():
            self.truths[STATES[state(code, TRUTH_AT)]] += cases
            self.decisions[STATES[state(code, DECISION_AT)]] += cases
        bins = sums.bins
        middles = (bins["low"] + bins["high"]) / 2
        held = bins["negative"].astype(int) + bins["positive"] + bins["other"]
        for score, cases in zip(middles.tolist(), held.tolist(), strict=True):
            self.scores[score] += cases

    def add_cases(self, columns: Columns) -> None:
        """Add cases one by one."""
        self.truths.update(STATES[state(code, TRUTH_AT)] for code in columns.codes.tolist())
        self.decisions.update(STATES[state(code, DECISION_AT)] for code in columns.codes.tolist())
        self.scores.update(score for score in columns.scores.tolist() if score == score)

    @property
    def cases(self) -> int:
        return self.truths.total()


def state(code: int, at: int) -> int:
    return code >> at & 7


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


def months_of(deployment: Deployment, *, finding: Finding) -> dict[tuple[str, str], Sums]:
    """Return the sums of each (month, version), oldest first."""
    months: dict[tuple[str, str], Sums] = defaultdict(Sums)
    for month in months_with_sums(wanted(deployment, finding=finding)):
        months[f"{month.first:%Y-%m}", month.version].add_month(month.sums)
    return {key: months[key] for key in sorted(months) if months[key].cases}


def wanted(
    deployment: Deployment,
    *,
    finding: Finding,
    version: str = "",
    since: date | None = None,
    until: date | None = None,
) -> Wanted:
    return Wanted(deployments=[deployment.pk], findings=[finding.key], version=version, since=since, until=until)


def references_of(deployment: Deployment, *, finding: Finding) -> dict[str, Reference]:
    """Return the reference of each version that has one."""
    found = {}
    monitors = Monitor.objects.filter(deployment_id=deployment.pk, finding=finding.key, kind=Monitor.Kind.SCORE)
    for monitor in monitors.order_by("designed_at", "key"):
        first, last = (date.fromisoformat(monitor.design["reference"][end]) for end in ("from", "to"))
        asked = wanted(deployment, finding=finding, version=monitor.version, since=first, until=day_after(last))
        sums = Sums()
        for month in months_with_cases(asked):
            if month.version == monitor.version:
                sums.add_cases(within(month, asked))
        found[monitor.version] = Reference(version=monitor.version, first=first, last=last, sums=sums)
    return found


def day_after(day: date) -> date | None:
    return day + timedelta(days=1) if day < date.max else None


def within(month: Month, asked: Wanted) -> Columns:
    chosen = days_wanted(month.columns.codes, first=month.first, wanted=asked)
    return month.columns if chosen is None else month.columns.at(chosen)


def mix_of(deployment: Deployment, *, finding: Finding, first: date, last: date) -> dict[str, Counter[str]]:
    """Return how many counted cases each value of each dimension had between two days."""
    asked = wanted(deployment, finding=finding, since=first, until=day_after(last))
    found: dict[str, Counter[str]] = {dimension: Counter() for dimension in MIX_DIMENSIONS}
    for month in months_with_cases(asked, slices=True):
        columns = within(month, asked)
        for dimension, counter in found.items():
            counter.update(values_of(columns, dimension))
    return found


def values_of(columns: Columns, dimension: str) -> dict[str, int]:
    if dimension not in columns.labels:
        return {UNKNOWN: columns.size} if columns.size else {}
    values = list(columns.labels[dimension])
    numbers = np.bincount(columns.slices[:, list(columns.labels).index(dimension)], minlength=len(values))
    return {value: int(n) for value, n in zip(values, numbers, strict=True) if n}


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
