"""All facts of a study in the order in which they happened, each with when it was known and received."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inference.studies.models import Study
from inference.studies.story import Story, amended


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing that happened: when, what, who or what said so, and when we learned of it."""

    at: datetime
    what: str
    detail: str
    received_at: datetime
    is_amended: bool = False


def timeline_of(study: Study, story: Story) -> list[Moment]:
    """Return what happened, the earliest first."""
    moments = [moment for kind, facts in story.items() for moment in moments_of(kind, facts)]
    if study.acquired_at and not any(each.what == "Acquired" for each in moments):
        first = min((each.received_at for each in moments), default=study.created_at)
        moments.append(Moment(at=study.acquired_at, what="Acquired", detail=study.modality, received_at=first))
    return sorted(moments, key=lambda moment: (moment.at, moment.received_at))


def moments_of(kind: str, facts: Sequence[Any]) -> list[Moment]:
    gone = amended(facts) if kind in ("event", "read", "response", "truth") else set()
    tell = TOLD.get(kind, tell_other)
    return [
        Moment(at=at, what=what, detail=detail, received_at=fact.received_at, is_amended=fact.entry.uid in gone)
        for fact in facts
        for at, what, detail in [tell(fact)]
    ]


Told = tuple[datetime, str, str]


def tell_run(run: Any) -> Told:
    at = run.finished_at or run.started_at or run.known_at or run.received_at
    said = ", ".join(
        f"{part.finding} {part.region} {in_words(part)}".replace("  ", " ") for part in run.predictions.all()
    )
    words = f"{run.deployment_id} {run.version}: {said or run.get_status_display() or 'no status'}"
    return at, "AI ran" if run.run_reason == "first" else f"AI ran again ({run.run_reason.replace('_', ' ')})", words


def tell_event(event: Any) -> Told:
    words = " ".join(part for part in (event.deployment_id or "", f"to {event.to}" if event.to else "") if part)
    return event.at, event.kind.replace("_", " ").capitalize(), words


def tell_read(read: Any) -> Told:
    words = f"{read.finding} {read.region} {in_words(read)}, by {read.reader}".replace("  ", " ")
    return read.read_at, f"Read ({read.stage})", words


def tell_response(response: Any) -> Told:
    reason = f", because {response.reason.replace('_', ' ')}" if is_plain(response.reason) else ""
    words = f"{response.finding} {response.region} {response.response.replace('_', ' ')}".replace("  ", " ")
    return response.at, "Answered the AI", f"{words}, by {response.reader}{reason}"


def tell_truth(truth: Any) -> Told:
    words = f"{truth.finding} {truth.region} {in_words(truth)}".replace("  ", " ")
    standard = truth.standard.replace("_", " ")
    return truth.determined_at, "Truth", f"{words}, by {standard}, {truth.certainty}"


def tell_other(fact: Any) -> Told:
    at = getattr(fact, "at", None) or fact.known_at or fact.received_at
    return at, fact.entry.kind.replace("_", " ").capitalize(), str(getattr(fact, "kind", "")).replace("_", " ")


TOLD: Mapping[str, Callable[[Any], Told]] = {
    "inference": tell_run,
    "event": tell_event,
    "read": tell_read,
    "response": tell_response,
    "truth": tell_truth,
}


def in_words(said: Any) -> str:
    """Return a decision, category or measurement as words."""
    decision = getattr(said, "decision", "") or getattr(said, "value", "")
    parts = [str(decision).replace("_", " ")] if decision else []
    if said.category is not None:
        parts.append(", ".join(map(str, said.category)) if isinstance(said.category, list) else str(said.category))
    if said.measurement is not None:
        parts.append(f"{said.measurement:g} {said.unit}".strip())
    score = getattr(said, "score", None)
    if score is not None:
        parts.append(f"({score:.3f})")
    return " ".join(parts) or "without a value"


def is_plain(text: str) -> bool:
    """Return whether a reason stands in the clear: free text is a commitment in the log."""
    return bool(text) and not text.startswith("committed:")
