"""What one case says of a claim's metric: a number, or the reason why it says nothing. Pure."""

from __future__ import annotations

from typing import Protocol

from monitoring.claims.terms import READER_AIDED, READER_UNAIDED, Measure, Terms

NOT_OF_METRIC, NO_DECISION, NO_SCORE = "not_of_metric", "no_decision", "no_score"
NO_NUMBER, NO_COMPARISON = "no_number", "no_comparison"
STATES = ("positive", "negative")
TRUTH_OF = {
    "sensitivity": "positive", "false_negative_rate": "positive", "specificity": "negative",
    "false_positive_rate": "negative",
}  # fmt: skip
CALL_OF = {"ppv": "positive", "npv": "negative"}
FLAGGED = frozenset({"sensitivity", "false_positive_rate", "flag_rate"})  # a positive call counts
MINUTES = frozenset({"minutes_to_reader", "minutes_to_treatment"})
WITHOUT_TRUTH = MINUTES | {"flag_rate"}


class Measured(Protocol):
    """What a case must say of itself."""

    @property
    def truth(self) -> str: ...
    @property
    def decision(self) -> str: ...
    @property
    def reader_decision(self) -> str: ...
    @property
    def ai_exposure(self) -> str: ...
    @property
    def score(self) -> float | None: ...
    @property
    def is_category_right(self) -> bool | None: ...
    @property
    def number(self) -> float | None: ...


def case_value(row: Measured, *, terms: Terms, measure: Measure) -> float | str:
    """Return what a case says on the metric's own scale, or the reason why it says nothing."""
    match measure.kind:
        case "area":
            return _score(row)
        case "number":
            return _number(row, terms=terms)
        case "paired":
            return _difference(row, metric=terms.metric, factor=measure.factor)
        case "arms":
            return _in_arm(row, metric=terms.metric)
    if terms.metric == "accuracy" and row.is_category_right is not None:
        return float(row.is_category_right)
    return rate_value(row.truth, row.decision, metric=terms.metric)


def rate_value(truth: str, call: str, *, metric: str) -> float | str:
    """Return 1 or 0 as a call counts for a rate, or why it is not among the cases the rate is taken over."""
    if truth not in STATES and metric not in WITHOUT_TRUTH:
        return NOT_OF_METRIC
    if metric in TRUTH_OF and truth != TRUTH_OF[metric]:
        return NOT_OF_METRIC
    if call not in STATES:
        return NO_DECISION
    if metric in CALL_OF:
        return float(truth == call) if call == CALL_OF[metric] else NOT_OF_METRIC
    if metric == "accuracy":
        return float(truth == call)
    return float((call == "positive") == (metric in FLAGGED))


def _score(row: Measured) -> float | str:
    if row.truth not in STATES:
        return NOT_OF_METRIC
    return NO_SCORE if row.score is None else row.score


def _number(row: Measured, *, terms: Terms) -> float | str:
    if row.number is None:
        return NO_NUMBER
    if terms.summary == "share_within":
        return float(terms.limit is not None and row.number <= terms.limit)
    return min(row.number, terms.upper or row.number)


def _difference(row: Measured, *, metric: str, factor: float) -> float | str:
    """Return the product's value less that of the reader who had not seen it, on the same case."""
    if row.ai_exposure not in READER_UNAIDED or row.reader_decision not in STATES:
        return NO_COMPARISON
    own = rate_value(row.truth, row.decision, metric=metric)
    theirs = rate_value(row.truth, row.reader_decision, metric=metric)
    if isinstance(own, str) or isinstance(theirs, str):
        return own if isinstance(own, str) else str(theirs)
    return own - factor * theirs


def _in_arm(row: Measured, *, metric: str) -> float | str:
    """Return the value of the reader's decision; the arm says whether they had the product's answer in view."""
    if row.ai_exposure not in READER_UNAIDED | READER_AIDED or row.reader_decision not in STATES:
        return NO_COMPARISON
    return rate_value(row.truth, row.reader_decision, metric=metric)


def group_of(row: Measured, *, measure: Measure) -> str:
    """Return which of two groups a case is in: the scarcer one `waits`, positives or the unaided."""
    if measure.kind == "area":
        return "waits" if row.truth == "positive" else "comes"
    if measure.kind == "arms":
        return "waits" if row.ai_exposure in READER_UNAIDED else "comes"
    return "comes"
