"""The values that every statistical function gives back.

A number never travels without its interval, its count and its method; "no answer"
is a value with a reason. Functions that have more to say return a subclass with extra fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Interval:
    """A two-sided interval; `level` is its coverage, and it always has a width.

    An end may be infinite (nothing is known on that side); it is never NaN.
    """

    low: float
    high: float
    level: float = 0.95

    def __post_init__(self) -> None:
        if isnan(self.low) or isnan(self.high) or not self.low < self.high:
            raise ValueError(f"an interval needs low < high, not {self.low} and {self.high}")

    @property
    def width(self) -> float:
        return self.high - self.low

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number with its interval, the cases behind it and the method that gave both."""

    value: float
    interval: Interval
    cases: int
    method: str


@dataclass(frozen=True, slots=True)
class NotEstimable:
    """There is no answer, and this is why; the page and the report print the reason."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """The outcome of a test; `method` names it with its variant and its sides."""

    __test__: ClassVar[bool] = False  # pytest must not take it for a test

    statistic: float
    p_value: float
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceTest(TestResult):
    """A test of a difference, first minus second, with the difference itself."""

    difference: float
    interval: Interval
    cases: int
