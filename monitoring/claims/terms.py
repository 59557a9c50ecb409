"""What a claim says, as plain values: its figure, and the line that evidence is held against. Pure.

Every patient's value lies between two ends known beforehand; the line is the
figure less its margin on the side that the claim promises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitoring.statistics.results import NotEstimable

RATES = (
    "sensitivity", "specificity", "ppv", "npv", "accuracy", "flag_rate", "false_positive_rate", "false_negative_rate",
)  # fmt: skip
NUMBERS = ("minutes_to_reader", "minutes_to_treatment", "mean_absolute_error")
AREA = "auc"
LOWER_IS_BETTER = frozenset({"false_positive_rate", "false_negative_rate", "workload", *NUMBERS})
READER_UNAIDED = frozenset({"none"})
READER_AIDED = frozenset({"before", "concurrent"})
PAIRED_RATES = frozenset(RATES) - {"ppv", "npv"}  # those condition on the call, which differs between the two
COARSE_UNITS = frozenset({"", "patient", "study", "exam", "case", "region", "breast", "eye"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One claim as it was labelled, or as its design froze it."""

    metric: str
    value: float
    margin: float | None = None
    finding: str = ""
    unit: str = ""
    direction: str = ""
    effect: str = "absolute"
    comparator: str = ""
    comparator_value: float | None = None
    summary: str = ""
    limit: float | None = None
    upper: float | None = None
    population: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    truth_rule: str = "default"
    ifu_version: str = ""

    @property
    def is_upward(self) -> bool:
        """Return whether a higher figure is the better one."""
        if self.direction:
            return self.direction == "at_least"
        return self.summary == "share_within" or self.metric not in LOWER_IS_BETTER

    @property
    def is_change(self) -> bool:
        """Return whether the figure is a change against something else."""
        return self.effect == "relative" or bool(self.comparator) or self.value < 0

    @property
    def least(self) -> float:
        """Return the figure after its margin: what evidence must reach, on the figure's own scale."""
        margin = self.margin or 0.0
        return self.value - margin if self.is_upward else self.value + margin


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How a patient becomes one bounded value: between `low` and `high`, against `line`.

    `kind` is rate, number, area, paired (the same case twice) or arms (a patient of one arm and one of the other);
    `factor` is what the comparator's value is multiplied by before it is taken away.
    """

    kind: str
    low: float
    high: float
    line: float
    is_upward: bool
    factor: float = 1.0

    def scaled(self, raw: float) -> float:
        return min(max((raw - self.low) / (self.high - self.low), 0.0), 1.0)

    def raw(self, scaled: float) -> float:
        return self.low + (self.high - self.low) * scaled

    @property
    def scaled_line(self) -> float:
        return (self.line - self.low) / (self.high - self.low)


def measure_of(terms: Terms) -> Measure | NotEstimable:
    """Return how a claim is measured, or why it is not testable here."""
    if reason := not_testable(terms):
        return NotEstimable(reason)
    found = _change(terms) if terms.is_change else _plain(terms)
    if not 0 < found.scaled_line < 1:
        return NotEstimable(
            f"the line {found.line:g} lies at or beyond the end of what can be measured; give it a margin within"
        )
    return found


def not_testable(terms: Terms) -> str:
    """Return why no evidence here can speak for or against a claim; empty where it can."""
    if terms.metric not in (*RATES, *NUMBERS, AREA):
        return f"nothing here measures {terms.metric.replace('_', ' ')} as one bounded value a patient"
    if terms.unit not in COARSE_UNITS:
        return f"evidence here counts whole cases a patient, and the claim counts each {terms.unit}"
    if terms.is_change and not terms.comparator:
        return "a change names what it is measured against: shadow reads, an unaided arm or a frozen baseline"
    if terms.comparator in ("shadow_reads", "unaided_arm") and terms.metric not in PAIRED_RATES:
        return f"{terms.metric.replace('_', ' ')} has no comparison of one case, or one patient, with another here"
    if terms.metric in NUMBERS:
        return _number_not_testable(terms)
    return ""


def _number_not_testable(terms: Terms) -> str:
    if not terms.summary:
        return "a claim of time or error says whether it is the mean, or the share within a limit"
    if terms.summary == "mean" and terms.upper is None:
        return "a mean says the largest value that counts (upper): without it one patient could outweigh all others"
    return ""


def _plain(terms: Terms) -> Measure:
    """An absolute figure: a rate, an area, a share within a limit or a mean with its upper end."""
    is_mean = terms.metric in NUMBERS and terms.summary == "mean"
    kind = "area" if terms.metric == AREA else "number" if terms.metric in NUMBERS else "rate"
    high = terms.upper if is_mean and terms.upper is not None else 1.0
    return Measure(kind=kind, low=0.0, high=high, line=terms.least, is_upward=terms.is_upward)


def _change(terms: Terms) -> Measure:
    """A change: against a frozen figure it is a rate with another line, else one value less the comparator's."""
    is_relative = terms.effect == "relative"
    if terms.comparator == "frozen_baseline":
        stands = terms.comparator_value or 0.0
        line = stands * (1 + terms.least) if is_relative else stands + terms.least
        plain = _plain(terms)
        return Measure(kind=plain.kind, low=plain.low, high=plain.high, line=line, is_upward=terms.is_upward)
    kind = "paired" if terms.comparator == "shadow_reads" else "arms"
    if is_relative:  # the mean of x - (1 + change) y is 0 where x is that much more than y
        factor = 1 + terms.least
        return Measure(kind=kind, low=-factor, high=1.0, line=0.0, is_upward=terms.is_upward, factor=factor)
    return Measure(kind=kind, low=-1.0, high=1.0, line=terms.least, is_upward=terms.is_upward)
