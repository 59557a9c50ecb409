"""What a signal of headers, silence or flags says: what changed, what is missing, which version ran.

Pure; an unregistered version and a week of silence call for action, the rest for a look.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from monitoring.signals import comparing
from monitoring.signals.comparing import ACT, WATCH, Words
from monitoring.signals.episodes import Episode
from monitoring.signals.feed_watch import ACT_FLAGS, FLAGS, daily_counts
from monitoring.signals.metadata_watch import MISSING, as_category, one_a_study
from monitoring.signals.streams import RunRow
from monitoring.signals.watching import Design, Feed, Scope

MOST_FIELDS = 12


def tell_metadata(scope: Scope, feed: Feed, *, design: Design, arm: str, episode: Episode) -> Words:
    last = date.fromisoformat(design["reference"]["to"])
    before = one_a_study([row for row in feed.runs if row.day <= last])
    since = [row for row in one_a_study([row for row in feed.runs if row.day > last]) if episode.holds(row.day)]
    words: dict[str, str] = {}
    for alarm in sorted(episode.alarms, key=lambda each: -each.weight):
        words.setdefault(alarm.arm, alarm.words)
    fields = [
        {"field": name, "words": words[name], "before": _values(before, name), "since": _values(since, name)}
        for name in episode.arms[:MOST_FIELDS]
    ]
    lead = episode.arms[0]
    others = len(episode.arms) - 1
    more = f", and {others} more header field{'s' if others > 1 else ''} changed" if others else ""
    title = f"{_field_name(lead)}: {words[lead]}{more}"
    summary = "Images say something else of themselves than in the reference: " + "; ".join(
        f"{_field_name(name)} ({words[name]})" for name in episode.arms[:MOST_FIELDS]
    )
    months = sorted({f"{row.day:%Y-%m}" for row in feed.runs})
    evidence = {
        "fields": fields,
        "months": [{"month": month} for month in months],
        "arl0": design["arl0"],
        "charts": design["charts"],
    }
    return Words(title=title, summary=summary, status=WATCH, evidence=evidence)


def _field_name(name: str) -> str:
    return (
        name.split(".", 1)[-1].replace("_", " ")
        if not name.startswith("scanner.")
        else name.replace(".", " ").replace("_", " ").removesuffix(" key")
    )


def _values(rows: Sequence[RunRow], name: str) -> dict[str, Any]:
    values = [row.headers.get(name, MISSING) for row in rows]
    numbers = sorted(float(value) for value in values if not isinstance(value, str))
    if len(numbers) == len(values) and len(set(numbers)) > 12:
        return {"median": numbers[len(numbers) // 2], "low": numbers[0], "high": numbers[-1], "cases": len(numbers)}
    return {"counts": comparing.shares_of(as_category(value) for value in values), "cases": len(values)}


def tell_silence(scope: Scope, feed: Feed, *, design: Design, arm: str, episode: Episode) -> Words:
    spells = [alarm.details | {"first_day": alarm.began_on.isoformat()} for alarm in episode.alarms]
    worst = min(spells, key=lambda spell: spell["probability"])
    first, last = feed.runs[0].day, feed.until
    counts = daily_counts(feed.runs, first=first, last=last)
    shown = max(0, (episode.began_on - first).days - 42)
    evidence = {
        "spells": spells,
        "usual": design["usual"],
        "dispersion": design["dispersion"],
        "daily": {
            "first_day": date.fromordinal(first.toordinal() + shown).isoformat(),
            "counts": counts[shown : shown + 120],
        },
    }
    days = worst["days"]
    title = f"{worst['count']} studies in {days} days, {worst['expected']:.0f} expected"
    probability = max(worst["probability"], 1e-12)
    summary = (
        f"A healthy feed is so quiet with probability {probability:.1g}. "
        "Nobody was examined, the device was off, or the feed is broken."
    )
    return Words(title=title, summary=summary, status=ACT if days >= 7 else WATCH, evidence=evidence)


def tell_flagged(scope: Scope, feed: Feed, *, design: Design, arm: str, episode: Episode) -> Words:
    rows = [row for row in feed.runs if episode.holds(row.day) and arm in row.flags]
    versions = comparing.shares_of(row.version or "not named" for row in rows)
    evidence = {
        "flag": arm,
        "runs": len(rows),
        "versions": {"counts": versions},
        "days": comparing.shares_of(row.day.isoformat() for row in rows),
        "registered": sorted({era.version for era in feed.eras}),
    }
    named = f" ({', '.join(versions)})" if "version" in arm else ""
    title = f"{len(rows)} runs with {FLAGS[arm]}{named}"
    summary = "Each run is stored and counted, and stays out of the estimates where it must."
    return Words(title=title, summary=summary, status=ACT if arm in ACT_FLAGS else WATCH, evidence=evidence)
