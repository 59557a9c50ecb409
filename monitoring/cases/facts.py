"""The facts of one study as plain values: what counting reads, and nothing of how they are stored.

A fact from another study that amends one of this study is marked `elsewhere`:
it takes the amended one away and says nothing else here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

from monitoring.cases.exams import Exam


class Dated(Protocol):
    """A fact that came to be known, and may replace another of its kind."""

    @property
    def uid(self) -> str: ...
    @property
    def amends(self) -> str: ...
    @property
    def received(self) -> datetime: ...
    @property
    def known(self) -> datetime: ...
    @property
    def elsewhere(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """A moment of the past. Basis `received`: had come in here by then; `known`: was known to somebody by then."""

    at: datetime
    basis: str = "received"

    def knows(self, fact: Dated) -> bool:
        return (fact.known if self.basis == "known" else fact.received) <= self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which truths count: the standards in order, the least certainty, the follow-up a negative needs."""

    key: str
    standards: tuple[str, ...]
    minimum_certainty: str = "possible"
    follow_up_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionFact:
    finding: str
    region: str = ""
    score: float | None = None
    threshold: float | None = None
    decision: str = ""
    category: Any = None
    class_scores: Mapping[str, float] | None = None
    measurement: float | None = None
    marks: Sequence[Mapping[str, Any]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFact:
    """One inference. `ran_at` is when it finished, else when it started, else when it was known."""

    id: int
    uid: str
    received: datetime
    known: datetime
    deployment: str
    ran_at: datetime
    acquired_at: datetime
    version: str = ""
    mode: str = "live"
    status: str = "ok"
    level: str = "study"
    purpose: str = "clinical"
    flags: frozenset[str] = frozenset()
    inputs: Sequence[Mapping[str, Any]] = ()
    described: Mapping[str, Any] = field(default_factory=dict)
    predictions: tuple[PredictionFact, ...] = ()
    amends: str = ""
    elsewhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFact:
    uid: str
    received: datetime
    known: datetime
    kind: str
    at: datetime
    inference_uid: str = ""
    order: UUID | None = None
    amends: str = ""
    elsewhere: bool = False

    @property
    def state(self) -> str:
        return "negative"  # of an order, an event is so of each of its studies, as a negative is


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFact:
    id: int
    uid: str
    received: datetime
    known: datetime
    finding: str
    reader: str
    stage: str
    read_at: datetime
    region: str = ""
    ai_exposure: str = ""
    decision: str = ""
    category: Any = None
    measurement: float | None = None
    has_marks: bool = False
    order: UUID | None = None
    amends: str = ""
    elsewhere: bool = False

    @property
    def state(self) -> str:
        return self.decision or ("positive" if self.has_marks else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthFact:
    id: int
    uid: str
    received: datetime
    known: datetime
    finding: str
    standard: str
    determined_at: datetime
    level: str = "study"
    region: str = ""
    value: str = ""
    category: Any = None
    measurement: float | None = None
    marks: Sequence[Mapping[str, Any]] | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    certainty: str = "probable"
    blinded_to_ai: bool | None = None
    observed_until: datetime | None = None
    order: UUID | None = None
    amends: str = ""
    elsewhere: bool = False

    @property
    def state(self) -> str:
        return self.value or ("positive" if self.marks else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionFact:
    """`person` is the patient that stays (or is right); `other` the one that goes."""

    uid: str
    received: datetime
    known: datetime
    kind: str
    at: datetime
    person: UUID | None = None
    other: UUID | None = None
    study: UUID | None = None
    series: str = ""
    instance: str = ""
    reason: str = ""
    amends: str = ""
    elsewhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyFacts:
    """Everything known of one study. `described` has dotted names; the first value known stands.

    Reads, truths and events that name an order alone are among those of each study it covers; `exams` are its orders
    where these cover several studies.
    """

    study: UUID
    person: UUID
    site: str
    organisation: str
    timezone: str
    acquired_at: datetime | None = None
    described: Mapping[str, Any] = field(default_factory=dict)
    runs: Sequence[RunFact] = ()
    events: Sequence[EventFact] = ()
    reads: Sequence[ReadFact] = ()
    truths: Sequence[TruthFact] = ()
    corrections: Sequence[CorrectionFact] = ()
    exams: Sequence[Exam] = ()
    opt_out_stops_monitoring: bool = False


F = TypeVar("F", bound=Dated)


def live_facts(facts: Sequence[F], *, as_of: AsOf | None) -> Sequence[F]:
    """Return the facts that were known and not amended by then, in the order given."""
    visible = facts if as_of is None else [fact for fact in facts if as_of.knows(fact)]
    replaced = {fact.amends for fact in visible if fact.amends and fact.amends != fact.uid}
    if not replaced:
        return visible
    return [fact for fact in visible if fact.uid not in replaced and not fact.elsewhere]


class CountedCase(NamedTuple):
    """One logged prediction (or an inference's missing one) under one rule: how it counts, or why not.

    A tuple, for the follower makes and compares millions of them.
    """

    organisation: str
    product_id: str
    site_id: str
    deployment_id: str
    version: str
    finding: str
    region: str
    rule: str
    study_id: UUID
    person_id: UUID
    inference_id: int
    acquired_at: datetime
    acquired_on: date
    excluded: str
    score: float | None
    threshold: float | None
    decision: str
    measurement: float | None
    category: Any
    class_scores: Mapping[str, float] | None
    truth: str
    truth_id: int | None
    truth_standard: str
    truth_reference: str
    truth_measurement: float | None
    truth_category: Any
    truth_known_at: datetime | None
    followed_days: float | None
    comparison: Mapping[str, Any] | None
    reader_decision: str
    reader_measurement: float | None
    reader_category: Any
    reader: str
    read_id: int | None
    read_at: datetime | None
    stage: str
    ai_exposure: str
    minutes_to_reader: float | None
    minutes_to_treatment: float | None
    slices: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedRead:
    """One logged read under one rule: how it counts, or why not."""

    site_id: str
    finding: str
    region: str
    study_id: UUID
    person_id: UUID
    read_id: int
    acquired_on: date
    excluded: str
    decision: str
    measurement: float | None
    category: Any
    truth: str
    truth_standard: str
    truth_reference: str
    truth_measurement: float | None
    truth_category: Any
    slices: Mapping[str, str]
