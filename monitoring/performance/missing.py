"""What is missing behind an answer: what nobody labelled yet, what will still come, what was left out. Pure.

Counts are taken from the figures themselves, so the statement adds up to them whatever they were counted from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from audit.access.small_cells import cells_to_hide
from monitoring.performance.maturity import FLOOR, Maturity, unknown
from monitoring.statistics import proportions
from monitoring.statistics.results import Estimate, NotEstimable

if TYPE_CHECKING:
    from monitoring.performance.questions import Figure

NEEDED = ("label_coverage", "flag_rate", "ppv", "npv")
"""The metrics that tell how many cases there are, how many of them were flagged, and of which the truth is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Of the cases with one decision, those whose truth is known."""

    labelled: int
    cases: int

    @property
    def share(self) -> Estimate | NotEstimable:
        return proportions.wilson(self.labelled, self.cases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Labeller:
    """How often a labeller is right, among adjudicated cases with and without the finding: (right ones, cases)."""

    key: str
    sensitivity: tuple[int, int]
    specificity: tuple[int, int]

    @property
    def is_measured(self) -> bool:
        return self.sensitivity[1] > 0 and self.specificity[1] > 0

    def as_json(self) -> dict[str, Any]:
        counts = {"sensitivity": self.sensitivity, "specificity": self.specificity}
        return {
            name: outcome_json(rate) | {"right": counts[name][0], "cases": counts[name][1]}
            for name, rate in self.rates().items()
        }

    def rates(self) -> Mapping[str, Estimate | NotEstimable]:
        return {
            "sensitivity": proportions.wilson(*self.sensitivity),
            "specificity": proportions.wilson(*self.specificity),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What was logged adds up: excluded ones by reason, labelled and unlabelled ones.

    `verified` is by decision, "positive" for flagged cases; empty where the finding has no decisions. With `hidden`
    the counts are not shown, for a small one or a difference would tell of few patients.
    """

    counted: int
    labelled: int
    excluded: Mapping[str, int]
    verified: Mapping[str, Verified]
    maturity: Maturity
    labellers: Mapping[str, Labeller] = field(default_factory=dict)
    hidden: str = ""

    @property
    def unlabelled(self) -> int:
        return self.counted - self.labelled

    @property
    def logged(self) -> int:
        return self.counted + sum(self.excluded.values())

    @property
    def unlabelled_share(self) -> Estimate | NotEstimable:
        return proportions.wilson(self.unlabelled, self.counted)

    @property
    def uneven(self) -> float | None:
        """Return how many times as often flagged cases are verified as others; None where it cannot be said."""
        flagged, passed = self.verified.get("positive"), self.verified.get("negative")
        if flagged is None or passed is None or not (flagged.cases and passed.labelled):
            return None
        return flagged.labelled / flagged.cases / (passed.labelled / passed.cases)

    def as_json(self) -> dict[str, Any]:
        head: dict[str, Any] = {
            "label_delay_days": outcome_json(self.maturity.delay_days),
            "maturity": outcome_json(self.maturity.share),
            "maturity_floor": FLOOR,
            "immature_months": [f"{month:%Y-%m}" for month in self.maturity.immature],
        }
        if self.hidden:
            return {"not_shown": self.hidden} | head
        return {
            "logged": self.logged,
            "counted": self.counted,
            "labelled": self.labelled,
            "unlabelled": self.unlabelled,
            "unlabelled_share": outcome_json(self.unlabelled_share),
            "excluded": dict(sorted(self.excluded.items())),
            "verified": {
                decision: {"labelled": each.labelled, "cases": each.cases, "share": outcome_json(each.share)}
                for decision, each in self.verified.items()
            },
            "expected_labels": outcome_json(self.maturity.expected_labels),
            "labellers": {key: each.as_json() for key, each in self.labellers.items()},
        } | head


def outcome_json(outcome: Estimate | NotEstimable) -> dict[str, Any]:
    if isinstance(outcome, NotEstimable):
        return {"not_estimable": outcome.reason}
    ends = outcome.interval
    return {"value": outcome.value, "low": ends.low, "high": ends.high, "level": ends.level}


def missing_of(figures: Iterable[Figure], *, excluded: Mapping[str, int], maturity: Maturity) -> Missing:
    """Return the statement for figures, which hold those of `NEEDED` that their finding has, in every slice."""
    counts: dict[str, list[int]] = {name: [0, 0] for name in NEEDED}
    seen = set()
    for each in figures:
        if each.metric in NEEDED:
            seen.add(each.metric)
            if isinstance(each.outcome, Estimate):
                counts[each.metric][0] += round(each.outcome.value * each.outcome.cases)
                counts[each.metric][1] += each.outcome.cases
    labelled, counted = counts["label_coverage"]
    flagged, decided = counts["flag_rate"]
    verified = {
        "positive": Verified(labelled=counts["ppv"][1], cases=flagged),
        "negative": Verified(labelled=counts["npv"][1], cases=decided - flagged),
    }
    has_decisions = seen >= {"flag_rate", "ppv", "npv"}
    return Missing(
        counted=counted,
        labelled=labelled,
        excluded=dict(excluded),
        verified=verified if has_decisions else {},
        maturity=maturity,
    )


def hide_missing(missing: Missing | None, *, minimum_count: int) -> Missing | None:
    """Return the statement as a recipient with this minimum may see it: all its counts, or none."""
    if missing is None or minimum_count <= 1:
        return missing
    told = [missing.counted, missing.labelled, missing.unlabelled, *missing.excluded.values()]
    for each in missing.verified.values():
        told += [each.cases, each.labelled, each.cases - each.labelled]
    if not any(0 < number < minimum_count for number in told):
        return replace(missing, labellers={}) if missing.labellers else missing
    reason = f"fewer than {minimum_count}, hidden by the sharing agreement"
    out = cells_to_hide(missing.excluded, totals=(lambda _: "",), minimum_count=minimum_count)
    kept = {name: number for name, number in missing.excluded.items() if name not in out}
    none = NotEstimable(reason)
    bare = unknown(reason) if missing.labelled < minimum_count else None  # each of its shares says of how many
    return replace(
        missing,
        excluded=kept,
        hidden=reason,
        labellers={},
        maturity=bare or replace(missing.maturity, expected_labels=none),
    )
