"""What a product was labelled with, against what it does: upheld, not yet decided, or missed. Pure.

A claim is upheld when the whole interval lies on its good side, margin allowed;
missed when the whole interval lies on the other. Between the two nothing is
proven either way, and the page says so.
"""

from dataclasses import dataclass
from enum import StrEnum

from monitoring.performance.questions import Figure
from monitoring.statistics.results import Estimate

LOWER_IS_BETTER = frozenset({"minutes_to_reader", "mean_absolute_error"})


class Outcome(StrEnum):
    UPHELD = "upheld"
    UNDECIDED = "not yet decided"
    MISSED = "missed"
    UNKNOWN = "cannot be estimated"


STATES = {Outcome.UPHELD: "ok", Outcome.UNDECIDED: "watch", Outcome.MISSED: "act", Outcome.UNKNOWN: "unknown"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome of one claim and the limit it was held to."""

    outcome: Outcome
    limit: float

    @property
    def state(self) -> str:
        return STATES[self.outcome]


def verdict(figure: Figure | None, *, metric: str, claimed: float, margin: float | None) -> Verdict:
    """Return how a claim stands against its estimate."""
    lower_is_better = metric in LOWER_IS_BETTER
    limit = claimed + (margin or 0.0) if lower_is_better else claimed - (margin or 0.0)
    if figure is None or not isinstance(figure.outcome, Estimate):
        return Verdict(outcome=Outcome.UNKNOWN, limit=limit)
    low, high = figure.outcome.interval.low, figure.outcome.interval.high
    good, bad = (high <= limit, low > limit) if lower_is_better else (low >= limit, high < limit)
    if good:
        return Verdict(outcome=Outcome.UPHELD, limit=limit)
    return Verdict(outcome=Outcome.MISSED if bad else Outcome.UNDECIDED, limit=limit)
