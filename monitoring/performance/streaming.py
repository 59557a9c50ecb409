"""Exact figures of yes-or-no calls from rows that are read one after the other: some 20 bytes stay of each.

The rows are those of the cases, or cases counted again from the facts as they were known.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

import numpy as np
from django.db.models import Count, F

from monitoring.cases.slicing import UNKNOWN
from monitoring.performance.case_part import CasePart
from monitoring.performance.gathering import (
    COLUMN_OF,
    asks_for,
    case_rows,
    counted_again,
    needs_facts,
    slice_value,
)
from monitoring.performance.metrics import BINARY, has_calls, metrics_of
from monitoring.performance.parts import figures_of
from monitoring.performance.questions import Figure, Question
from monitoring.performance.scopes import Scope
from monitoring.rollups.binning import Scale, scale_of
from monitoring.rollups.columns import STANDARD_CODES
from monitoring.rollups.folding import PERSON_BITS

ROWS_AT_ONCE = 20_000
CLASSES = {"positive": 1, "negative": 0}
SEEN = ("person_id", "truth", "decision", "score", "truth_reference")


class Seen(NamedTuple):
    """What the figures need of one counted case."""

    person: UUID
    truth: str
    decision: str
    score: float | None
    reference: str


@dataclass(slots=True)
class Pile:
    """Counted cases as plain numbers."""

    persons: array[int] = field(default_factory=lambda: array("Q"))
    truth: array[int] = field(default_factory=lambda: array("b"))
    decision: array[int] = field(default_factory=lambda: array("b"))
    scores: array[float] = field(default_factory=lambda: array("d"))
    standards: array[int] = field(default_factory=lambda: array("b"))

    def add(self, case: Seen) -> None:
        self.persons.append(case.person.int & PERSON_BITS)
        self.truth.append(CLASSES.get(case.truth, -1))
        self.decision.append(CLASSES.get(case.decision, -1))
        self.scores.append(np.nan if case.score is None else case.score)
        self.standards.append(STANDARD_CODES.get(case.reference, 0))

    def part(self, scale: Scale) -> CasePart:
        return CasePart(
            truth=np.frombuffer(self.truth, dtype=np.int8),
            decision=np.frombuffer(self.decision, dtype=np.int8),
            standard=np.frombuffer(self.standards, dtype=np.int8),
            score=np.frombuffer(self.scores, dtype=np.float64),
            persons=np.frombuffer(self.persons, dtype=np.uint64),
            scale=scale,
            exact=True,
        )


@dataclass(slots=True)
class Streamed:
    """The cases of one question by value of each dimension asked for, and how many were left out."""

    cuts: dict[str, dict[str, Pile]]
    excluded: Counter[str] = field(default_factory=Counter)

    @classmethod
    def by(cls, dimensions: Iterable[str]) -> Streamed:
        return cls({each: defaultdict(Pile) for each in dimensions})

    def counts(self) -> Counter[tuple[int, int]]:
        """Return how many cases have each decision and truth: 1, 0, or −1 for anything else."""
        found: Counter[tuple[int, int]] = Counter()
        for pile in next(iter(self.cuts.values())).values():
            found.update(zip(pile.decision, pile.truth, strict=True))
        return found


def can_stream(question: Question, scope: Scope) -> bool:
    """Return whether the question is about a product's yes-or-no calls alone."""
    finding = scope.finding
    if scope.site or question.who or not has_calls(finding.kind, classes=finding.classes, unit=finding.unit):
        return False
    return set(question.metrics or metrics_of(finding.kind)) <= set(BINARY)


def streamed(question: Question, scope: Scope, *, by: Sequence[str]) -> Streamed:
    """Read every case of a question once, for all the dimensions it is cut by ("" for none)."""
    return (again if needs_facts(question, scope) else from_rows)(question, scope, by=by)


def from_rows(question: Question, scope: Scope, *, by: Sequence[str]) -> Streamed:
    found, rows = Streamed.by(by), case_rows(question, scope)
    out = rows.exclude(excluded="").values_list("excluded").annotate(number=Count("id"))
    found.excluded.update(dict(out))
    named = {f"by_{place}": F(COLUMN_OF.get(each, f"slices__{each}")) for place, each in enumerate(by) if each}
    counted = rows.filter(excluded="").annotate(**named).values_list(*SEEN, *named)
    for row in counted.iterator(chunk_size=ROWS_AT_ONCE):
        case, values = Seen(*row[: len(SEEN)]), iter(row[len(SEEN) :])
        for each in by:
            found.cuts[each][(next(values) or UNKNOWN) if each else ""].add(case)
    return found


def again(question: Question, scope: Scope, *, by: Sequence[str]) -> Streamed:
    found = Streamed.by(by)
    for case in counted_again(question, scope):
        if not asks_for(case, question):
            continue
        if case.excluded:
            found.excluded[case.excluded] += 1
            continue
        seen = Seen(case.person_id, case.truth, case.decision, case.score, case.truth_reference)
        for each in by:
            found.cuts[each][slice_value(case, each)].add(seen)
    return found


def streamed_figures(found: Streamed, scope: Scope, *, by: str, metrics: Sequence[str]) -> list[Figure]:
    """Return the figures of one cut."""
    return list(figures_from(found.cuts[by], scope, by=by, metrics=metrics))


def figures_from(piles: dict[str, Pile], scope: Scope, *, by: str, metrics: Sequence[str]) -> Iterator[Figure]:
    scale = scale_of(scope.finding.scale, scope.finding.range)
    if not piles and not by:
        piles = {"": Pile()}
    for value in sorted(piles):
        part = piles[value].part(scale)
        yield from figures_of(part, metrics, slice={by: value} if by else {}, kind=scope.finding.kind)
