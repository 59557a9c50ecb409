"""The counted cases of one month as columns of numbers: added to, taken from and read without single rows. Pure.

A case is its day, truth, decision, read, standard, score, patient (64 bits of a random id) and slices. The order
of the columns follows from their content alone, so following and making again end in the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from inference.registry.vocabulary import STANDARDS
from monitoring.cases.references import MARKED
from monitoring.cases.slicing import UNKNOWN

STATES = ("", "positive", "negative", "indeterminate", "not_assessable", "other")
STATE_CODES = {state: code for code, state in enumerate(STATES)}
POSITIVE, NEGATIVE = STATE_CODES["positive"], STATE_CODES["negative"]
KNOWN_STANDARDS = ("", *STANDARDS, *MARKED)
STANDARD_CODES = {standard: code for code, standard in enumerate(KNOWN_STANDARDS)}
BUCKETS = 128
MOST_VALUES = 65_535

Codes = NDArray[np.uint32]
Persons = NDArray[np.uint64]
Labels = Mapping[str, Sequence[str]]

# From the lowest bit: scored 1, standard 5, read 3, decision 3, truth 3, day 5.
STANDARD_AT, READ_AT, DECISION_AT, TRUTH_AT, DAY_AT = 1, 6, 9, 12, 15


def code_of(*, day: int, truth: str, decision: str, read: str, standard: str, scored: bool) -> int:
    """Return what is known of a case beside its score, patient and slices; `day` counts from 0."""
    other = STATE_CODES["other"]
    return (
        day << DAY_AT
        | STATE_CODES.get(truth, other) << TRUTH_AT
        | STATE_CODES.get(decision, other) << DECISION_AT
        | STATE_CODES.get(read, other) << READ_AT
        | STANDARD_CODES.get(standard, 0) << STANDARD_AT
        | scored
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """Counted cases; `score` is NaN where there is none. `slices` has a column for each dimension of `labels`."""

    codes: Codes
    scores: NDArray[np.float64]
    persons: Persons
    slices: NDArray[np.uint16]
    labels: Labels

    @property
    def size(self) -> int:
        return int(self.codes.size)

    def at(self, chosen: NDArray[Any]) -> Columns:
        """Return the cases at these places, or of this mask."""
        return Columns(
            codes=self.codes[chosen],
            scores=self.scores[chosen],
            persons=self.persons[chosen],
            slices=self.slices[chosen],
            labels=self.labels,
        )


class Entry(NamedTuple):
    """One case as a fold hands it over; `sign` is 1 for a case after and −1 for the case before."""

    sign: int
    code: int
    score: float | None
    person: int
    slices: Mapping[str, str]


def columns_of(entries: Sequence[Entry]) -> tuple[Columns, NDArray[np.int8]]:
    """Return entries as columns, with their signs."""
    signs, codes, scores, persons, slices = zip(*entries, strict=True)
    places, labels = _coded(slices)
    found = Columns(
        codes=np.array(codes, dtype="<u4"),
        scores=np.array([np.nan if score is None else score for score in scores], dtype="<f8") + 0.0,
        persons=np.array(persons, dtype="<u8"),
        slices=places,
        labels=labels,
    )
    return found, np.array(signs, dtype=np.int8)


def _coded(slices: Sequence[Mapping[str, str]]) -> tuple[NDArray[np.uint16], dict[str, list[str]]]:
    """Return the slices of each case by number. Equal sets of slices are looked at once."""
    kinds: dict[tuple[tuple[str, str], ...], int] = {}
    kind_of = [kinds.setdefault(tuple(each.items()), len(kinds)) for each in slices]
    profiles = [dict(each) for each in kinds]
    names = sorted({name for each in profiles for name in each})
    labels = {name: sorted({each.get(name, UNKNOWN) for each in profiles}) for name in names}
    numbers = {name: {value: place for place, value in enumerate(values)} for name, values in labels.items()}
    table = np.array(
        [[numbers[name][each.get(name, UNKNOWN)] for name in names] for each in profiles], dtype="<u2"
    ).reshape(len(profiles), len(names))
    return table[kind_of], labels


def merged(kept: Columns | None, added: Columns, signs: NDArray[np.int8]) -> Columns:
    """Return the kept cases with those of sign 1 added and those of sign −1 taken away.

    Raises:
        ValueError: a case that is to go is not there.
    """
    if kept is not None:
        signs = np.concatenate((np.ones(kept.size, dtype=np.int8), signs))
        added = _joined(kept, added)
    bits = added.scores.view("<u8")
    order = np.lexsort((*added.slices.T, bits, added.persons, added.codes))
    same = np.ones(order.size, dtype=np.bool_)
    for column in (added.codes, added.persons, bits, *added.slices.T):
        same[1:] &= column[order[1:]] == column[order[:-1]]
    same[:1] = False
    starts = np.flatnonzero(~same)
    left = np.add.reduceat(signs[order].astype(np.int64), starts) if starts.size else np.empty(0, dtype=np.int64)
    if (left < 0).any():
        raise ValueError("a case that is to be taken from its sums is not among them; make the rollups again")
    chosen = order[np.repeat(starts, left)]
    slices, labels = _without_unused(added.slices[chosen], added.labels)
    return Columns(
        codes=added.codes[chosen],
        scores=added.scores[chosen],
        persons=added.persons[chosen],
        slices=slices,
        labels=labels,
    )


def _joined(one: Columns, other: Columns) -> Columns:
    labels = {
        name: sorted({*one.labels.get(name, (UNKNOWN,)), *other.labels.get(name, (UNKNOWN,))})
        for name in sorted({*one.labels, *other.labels})
    }
    return Columns(
        codes=np.concatenate((one.codes, other.codes)),
        scores=np.concatenate((one.scores, other.scores)),
        persons=np.concatenate((one.persons, other.persons)),
        slices=np.concatenate((recoded(one, labels), recoded(other, labels))),
        labels=labels,
    )


def recoded(columns: Columns, labels: Labels) -> NDArray[np.uint16]:
    """Return the slices of cases in the numbers of other labels, which know all of theirs."""
    found = np.empty((columns.size, len(labels)), dtype="<u2")
    places = {name: place for place, name in enumerate(columns.labels)}
    for place, (name, values) in enumerate(labels.items()):
        number = {value: at for at, value in enumerate(values)}
        if name not in places:
            found[:, place] = number[UNKNOWN]
            continue
        new = np.array([number[value] for value in columns.labels[name]], dtype="<u2")
        found[:, place] = new[columns.slices[:, places[name]]]
    return found


def _without_unused(slices: NDArray[np.uint16], labels: Labels) -> tuple[NDArray[np.uint16], dict[str, list[str]]]:
    """Return slices and labels without values that no case has, and dimensions of which nothing is known."""
    kept: dict[str, list[str]] = {}
    columns: list[NDArray[np.uint16]] = []
    for place, (name, values) in enumerate(labels.items()):
        used = np.bincount(slices[:, place], minlength=len(values)) > 0
        left = [value for value, is_used in zip(values, used, strict=True) if is_used]
        if left in ([], [UNKNOWN]):
            continue
        kept[name] = left
        columns.append((np.cumsum(used) - 1).astype("<u2")[slices[:, place]])
    found = np.stack(columns, axis=1) if columns else np.empty((slices.shape[0], 0), dtype="<u2")
    return found, kept


def days(codes: Codes) -> NDArray[np.int64]:
    """Return the day of each case within its month, from 0."""
    return (codes >> DAY_AT).astype(np.int64)


def field(codes: Codes, at: int, *, bits: int = 3) -> NDArray[np.int64]:
    return ((codes >> at) & ((1 << bits) - 1)).astype(np.int64)


def state_names(numbers: Iterable[int]) -> list[str]:
    return [STATES[number] for number in numbers]
