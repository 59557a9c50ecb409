"""What a signal of partial silence, failures, lateness, repeats or losses says. Pure."""

from typing import Any

from monitoring.signals.burst_watch import FAILED, FAILURES, STORM
from monitoring.signals.comparing import ACT, WATCH, Words, shares_of
from monitoring.signals.episodes import Episode
from monitoring.signals.watching import Design, Feed, Scope

ACT_DAYS = 7
SUMMARIES = {
    "failed": "The device failed or ran out of time more often than in the reference. "
    "Each failed run is a patient whom the product did not serve.",
    "late": "Runs became known later after acquisition than nearly all of the reference: a queue, a slow device or a "
    "blocked connection.",
    "storm": "Studies that had a run are run again and again: a router sends twice, or a device retries without end.",
}


def spells_of(episode: Episode) -> list[dict[str, Any]]:
    return [alarm.details | {"first_day": alarm.began_on.isoformat()} for alarm in episode.alarms]


def tell_partial(scope: Scope, feed: Feed, *, design: Design, arm: str, episode: Episode) -> Words:
    spells = spells_of(episode)
    worst = min(spells, key=lambda spell: spell["probability"])
    title = f"{worst['part']}: {worst['count']} studies in {worst['days']} days, {worst['expected']:.0f} expected"
    summary = (
        f"Of everything that came, so few from this part has probability {max(worst['probability'], 1e-12):.1g}. "
        "It was switched off or replaced, or the router no longer sends its studies to the device."
    )
    evidence = {"spells": spells, "parts": len(design["parts"])}
    return Words(title=title, summary=summary, status=ACT if worst["days"] >= ACT_DAYS else WATCH, evidence=evidence)


def tell_burst(scope: Scope, feed: Feed, *, design: Design, arm: str, episode: Episode) -> Words:
    spells = spells_of(episode)
    worst = min(spells, key=lambda spell: spell["probability"])
    runs = [row for row in feed.runs if episode.holds(row.day)]
    statuses = shares_of(row.status for row in runs if row.status in FAILURES)
    title = f"{episode.alarms[0].words}"
    evidence: dict[str, Any] = {"spells": spells, "share": design["share"]}
    if scope.kind == FAILED:
        evidence["statuses"] = {"counts": statuses}
    status = WATCH if scope.kind == STORM or worst["count"] < worst["runs"] / 2 else ACT
    return Words(title=title, summary=SUMMARIES[scope.kind], status=status, evidence=evidence)


def tell_losses(scope: Scope, feed: Feed, *, design: Design, arm: str, episode: Episode) -> Words:
    reports = [alarm.details | {"day": alarm.alarm_on.isoformat()} for alarm in episode.alarms]
    total = sum(each[name] for each in reports for name in ("lost", "refused", "damaged"))
    summary = (
        "These runs or events were made and are not in the log: lost for want of room, too large for the server, or "
        "torn by a power cut. Compare with the archive to find whom they concern."
    )
    return Words(title=f"the recorder lost {total} rows", summary=summary, status=ACT, evidence={"reports": reports})
