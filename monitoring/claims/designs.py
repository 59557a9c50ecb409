"""What is fixed when a claim is switched on: terms, level, declared period, how rarely the detector may err. Pure.

A design is JSON, so that it stays as it was whatever the registry says later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol

from monitoring.claims.terms import Terms, not_testable

LEVEL = 0.95
PERIOD_DAYS = 180
ALARM_YEARS = 10
DAYS_PER_YEAR = 365.25
FEWEST_TO_ALARM = 1_000
AS_THEY_COME, DRAWN = "as_they_come", "drawn"
LARGEST_WEIGHT = 20.0  # a patient drawn with a chance of one in twenty
PATIENTS_PER_DAY = 1.0  # assumed where no label has come yet
TERMS = (
    "metric", "value", "margin", "finding", "unit", "direction", "effect", "comparator", "comparator_value", "summary",
    "limit", "upper", "ifu_version",
)  # fmt: skip


class Labelled(Protocol):
    """The columns of a registered claim."""

    population: Any
    truth_rule_id: str
    source: str
    verified: bool
    margin: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """A claim's design in force. `counts_from` is the arrival of the first label that counts; None is the launch."""

    terms: Terms
    level: float = LEVEL
    period_days: int = PERIOD_DAYS
    alarm_years: int = ALARM_YEARS
    counts_from: datetime | None = None
    patients_per_day: Mapping[str, float] | None = None
    labels: str = AS_THEY_COME
    ceiling: float = 1.0

    @property
    def is_retrospective(self) -> bool:
        """Return whether labels count that were there to be seen when the design was made."""
        return self.counts_from is None

    def arl0(self, deployment: str) -> float:
        """Return the patients between two false alarms of a deployment's detector, on average at least."""
        per_day = (self.patients_per_day or {}).get(deployment, PATIENTS_PER_DAY)
        return max(self.alarm_years * DAYS_PER_YEAR * per_day, float(FEWEST_TO_ALARM))

    def as_json(self) -> dict[str, Any]:
        terms = asdict(self.terms) | {"population": {name: list(each) for name, each in self.terms.population.items()}}
        return {
            "terms": terms,
            "level": self.level,
            "period_days": self.period_days,
            "alarm_years": self.alarm_years,
            "counts_from": self.counts_from.isoformat() if self.counts_from else None,
            "patients_per_day": dict(self.patients_per_day or {}),
            "labels": self.labels,
            "ceiling": self.ceiling,
        }


def design_from(stored: Mapping[str, Any]) -> Design:
    """Return the design as it was stored."""
    terms = dict(stored["terms"])
    terms["population"] = {name: tuple(each) for name, each in terms["population"].items()}
    return Design(
        terms=Terms(**terms),
        level=stored["level"],
        period_days=stored["period_days"],
        alarm_years=stored["alarm_years"],
        counts_from=datetime.fromisoformat(stored["counts_from"]) if stored["counts_from"] else None,
        patients_per_day=stored["patients_per_day"],
        labels=stored.get("labels", AS_THEY_COME),
        ceiling=stored.get("ceiling", 1.0),
    )


def terms_of(claim: Labelled) -> Terms:
    """Return what a registered claim says."""
    return Terms(
        **{name: getattr(claim, name) for name in TERMS},
        population={name: tuple(values) for name, values in claim.population.items()},
        truth_rule=claim.truth_rule_id,
    )


def not_ready(claim: Labelled) -> tuple[str, ...]:
    """Return everything that keeps a claim from being switched on; nothing where it may be."""
    missing = []
    if claim.margin is None:
        missing.append("a margin: without one chance alone would decide")
    if not claim.source:
        missing.append("a source document")
    if not claim.verified:
        missing.append("verification by a person against its source")
    if reason := not_testable(terms_of(claim)):
        missing.append(f"evidence: {reason}")
    return tuple(missing)
