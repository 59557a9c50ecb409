"""From cases to evidence: one bounded value a patient, in the order in which labels arrived. Pure.

A patient's first complete day of labels makes their value, the weighted mean of its
cases; what comes for them later is left out and counted. All reasons add up to everything logged.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import mul
from typing import Any

from monitoring.claims.measuring import case_value, group_of
from monitoring.claims.terms import Measure, Terms

OUTSIDE_POPULATION = "outside_population"
BEFORE_START = "before_start"
NO_LABEL = "no_label"
LATER_LABEL = "later_label"
NO_WEIGHT = "no_weight"
AGREEMENT = "agreement"
NO_PARTNER = "no_partner"
WAITS = "waits_for_partner"

SENTENCES: Mapping[str, str] = {
    OUTSIDE_POPULATION: "Outside the population that the claim is about.",
    BEFORE_START: "The label had arrived before the claim was switched on.",
    NO_LABEL: "No truth yet by the claim's truth rule.",
    AGREEMENT: "Its label is a report's: read by a labeller, or signed with the product in view. That is agreement.",
    LATER_LABEL: "A later label of a patient whose value had been used.",
    NO_WEIGHT: "Not drawn by a label plan, or with a smaller chance than the design allows.",
    NO_PARTNER: "No patient of the other group was waiting when the label came.",
    WAITS: "Waits for the next patient of the other group.",
    "not_of_metric": "The truth, or the call, is not among those that the metric is taken over.",
    "no_decision": "The product gave no call.",
    "no_score": "There is no score.",
    "no_number": "The number was not measured or its truth is not known.",
    "no_comparison": "The reader's decision is missing, or was made with the answer in view.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """One logged case. `known_at` is when its label, or what else decides it, became known; `weight` is 1 / chance."""

    person: Any
    study: Any
    deployment: str
    acquired_at: datetime
    day: date
    known_at: datetime | None
    excluded: str = ""
    truth: str = ""
    decision: str = ""
    reader_decision: str = ""
    ai_exposure: str = ""
    score: float | None = None
    is_category_right: bool | None = None
    number: float | None = None
    slices: Mapping[str, str] = field(default_factory=dict)
    weight: float | None = 1.0
    is_independent: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientValue:
    """What one patient, or one pair, adds: a value in [0, 1], when it became known and which day it is about."""

    value: float
    weight: float
    known_at: datetime
    day: date
    cases: int
    studies: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The values in order of arrival; `used` and `left_out` are cases and add up to `logged`."""

    values: tuple[PatientValue, ...]
    left_out: Mapping[str, int]
    logged: int
    ceiling: float = 1.0

    @property
    def used(self) -> int:
        return sum(each.cases for each in self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A patient as they enter: their cases of the first day of labels."""

    rows: tuple[EvidenceRow, ...]
    values: tuple[float, ...]
    group: str

    @property
    def known_at(self) -> datetime:
        return max(row.known_at for row in self.rows if row.known_at is not None)

    @property
    def weight(self) -> float:
        return sum(self.weights) / len(self.rows)

    @property
    def weights(self) -> tuple[float, ...]:
        return tuple(row.weight or 0.0 for row in self.rows)

    @property
    def mean(self) -> float:
        """Return the mean of the cases, each by its own weight: a plan draws flagged and other cases unequally."""
        return sum(map(mul, self.weights, self.values)) / sum(self.weights)


def evidence_of(
    rows: Sequence[EvidenceRow], *, terms: Terms, measure: Measure, ceiling: float = 1.0, since: datetime | None = None
) -> Evidence:
    """Return the evidence of a claim. `since` leaves out labels known before; `ceiling` is the largest weight."""
    left_out: Counter[str] = Counter()
    kept: list[tuple[EvidenceRow, float]] = []
    for row in rows:
        value = _reason(row, terms=terms, since=since) or case_value(row, terms=terms, measure=measure)
        if isinstance(value, str):
            left_out[value] += 1
        else:
            kept.append((row, value))
    entries = _entries(kept, measure=measure, left_out=left_out)
    if measure.kind in ("area", "arms"):
        values = _paired(entries, measure=measure, left_out=left_out)
        return Evidence(values=tuple(values), left_out=dict(left_out), logged=len(rows), ceiling=ceiling**2)
    values = [_value(each, value=measure.scaled(each.mean)) for each in entries]
    return Evidence(values=tuple(values), left_out=dict(left_out), logged=len(rows), ceiling=ceiling)


def _reason(row: EvidenceRow, *, terms: Terms, since: datetime | None) -> str:
    """Return why a case cannot count whatever its value is; empty where it may."""
    if row.excluded:
        return row.excluded
    if any(row.slices.get(name, "unknown") not in values for name, values in terms.population.items()):
        return OUTSIDE_POPULATION
    if row.known_at is None:
        return NO_LABEL
    if not row.is_independent:
        return AGREEMENT
    if since is not None and row.known_at < since:
        return BEFORE_START
    return NO_WEIGHT if row.weight is None else ""


def _entries(kept: Iterable[tuple[EvidenceRow, float]], *, measure: Measure, left_out: Counter[str]) -> list[_Entry]:
    """Return the patients in order of arrival, each with the cases labelled by the end of their first day."""
    ordered = sorted(kept, key=lambda pair: (pair[0].known_at, pair[0].acquired_at, str(pair[0].study)))
    first: dict[Any, list[tuple[EvidenceRow, float]]] = {}
    for row, value in ordered:
        mine = first.setdefault(row.person, [])
        if mine and not _belongs(row, mine[0][0], measure=measure):
            left_out[LATER_LABEL] += 1
        else:
            mine.append((row, value))
    entries = [
        _Entry(
            rows=tuple(row for row, _ in mine),
            values=tuple(value for _, value in mine),
            group=group_of(mine[0][0], measure=measure),
        )
        for mine in first.values()
    ]
    return sorted(entries, key=lambda each: (each.known_at, str(each.rows[0].study)))


def _belongs(row: EvidenceRow, first: EvidenceRow, *, measure: Measure) -> bool:
    """Return whether a case came on its patient's first day, and in the same group."""
    assert row.known_at is not None and first.known_at is not None
    same_day = row.known_at.date() == first.known_at.date()
    return same_day and group_of(row, measure=measure) == group_of(first, measure=measure)


def _value(entry: _Entry, *, value: float) -> PatientValue:
    return PatientValue(
        value=value,
        weight=entry.weight,
        known_at=entry.known_at,
        day=min(row.day for row in entry.rows),
        cases=len(entry.rows),
        studies=tuple(row.study for row in entry.rows),
    )


def _paired(entries: Sequence[_Entry], *, measure: Measure, left_out: Counter[str]) -> list[PatientValue]:
    """Return a value for each patient of the waiting group with the next one of the other group: independent pairs.

    Which patients meet depends on the order of arrival alone, so the mean over pairs is that over all pairs.
    """
    waiting: deque[_Entry] = deque()
    found = []
    for entry in entries:
        if entry.group == "waits":
            waiting.append(entry)
        elif not waiting:
            left_out[NO_PARTNER] += len(entry.rows)
        else:
            found.append(_pair(waiting.popleft(), entry, measure=measure))
    for entry in waiting:
        left_out[WAITS] += len(entry.rows)
    return found


def _pair(waited: _Entry, came: _Entry, *, measure: Measure) -> PatientValue:
    if measure.kind == "area":
        value = _won(waited, came)
    else:
        value = measure.scaled(came.mean - measure.factor * waited.mean)
    return PatientValue(
        value=value,
        weight=waited.weight * came.weight,
        known_at=max(waited.known_at, came.known_at),
        day=max(min(row.day for row in each.rows) for each in (waited, came)),
        cases=len(waited.rows) + len(came.rows),
        studies=tuple(row.study for each in (waited, came) for row in each.rows),
    )


def _won(waited: _Entry, came: _Entry) -> float:
    """Return the share of the pairs of cases that are ranked right, each pair by the product of its weights."""
    share = 0.0
    for weight, one in zip(waited.weights, waited.values, strict=True):
        for other_weight, other in zip(came.weights, came.values, strict=True):
            share += weight * other_weight * ((one > other) + 0.5 * (one == other))
    return share / (sum(waited.weights) * sum(came.weights))
