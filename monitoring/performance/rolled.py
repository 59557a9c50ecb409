"""Figures from the sums of months: read once for all the cuts of a question.

Up to a number of cases their columns are read and every interval is exact; above it sums and buckets of patients
answer, and the cost no longer grows. Either way counts are exact and the area carries what its bins leave open.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from monitoring.cases.slicing import UNKNOWN
from monitoring.performance.case_part import CasePart
from monitoring.performance.gathering import needs_facts
from monitoring.performance.metrics import BINARY, has_calls, metrics_of
from monitoring.performance.parts import Part, figures_of
from monitoring.performance.questions import Figure, Question
from monitoring.performance.scopes import Scope
from monitoring.performance.sum_part import SumPart
from monitoring.rollups.binning import Scale, scale_of
from monitoring.rollups.columns import DECISION_AT, STANDARD_AT, TRUTH_AT, Codes, Columns, field
from monitoring.rollups.queries import (
    Month,
    Wanted,
    cases_in,
    chosen,
    mask_of,
    months_with_cases,
    months_with_sums,
    only_month,
    stacked,
)
from monitoring.rollups.summing import Sums, class_of, sums_of

IN_THE_KEY = ("site", "month", "version")
NOT_ROLLED = ("reader", "stage", "ai_exposure")
MOST_ROWS = 250_000
"""Up to so many cases a question reads their columns (20 bytes each); above it, sums."""

Answer = tuple[list[Figure], dict[str, int]]


def can_roll(question: Question, scope: Scope) -> bool:
    """Return whether the sums can answer a question."""
    finding = scope.finding
    if not has_calls(finding.kind, classes=finding.classes, unit=finding.unit):
        return False
    if question.who or question.exact or scope.site or needs_facts(question, scope):
        return False
    return is_rolled(question.by, scope) and set(question.metrics or metrics_of(finding.kind)) <= set(BINARY)


def is_rolled(by: str, scope: Scope) -> bool:
    regional = any(each.regions for each in scope.settings.values())
    return by not in NOT_ROLLED and (by != "region" or regional)


def rolled_figures(question: Question, scope: Scope, *, metrics: Iterable[str]) -> Answer:
    """Return the figures of a question from its sums, and the counts of what was left out."""
    return rolled_cuts(question, scope, metrics=metrics, by=[question.by])[question.by]


def rolled_cuts(
    question: Question,
    scope: Scope,
    *,
    metrics: Iterable[str],
    by: Iterable[str],
    source: CaseSource | SumSource | None = None,
    only: Mapping[str, Collection[str]] | None = None,
) -> dict[str, Answer]:
    """Return the figures by each dimension ("" for none), from months that are read once, here or by the caller.

    `only` says which metrics are made of a dimension, where these are not all.
    """
    dimensions, metrics = list(by), list(metrics)
    source = source or source_of(question, scope, by=dimensions)
    out = source.left_out()
    kept = {each: [m for m in metrics if not only or m in only.get(each, metrics)] for each in dimensions}
    return {each: (cut(source, each, metrics=kept[each], kind=scope.finding.kind), dict(out)) for each in dimensions}


def cut(source: Source, by: str, *, metrics: Iterable[str], kind: str) -> list[Figure]:
    parts = source.parts(by)
    if not parts and not by:
        parts = {"": source.nothing()}
    return [
        each for value, part in parts.items() for each in figures_of(part, metrics, slice=named(by, value), kind=kind)
    ]


def named(by: str, value: str) -> dict[str, str]:
    return {by: value} if by else {}


def wanted_of(question: Question, scope: Scope) -> Wanted:
    return Wanted(
        deployments=list(scope.settings),
        findings=[scope.finding.key],
        rule=question.truth_rule,
        version=question.version,
        since=question.since,
        until=question.until,
    )


def source_of(question: Question, scope: Scope, *, by: Iterable[str]) -> CaseSource | SumSource:
    """Read the months of a question: their cases where these are few or cut by what sums do not know, else sums."""
    wanted = wanted_of(question, scope)
    scale = scale_of(scope.finding.scale, scope.finding.range)
    sites = {key: each.site_key for key, each in scope.settings.items()}
    sliced = any(each not in ("", *IN_THE_KEY) for each in by)
    if sliced or cases_in(wanted) <= MOST_ROWS:
        return CaseSource(wanted, sites=sites, scale=scale, sliced=sliced)
    return SumSource(wanted, sites=sites, scale=scale)


class Source(ABC):
    """The months of a question."""

    months: list[Month]

    def __init__(self, wanted: Wanted, *, sites: Mapping[str, str], scale: Scale) -> None:
        self.wanted, self.sites, self.scale = wanted, sites, scale

    def left_out(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for month in self.months:
            found.update(month.left_out(self.wanted))
        return found

    def value_of(self, month: Month, by: str) -> str:
        """Return the slice of a whole month."""
        if by == "site":
            return self.sites[month.deployment]
        if by == "month":
            return f"{month.first:%Y-%m}"
        return month.version or UNKNOWN if by == "version" else ""

    def nothing(self) -> CasePart:
        return case_part(np.empty(0, dtype="<u4"), Stacked.nothing(), scale=self.scale)

    @abstractmethod
    def parts(self, by: str) -> Mapping[str, Part]: ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stacked:
    """Scores and patients of many months, one after the other."""

    scores: NDArray[np.float64]
    persons: NDArray[np.uint64]

    @classmethod
    def nothing(cls) -> Stacked:
        return cls(scores=np.empty(0), persons=np.empty(0, dtype="<u8"))


def case_part(codes: Codes, cases: Stacked, *, scale: Scale) -> CasePart:
    return CasePart(
        truth=class_of(field(codes, TRUTH_AT)).astype(np.int8),
        decision=class_of(field(codes, DECISION_AT)).astype(np.int8),
        standard=field(codes, STANDARD_AT, bits=5).astype(np.int8),
        score=cases.scores,
        persons=cases.persons,
        scale=scale,
    )


def cases_within(months: Sequence[Month], wanted: Wanted, *, scale: Scale) -> CasePart:
    """Return the cases of the days wanted, in the order of the months."""
    cases = Stacked(
        scores=stacked(months, wanted, name="scores", dtype="<f8"),
        persons=stacked(months, wanted, name="persons", dtype="<u8"),
    )
    return case_part(stacked(months, wanted, name="codes", dtype="<u4"), cases, scale=scale)


class CaseSource(Source):
    """Every case of the question as columns."""

    def __init__(self, wanted: Wanted, *, sites: Mapping[str, str], scale: Scale, sliced: bool) -> None:
        super().__init__(wanted, sites=sites, scale=scale)
        self.months = months_with_cases(wanted, slices=sliced)
        self.whole = cases_within(self.months, wanted, scale=scale)

    def parts(self, by: str) -> Mapping[str, CasePart]:
        if not by:
            return {"": self.whole} if self.whole.size else {}
        values, numbers = self._sliced(by)
        order = np.argsort(numbers, kind="stable")
        ends = np.cumsum(np.bincount(numbers, minlength=len(values)))
        places = np.split(order, ends[:-1])
        return {value: self.whole.at(places[at]) for at, value in enumerate(values) if places[at].size}

    def _sliced(self, by: str) -> tuple[list[str], NDArray[np.int64]]:
        """Return the values of a dimension, sorted, and the place of each case's value."""
        masks = [mask_of(month, self.wanted) for month in self.months]
        own = [self._values(month, by) for month in self.months]
        values = sorted({value for labels, _ in own for value in labels})
        place = {value: at for at, value in enumerate(values)}
        if all(each is None for _, each in own):
            sizes = [
                month.cases if mask is None else int(mask.sum()) for month, mask in zip(self.months, masks, strict=True)
            ]
            return values, np.repeat(np.array([place[labels[0]] for labels, _ in own], dtype=np.int64), sizes)
        numbers = [
            np.array([place[value] for value in labels], dtype=np.int64)[at if at is not None else zeros(month.cases)]
            for (labels, at), month in zip(own, self.months, strict=True)
        ]
        return values, chosen(numbers, masks, dtype="<i8")

    def _values(self, month: Month, by: str) -> tuple[list[str], NDArray[np.int64] | None]:
        """Return the values of a month's cases, and which each case has: None where they have one and the same."""
        if by in IN_THE_KEY:
            return [self.value_of(month, by)], None
        columns = month.columns
        if by not in columns.labels:
            return [UNKNOWN], None
        at = list(columns.labels).index(by)
        return list(columns.labels[by]), columns.slices[:, at].astype(np.int64)

    def states(self) -> Counter[tuple[int, int]]:
        """Return how many cases have each decision and truth: 1, 0, or −1 for anything else."""
        pairs, numbers = np.unique((self.whole.decision + 1) * 3 + self.whole.truth + 1, return_counts=True)
        found = zip(pairs.tolist(), numbers.tolist(), strict=True)
        return Counter({(pair // 3 - 1, pair % 3 - 1): number for pair, number in found})


def zeros(size: int) -> NDArray[np.int64]:
    return np.zeros(size, dtype=np.int64)


class SumSource(Source):
    """The sums of the months; of months that are wanted in part, sums made of their wanted days."""

    def __init__(self, wanted: Wanted, *, sites: Mapping[str, str], scale: Scale) -> None:
        super().__init__(wanted, sites=sites, scale=scale)
        self.months = months_with_sums(wanted)
        self.sums = self._sums()

    def _sums(self) -> list[Sums]:
        edges = {each.first for each in self.months if not self.wanted.holds(each.first)}
        cases = {key_of(each): each for first in edges for each in self._edge(first)}
        return [
            sums_of(self._wanted_days(cases[key_of(each)]), scale=self.scale) if each.first in edges else each.sums
            for each in self.months
        ]

    def _edge(self, first: date) -> list[Month]:
        return months_with_cases(only_month(self.wanted, first))

    def _wanted_days(self, month: Month) -> Columns:
        columns = month.columns
        mask = mask_of(month, self.wanted)
        return columns if mask is None else columns.at(mask)

    def parts(self, by: str) -> Mapping[str, SumPart]:
        groups: dict[str, list[Sums]] = {}
        for month, sums in zip(self.months, self.sums, strict=True):
            if sums.tallies.size:
                groups.setdefault(self.value_of(month, by), []).append(sums)
        return {
            value: SumPart(sums, rows=lambda value=value: self._rows(by, value))  # type: ignore[misc]
            for value, sums in sorted(groups.items())
        }

    def _rows(self, by: str, value: str) -> CasePart:
        """Return the cases of one slice, for what its sums cannot say."""
        source = CaseSource(self._only(by, value), sites=self.sites, scale=self.scale, sliced=False)
        return source.whole

    def _only(self, by: str, value: str) -> Wanted:
        if by == "site":
            return replace(self.wanted, deployments=[key for key, site in self.sites.items() if site == value])
        if by == "month":
            return only_month(self.wanted, date.fromisoformat(f"{value}-01"))
        return replace(self.wanted, version=value) if by == "version" else self.wanted

    def states(self) -> Counter[tuple[int, int]]:
        found: Counter[tuple[int, int]] = Counter()
        for part in self.parts("").values():
            for pair in zip(part.states.decision, part.states.truth, part.states.cases, strict=True):
                found[int(pair[0]), int(pair[1])] += int(pair[2])
        return found


def key_of(month: Month) -> tuple[str, str, date]:
    return month.deployment, month.version, month.first
