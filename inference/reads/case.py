"""What a case page shows of a study: runs beside the settings in force, facts about it, and what there is to read.

Facts in, plain values out. Nothing here counts: what counts is said by
monitoring.cases on its own fragment of the page.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inference.intake.flags import meaning_of
from inference.registry.settings import ConfigurationSettings, DeploymentSettings
from inference.studies.story import Story, amended

SHOWN_EVENTS = ("displayed", "hidden", "withheld", "withdrawn", "notified", "acknowledged")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPrediction:
    """One prediction beside the threshold that was in force when it was made."""

    prediction: Any
    concept: str
    in_force: float | None
    threshold_differs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRun:
    """One run: what was configured then, what it said, and what of it reached somebody."""

    run: Any
    configuration: ConfigurationSettings | None
    predictions: Sequence[ShownPrediction]
    shown: Sequence[Any]
    flags: Sequence[str]
    is_superseded: bool

    @property
    def is_live(self) -> bool:
        return self.run.mode == "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A fact in a list; one that a later fact amends is struck through, never gone."""

    fact: Any
    is_amended: bool
    flags: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One question to a reader: a concept in a region, what the run said of it, and the reader's own read so far."""

    run: Any
    finding: str
    concept: str
    region: str
    kind: str
    unit: str
    classes: Sequence[str]
    decision: str
    category: Any
    measurement: float | None
    own: Any
    own_response: Any

    @property
    def key(self) -> str:
        return f"{self.run.pk}-{self.finding}-{self.region}"

    @property
    def is_measured(self) -> bool:
        return self.kind == "measurement"

    @property
    def label(self) -> str:
        return f"{self.concept} {self.region}".strip()


def shown_runs(story: Story, *, settings: Mapping[str, DeploymentSettings]) -> list[ShownRun]:
    """Return the study's runs in the order they ran."""
    runs = sorted(story.get("inference", ()), key=moment_of_run)
    superseded = {(run.deployment_id, run.supersedes) for run in runs if run.supersedes}
    events = story.get("event", ())
    return [shown_run(run, settings=settings[run.deployment_id], superseded=superseded, events=events) for run in runs]


def moment_of_run(run: Any) -> datetime:
    return run.finished_at or run.started_at or run.known_at or run.received_at  # type: ignore[no-any-return]


def shown_run(
    run: Any, *, settings: DeploymentSettings, superseded: set[tuple[str, str]], events: Iterable[Any]
) -> ShownRun:
    configuration = settings.in_force(run.started_at or run.finished_at or run.acquired_at)
    parts = sorted(run.predictions.all(), key=lambda part: (part.finding, part.region))
    return ShownRun(
        run=run,
        configuration=configuration,
        predictions=[shown_prediction(part, configuration=configuration, settings=settings) for part in parts],
        shown=[event for event in events if event.kind in SHOWN_EVENTS and is_of(event, run)],
        flags=[meaning_of(flag) for flag in run.flags],
        is_superseded=(run.deployment_id, run.entry.uid) in superseded,
    )


def is_of(fact: Any, run: Any) -> bool:
    return bool(fact.deployment_id == run.deployment_id and fact.inference_uid == run.entry.uid)


def shown_prediction(
    part: Any, *, configuration: ConfigurationSettings | None, settings: DeploymentSettings
) -> ShownPrediction:
    known = settings.findings.get(part.finding)
    in_force = configuration.thresholds.get(part.finding) if configuration else None
    return ShownPrediction(
        prediction=part,
        concept=known.concept if known else part.finding,
        in_force=in_force,
        threshold_differs=None not in (in_force, part.threshold) and in_force != part.threshold,
    )


def lines_of(story: Story, kind: str) -> list[Line]:
    """Return the facts of a kind, in order, with those amended marked."""
    facts = story.get(kind, ())
    gone = amended(facts)
    return [
        Line(fact=fact, is_amended=fact.entry.uid in gone, flags=[meaning_of(flag) for flag in fact.flags])
        for fact in facts
    ]


def targets_of(
    runs: Sequence[ShownRun], story: Story, *, settings: Mapping[str, DeploymentSettings], reader: str
) -> list[Target]:
    """Return what there is to read: each deployment's last live run, part by part, with the reader's own read."""
    latest = {shown.run.deployment_id: shown for shown in runs if shown.is_live and shown.predictions}
    reads = [line.fact for line in lines_of(story, "read") if not line.is_amended and line.fact.reader == reader]
    answers = [line.fact for line in lines_of(story, "response") if not line.is_amended and line.fact.reader == reader]
    return [
        target_of(shown, part, settings=settings[shown.run.deployment_id], reads=reads, answers=answers)
        for shown in latest.values()
        for part in shown.predictions
    ]


def target_of(
    shown: ShownRun,
    part: ShownPrediction,
    *,
    settings: DeploymentSettings,
    reads: Iterable[Any],
    answers: Iterable[Any],
) -> Target:
    said, known = part.prediction, settings.findings.get(part.prediction.finding)
    own = [read for read in reads if (read.finding, read.region) == (part.concept, said.region)]
    answered = [
        each
        for each in answers
        if is_of(each, shown.run) and (each.finding, each.region) == (said.finding, said.region)
    ]
    return Target(
        run=shown.run,
        finding=said.finding,
        concept=part.concept,
        region=said.region,
        kind=known.kind if known else "binary",
        unit=said.unit or (known.unit if known else ""),
        classes=known.classes if known else (),
        decision=said.decision,
        category=said.category,
        measurement=said.measurement,
        own=own[-1] if own else None,
        own_response=answered[-1] if answered else None,
    )
