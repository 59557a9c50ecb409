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
NUMBERS = (
    "score", "measurement", "truth_measurement", "minutes", "minutes_to_treatment", "followed_days", "threshold",
)  # fmt: skip


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
    class_scores: Any = None
    comparison: Any = None
    minutes_to_treatment: float | None = None
    followed_days: float | None = None
    threshold: float | None = None
    reader_decision: str = ""
    reader_measurement: float | None = None
    reader_category: Any = None


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
    minutes_to_treatment: FloatArray
    followed_days: FloatArray
    threshold: FloatArray
    reader_decision: NDArray[np.int8]
    category: list[Any] = field(default_factory=list)
    truth_category: list[Any] = field(default_factory=list)
    class_scores: list[Any] = field(default_factory=list)
    comparison: list[Any] = field(default_factory=list)

    @property
    def size(self) -> int:
        return int(self.truth.size)

    def repeats(self, mask: BoolArray) -> bool:
        """Return whether a patient comes more than once."""
        chosen = self.persons[mask]
        return bool(np.unique(chosen).size < chosen.size)

    def clusters(self, mask: BoolArray) -> list[int] | None:
        """Return the patient of each of these cases, or None where every patient comes once."""
        return self.persons[mask].tolist() if self.repeats(mask) else None

    def reference(self, mask: BoolArray) -> dict[str, int]:
        """Return how many of these cases have their truth by each standard."""
        return {name: number for name, number in Counter(self.standard[mask].tolist()).items() if name}


def sample_of(rows: Sequence[SampleRow]) -> Sample:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(SampleRow._fields)
    named: dict[str, tuple[Any, ...]] = dict(zip(SampleRow._fields, columns, strict=True))
    found: dict[str, Any] = {name: states(named[name]) for name in ("truth", "decision", "reader_decision")}
    found |= {name: floats(named[name]) for name in NUMBERS}
    found |= {name: list(named[name]) for name in ("category", "truth_category", "class_scores", "comparison")}
    return Sample(persons=codes(named["person"]), standard=np.array(named["standard"], dtype=object), **found)


def codes(keys: Iterable[Any]) -> IntArray:
    known: dict[Any, int] = {}
    return np.array([known.setdefault(key, len(known)) for key in keys], dtype=np.int64)


def states(values: Iterable[str]) -> NDArray[np.int8]:
    return np.array([STATES.get(value, -1) for value in values], dtype=np.int8)


def floats(values: Iterable[float | None]) -> FloatArray:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
