"""Which runs may count, and which of several on one unit does.

Of the runs that may count, the last displayed before the final read; without
display events the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from inference.registry.settings import DeploymentSettings
from monitoring.cases import reasons
from monitoring.cases.facts import EventFact, PredictionFact, RunFact
from monitoring.cases.identity import Identity

FLAGS_THAT_EXCLUDE = (
    reasons.NO_CONFIGURATION,
    reasons.CLOCK_IN_FUTURE,
    reasons.NO_VERSION,
    reasons.UNREGISTERED_VERSION,
    reasons.VERSION_NOT_IN_FORCE,
)
FINISHED = frozenset({"ok", "partial", ""})
UNIT_OF_LEVEL = {"frame": ("sop_instance_uid", "frame"), "image": ("sop_instance_uid",), "series": ("series_uid",)}


def run_reason(run: RunFact, *, identity: Identity) -> str:
    """Return why nothing of a run may count, or nothing."""
    if run.purpose != "clinical":
        return f"purpose_{run.purpose}"
    if run.mode not in ("live", ""):
        return f"mode_{run.mode}"
    if run.flags:
        for flag in FLAGS_THAT_EXCLUDE:
            if flag in run.flags:
                return flag
    if not run.mode:
        return reasons.NO_CONFIGURATION
    if identity.reason:
        return identity.reason
    if identity.rejected and uses_rejected(run, rejected=identity.rejected):
        return reasons.IMAGES_REJECTED
    return "" if run.status in FINISHED else f"status_{run.status}"


def uses_rejected(run: RunFact, *, rejected: frozenset[str]) -> bool:
    named = (str(each.get(name, "")) for each in run.inputs for name in ("series_uid", "sop_instance_uid"))
    return any(each in rejected for each in named)


def prediction_reason(prediction: PredictionFact, *, settings: DeploymentSettings) -> str:
    """Return why a prediction of a run that may count does not, or nothing."""
    if prediction.finding not in settings.findings:
        return reasons.UNREGISTERED_FINDING
    if prediction.region and prediction.region not in settings.regions:
        return reasons.UNREGISTERED_REGION
    score, threshold, decision = prediction.score, prediction.threshold, prediction.decision
    if score is None or threshold is None or decision not in ("positive", "negative"):
        return ""
    return "" if (score >= threshold) == (decision == "positive") else reasons.DECISION_CONTRADICTS_THRESHOLD


def unit_of(run: RunFact) -> tuple[str, ...]:
    """Return what a run judged below the study: its images, series or frames; empty for the whole study."""
    names = UNIT_OF_LEVEL.get(run.level)
    if names is None:
        return ()
    current = [each for each in run.inputs if each.get("use", "current") == "current"]
    return tuple(sorted("/".join(str(each.get(name, "")) for name in names) for each in current))


def display_times(events: Iterable[EventFact]) -> dict[str, list[datetime]]:
    shown: dict[str, list[datetime]] = {}
    for event in events:
        if event.kind == "displayed" and event.inference_uid:
            shown.setdefault(event.inference_uid, []).append(event.at)
    return shown


def counting_run(
    candidates: Sequence[RunFact], *, displayed: Mapping[str, Sequence[datetime]], read_at: datetime | None
) -> RunFact:
    """Return the run that counts for one unit; there is at least one candidate."""
    shown = []
    for run in candidates:
        times = [at for at in displayed.get(run.uid, ()) if read_at is None or at <= read_at]
        if times:
            shown.append((max(times), run.ran_at, run.uid, run))
    if shown:
        return max(shown, key=lambda each: each[:3])[3]
    return min(candidates, key=lambda run: (run.ran_at, run.uid))


def minutes_to_reader(run: RunFact, *, events: Sequence[EventFact]) -> float | None:
    """Return the minutes from the study being available (or the alert sent) to its first opening (or display)."""
    start = start_of_clock(run, events=events)
    if start is None:
        return None
    end = first_at(events, kinds=("opened",), since=start)
    end = end or first_at(events, kinds=("displayed",), run=run, since=start)
    return None if end is None else (end - start) / timedelta(minutes=1)


def minutes_to_treatment(run: RunFact, *, events: Sequence[EventFact]) -> float | None:
    """Return the minutes from the same start to the first treatment after it."""
    start = start_of_clock(run, events=events)
    end = None if start is None else first_at(events, kinds=("treatment_started",), since=start)
    return None if start is None or end is None else (end - start) / timedelta(minutes=1)


def start_of_clock(run: RunFact, *, events: Sequence[EventFact]) -> datetime | None:
    return first_at(events, kinds=("available",)) or first_at(events, kinds=("notified",), run=run)


def first_at(
    events: Iterable[EventFact], *, kinds: tuple[str, ...], run: RunFact | None = None, since: datetime | None = None
) -> datetime | None:
    times = [
        event.at
        for event in events
        if event.kind in kinds
        and (run is None or event.inference_uid == run.uid)
        and (since is None or event.at >= since)
    ]
    return min(times, default=None)
