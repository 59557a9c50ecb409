"""What is asked of the cases, and the shape of the answer. `as_json` is the contract of `manage.py estimate`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from inference.registry.vocabulary import DEFAULT_RULE
from monitoring.statistics.results import Estimate, NotEstimable

LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One of deployment, product or site (a site's reads). `deployments` narrows a product to what may be seen;
    an empty `version` means all of them together."""

    deployment: str = ""
    product: str = ""
    site: str = ""
    finding: str
    metrics: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    as_of: datetime | None = None
    basis: str = "received"
    truth_rule: str = DEFAULT_RULE
    version: str = ""
    by: str = ""
    exact: bool = False
    deployments: tuple[str, ...] | None = None

    @property
    def scope(self) -> tuple[str, str]:
        for name in ("deployment", "product", "site"):
            if key := getattr(self, name):
                return name, key
        return "", ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One metric in one slice. `positives` are the cases whose truth is positive, `bounds` what bins leave open."""

    metric: str
    slice: Mapping[str, str]
    outcome: Estimate | NotEstimable
    positives: int = 0
    bounds: tuple[float, float] | None = None
    reference: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_estimated(self) -> bool:
        return isinstance(self.outcome, Estimate)

    def as_json(self) -> dict[str, Any]:
        head: dict[str, Any] = {"metric": self.metric, "slice": dict(self.slice)}
        if isinstance(self.outcome, NotEstimable):
            return head | {"not_estimable": self.outcome.reason}
        return head | {
            "value": self.outcome.value,
            "low": self.outcome.interval.low,
            "high": self.outcome.interval.high,
            "level": self.outcome.interval.level,
            "cases": self.outcome.cases,
            "positives": self.positives,
            "method": self.outcome.method,
            "bounds": list(self.bounds) if self.bounds else None,
            "reference": dict(sorted(self.reference.items())),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateSet:
    """The answer to one question: every figure, and what was left out of all of them."""

    question: Question
    excluded: Mapping[str, int]
    figures: tuple[Figure, ...]
    hidden: bool = False

    def get(self, metric: str, **slice: str) -> Figure | None:
        """Return one figure, or None if it was not asked for."""
        return next((each for each in self.figures if each.metric == metric and dict(each.slice) == slice), None)

    def by_slice(self) -> dict[str, dict[str, Figure]]:
        """Return the figures by value of the dimension asked for, then by metric, in order."""
        found: dict[str, dict[str, Figure]] = {}
        for each in self.figures:
            found.setdefault(next(iter(each.slice.values()), ""), {})[each.metric] = each
        return found

    @property
    def logged(self) -> int | None:
        """Return how many predictions were logged: those left out and those of the label coverage."""
        coverage = [each.outcome for each in self.figures if each.metric == "label_coverage"]
        if not coverage:
            return None
        counted = sum(each.cases for each in coverage if isinstance(each, Estimate))
        return counted + sum(self.excluded.values())

    def as_json(self) -> dict[str, Any]:
        name, key = self.question.scope
        return {
            name: key,
            "finding": self.question.finding,
            "as_of": self.question.as_of.isoformat() if self.question.as_of else None,
            "basis": self.question.basis,
            "truth_rule": self.question.truth_rule,
            "excluded": dict(sorted(self.excluded.items())),
            "estimates": [each.as_json() for each in self.figures],
        }
