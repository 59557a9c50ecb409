"""The counted cases of one slice as columns of numbers: what the metrics are computed from. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitoring.statistics.inputs import BoolArray, FloatArray, IntArray

STATES = {"positive": 1, "negative": 0}


class SampleRow(NamedTuple):
    """What the metrics need of one counted case or read."""

    person: Any
    truth: str
    decision: str
    score: float | None
    standard: str
    measurement: float | None = None
    truth_measurement: float | None = None
    category: Any = None
    truth_category: Any = None
    minutes: float | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Sample:
    """Counted cases. States are 1, 0 and −1 for everything else; absent numbers are NaN inside, never outside."""

    persons: IntArray
    truth: NDArray[np.int8]
    decision: NDArray[np.int8]
    score: FloatArray
    standard: NDArray[Any]
    measurement: FloatArray
    truth_measurement: FloatArray
    minutes: FloatArray
    category: list[Any] = field(default_factory=list)
    truth_category: list[Any] = field(default_factory=list)

    @property
    def size(self) -> int:
        return int(self.truth.size)

    def repeats(self, mask: BoolArray) -> bool:
        """Return whether a patient comes more than once."""
        chosen = self.persons[mask]
        return bool(np.unique(chosen).size < chosen.size)

    def reference(self, mask: BoolArray) -> dict[str, int]:
        """Return how many of these cases have their truth by each standard."""
        return {name: number for name, number in Counter(self.standard[mask].tolist()).items() if name}


def sample_of(rows: Sequence[SampleRow]) -> Sample:
    columns: list[tuple[Any, ...]] = list(zip(*rows, strict=True)) if rows else [()] * len(SampleRow._fields)
    person, truth, decision, score, standard, measured, truly, category, true_category, minutes = columns
    return Sample(
        persons=codes(person),
        truth=states(truth),
        decision=states(decision),
        score=floats(score),
        standard=np.array(standard, dtype=object),
        measurement=floats(measured),
        truth_measurement=floats(truly),
        minutes=floats(minutes),
        category=list(category),
        truth_category=list(true_category),
    )


def codes(keys: Iterable[Any]) -> IntArray:
    known: dict[Any, int] = {}
    return np.array([known.setdefault(key, len(known)) for key in keys], dtype=np.int64)


def states(values: Iterable[str]) -> NDArray[np.int8]:
    return np.array([STATES.get(value, -1) for value in values], dtype=np.int8)


def floats(values: Iterable[float | None]) -> FloatArray:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
