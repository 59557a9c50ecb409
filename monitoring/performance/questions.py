"""What is asked of the cases, and the shape of the answer. `as_json` is the contract of `manage.py estimate`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from inference.registry.vocabulary import DEFAULT_RULE
from monitoring.performance.maturity import FLOOR
from monitoring.performance.missing import Missing, outcome_json
from monitoring.statistics.results import Estimate, NotEstimable

LEVEL = 0.95
OBSERVED, AGREEMENT, PARTLY = "observed", "agreement", "partly_agreement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One of deployment, product or site (a site's reads). `deployments` narrows a product to what may be seen;
    an empty `version` means all of them together. `who` asks for the final reads of the same cases ("reader"), or
    for the product on the cases that were read ("ai"). `without` are persons whose cases are as if never logged."""

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
    who: str = ""
    deployments: tuple[str, ...] | None = None
    verification: str = ""
    without: frozenset[UUID] = frozenset()

    @property
    def scope(self) -> tuple[str, str]:
        for name in ("deployment", "product", "site"):
            if key := getattr(self, name):
                return name, key
        return "", ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One metric in one slice. `positives` are the cases whose truth is positive, `bounds` what bins leave open.

    `kind` says what it was held against: "observed" truth, or labels that are no independent truth ("agreement";
    "partly_agreement" where `agreeing` of them are); `corrected` is what it would be against the truth, beside its own
    value, where a labeller's errors are known. `maturity` is the share of labels that is there, for a month's figure.
    """

    metric: str
    slice: Mapping[str, str]
    outcome: Estimate | NotEstimable
    positives: int = 0
    bounds: tuple[float, float] | None = None
    reference: Mapping[str, int] = field(default_factory=dict)
    kind: str = OBSERVED
    agreeing: int = 0
    corrected: Estimate | NotEstimable | None = None
    maturity: Estimate | NotEstimable | None = None

    @property
    def is_immature(self) -> bool:
        """Return whether fewer labels are there than the floor asks for."""
        return self.maturity is not None and (isinstance(self.maturity, NotEstimable) or self.maturity.value < FLOOR)

    @property
    def is_estimated(self) -> bool:
        return isinstance(self.outcome, Estimate)

    def as_json(self) -> dict[str, Any]:
        head: dict[str, Any] = {"metric": self.metric, "slice": dict(self.slice)}
        if isinstance(self.outcome, NotEstimable):
            found = head | {"not_estimable": self.outcome.reason}
            return found | {"bounds": list(self.bounds)} if self.bounds else found
        return head | self._said(self.outcome)

    def _said(self, outcome: Estimate) -> dict[str, Any]:
        found: dict[str, Any] = {
            "value": outcome.value,
            "low": outcome.interval.low,
            "high": outcome.interval.high,
            "level": outcome.interval.level,
            "cases": outcome.cases,
            "positives": self.positives,
            "method": outcome.method,
            "bounds": list(self.bounds) if self.bounds else None,
            "reference": dict(sorted(self.reference.items())),
            "kind": self.kind,
        }
        if self.agreeing:
            found["agreeing"] = self.agreeing
        if self.corrected is not None:
            found["corrected"] = corrected_json(self.corrected)
        if self.maturity is not None:
            found |= {"maturity": outcome_json(self.maturity), "is_immature": self.is_immature}
        return found


def corrected_json(found: Estimate | NotEstimable) -> dict[str, Any]:
    words = outcome_json(found)
    return words | {"cases": found.cases, "method": found.method} if isinstance(found, Estimate) else words


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateSet:
    """The answer to one question: every figure, and what was left out of all of them.

    `used` are the cases behind an answer with verification; with those left out they add up to everything logged.
    """

    question: Question
    excluded: Mapping[str, int]
    figures: tuple[Figure, ...]
    hidden: bool = False
    missing: Missing | None = None
    used: int | None = None

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
            **({"of": self.question.who} if self.question.who else {}),
            "finding": self.question.finding,
            "as_of": self.question.as_of.isoformat() if self.question.as_of else None,
            "basis": self.question.basis,
            "truth_rule": self.question.truth_rule,
            "excluded": dict(sorted(self.excluded.items())),
            "estimates": [each.as_json() for each in self.figures],
            **({"verification": self.question.verification, "used": self.used} if self.question.verification else {}),
        } | ({"missing": self.missing.as_json()} if self.missing else {})
