"""What was logged, what of it counts, what is left out and why; and the counts by decision and truth."""

from collections.abc import Mapping
from dataclasses import dataclass

from audit.access.scopes import Hidden, hide_small
from monitoring.cases.reasons import sentence
from monitoring.dashboards.asking import Asked
from monitoring.performance.metrics import BINARY, metrics_of
from monitoring.performance.questions import EstimateSet


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """One reason, how many it keeps out of every estimate, and the way to them."""

    reason: str
    words: str
    number: int | Hidden
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What was logged, what of it counts and what is left out, for which reasons: the three add up."""

    logged: int | Hidden | None
    counted: int | Hidden | None
    left_out: int | Hidden
    rows: tuple[LeftOut, ...]


WOULD_TELL = Hidden(reason="not shown: it would tell a hidden count")


def adding_up(asked: Asked, overall: EstimateSet) -> Sum:
    """Return the sum. Where a reason is too small to show, the total is not said: the difference would tell it."""
    least = asked.minimum_count()
    left_out = sum(overall.excluded.values())
    logged = overall.logged
    rows = [
        LeftOut(
            reason=reason,
            words=sentence(reason),
            number=hide_small(number, minimum_count=least),
            href=asked.cases_href(excluded=reason),
        )
        for reason, number in sorted(overall.excluded.items(), key=lambda each: -each[1])
    ]
    small = WOULD_TELL if any(isinstance(row.number, Hidden) for row in rows) else None
    return Sum(
        logged=small or (hide_small(logged, minimum_count=least) if logged is not None else None),
        counted=hide_small(logged - left_out, minimum_count=least) if logged is not None else None,
        left_out=small or hide_small(left_out, minimum_count=least),
        rows=tuple(rows),
    )


TRUTHS = (("positive", "with the finding"), ("negative", "without"), ("", "not known"))
DECISIONS = (("positive", "flagged"), ("negative", "not flagged"), ("", "no decision"))


@dataclass(frozen=True, slots=True, kw_only=True)
class CountCell:
    number: int | Hidden
    href: str


def counts_table(asked: Asked, counts: Mapping[tuple[str, str], int]) -> list[tuple[str, list[CountCell]]] | None:
    """Return the counted cases by decision and truth; None for a finding without decisions.

    One small cell hides them all: the others and the figures would tell it.
    """
    if not set(BINARY) <= set(metrics_of(asked.finding.kind)):
        return None
    least = asked.minimum_count()
    hidden = next(
        (each for number in counts.values() if is_hidden(each := hide_small(number, minimum_count=least))), None
    )
    rows = []
    for decision, words in DECISIONS:
        cells = [
            CountCell(
                number=hidden if hidden is not None else counts.get((decision, truth), 0),
                href=asked.cases_href(decision=decision or "other", truth=truth or "unknown"),
            )
            for truth, _ in TRUTHS
        ]
        if decision or any(counts.get((decision, truth)) for truth, _ in TRUTHS):
            rows.append((words, cells))
    return rows


def is_hidden(value: int | Hidden) -> bool:
    return isinstance(value, Hidden)
