"""What a signal says: the site and its fault in words, how bad it is, and the figures before and since.

Pure: rows and an episode in, plain values out. Performance calls for action, drift for a look.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from monitoring.signals import comparing, performance_watch, score_watch
from monitoring.signals.episodes import Episode
from monitoring.signals.explaining import PREVALENCE, explain
from monitoring.signals.feed_watch import ACT_FLAGS, FLAGS, daily_counts
from monitoring.signals.metadata_watch import MISSING, as_category, one_a_study
from monitoring.signals.streams import CaseRow, RunRow
from monitoring.signals.watching import Design, Feed, Scope, cases_in, runs_in

ACT, WATCH = "act", "watch"
MOST_FIELDS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A signal in words and figures, and whom it concerns."""

    title: str
    summary: str
    status: str
    evidence: dict[str, Any]
    exposed_studies: int
    exposed_patients: int


def tell(scope: Scope, feed: Feed, *, design: Design, arm: str, episode: Episode) -> Told:
    """Return what the signal of an episode says, with what is known now."""
    tellers: dict[str, Callable[..., tuple[str, str, str, dict[str, Any]]]] = {
        "performance": _performance,
        "score": _scores,
        "metadata": _metadata,
        "silence": _silence,
        "flagged": _flagged,
    }
    title, summary, status, evidence = tellers[scope.kind](scope, feed, design=design, arm=arm, episode=episode)
    exposed = _exposed(scope, feed, arm=arm, episode=episode)
    frame = {
        "statement": design["statement"],
        "method": design["method"],
        "reference": design.get("reference"),
        "alarms": [
            {"arm": a.arm, "began_on": a.began_on.isoformat(), "alarm_on": a.alarm_on.isoformat()}
            for a in episode.alarms
        ],
    }
    return Told(
        title=f"{feed.site_name}: {title}"[:200],
        summary=summary,
        status=status,
        evidence=frame | evidence,
        exposed_studies=len({row.study for row in exposed}),
        exposed_patients=len({row.person for row in exposed}),
    )


def _exposed(scope: Scope, feed: Feed, *, arm: str, episode: Episode) -> list[RunRow]:
    rows = _within(runs_in(scope, feed), episode=episode)
    if scope.kind == "flagged":
        return [row for row in rows if arm in row.flags]
    return [row for row in rows if row.is_clinical]


def _within(rows: Iterable[Any], *, episode: Episode) -> list[Any]:
    last = episode.ended_on or date.max
    return [row for row in rows if episode.began_on <= row.day <= last]


def _before_and_since(
    scope: Scope, feed: Feed, *, design: Design, episode: Episode
) -> tuple[list[CaseRow], list[CaseRow], list[CaseRow]]:
    """Return the cases of the reference, those since the change, and all of the era."""
    cases = cases_in(scope, feed)
    window = design["reference"]
    first, last = date.fromisoformat(window["from"]), date.fromisoformat(window["to"])
    pool = (
        cases
        if "baseline_of" not in design
        else [row for row in feed.cases if row.finding == scope.finding and not row.excluded]
    )
    return [row for row in pool if first <= row.day <= last], _within(cases, episode=episode), cases


def _percent(found: dict[str, Any]) -> str:
    return f"{100 * found['value']:.0f} %" if "value" in found else "unknown"


def _performance(
    scope: Scope, feed: Feed, *, design: Design, arm: str, episode: Episode
) -> tuple[str, str, str, dict[str, Any]]:
    before, since, cases = _before_and_since(scope, feed, design=design, episode=episode)
    metric = episode.arms[0]
    frozen = design["arms"][metric]
    reference = comparing.share(frozen["cases"] - frozen["wrong"], frozen["cases"])
    now = comparing.right_shares(since)[metric]
    values, chart = performance_watch.watched(design, cases, arm=metric), performance_watch.chart_of(frozen)
    path = chart.run([value for value, _, _ in values]).path
    evidence = {
        "metric": metric,
        "before": {name: comparing.share(a["cases"] - a["wrong"], a["cases"]) for name, a in design["arms"].items()},
        "since": comparing.right_shares(since),
        "case_mix": {"before": comparing.case_mix(before), "since": comparing.case_mix(since)},
        "scanners": comparing.by_scanner(before, since, metric=metric),
        "months": comparing.by_month(cases, metric=metric),
        "threshold": chart.threshold,
        "chart": comparing.weekly((each[2].date(), value) for each, value in zip(values, path, strict=True)),
        "arl0": frozen["arl0"],
    }
    title = f"{scope.finding} {metric} fell from {_percent(reference)} to {_percent(now)}"
    room = _worst_room(evidence["scanners"])
    summary = f"{room}Labels of {now['cases']} studies since {episode.began_on:%d %B %Y} show it."
    return title, summary, ACT, evidence


def _worst_room(rooms: Sequence[dict[str, Any]]) -> str:
    """Name the scanner whose interval since the change lies below its value before, if one does."""
    fallen = [
        r
        for r in rooms
        if "value" in r["before"] and "value" in r["since"] and r["since"]["high"] < r["before"]["value"]
    ]
    if not fallen or len(rooms) < 2:
        return ""
    worst = max(fallen, key=lambda r: r["before"]["value"] - r["since"]["value"])
    before, since = _percent(worst["before"]), _percent(worst["since"])
    return f"Strongest at scanner {worst['scanner']}: {before} before, {since} since. "


def _scores(
    scope: Scope, feed: Feed, *, design: Design, arm: str, episode: Episode
) -> tuple[str, str, str, dict[str, Any]]:
    before, since, cases = _before_and_since(scope, feed, design=design, episode=episode)
    explained = explain(before, since, scores=design["scores"])
    current = score_watch.reference_scores(score_watch.scored(since))
    values, run = score_watch.run_scores(design, cases)
    path, lower = (run.path, run.lower_path)
    edges = comparing.even_edges(design["scores"], current)
    evidence = {
        "direction": arm,
        "explanation": explained.as_values(),
        "distances": comparing.score_distances(design["scores"], current),
        "case_mix": {"before": comparing.case_mix(before), "since": comparing.case_mix(since)},
        "performance": {"before": comparing.right_shares(before), "since": comparing.right_shares(since)},
        "histogram": {
            "edges": edges,
            "before": comparing.histogram(design["scores"], edges=edges),
            "since": comparing.histogram(current, edges=edges),
        },
        "threshold": design["threshold"],
        "chart": comparing.weekly((each[1], value) for each, value in zip(values, path, strict=True)),
        "lower_chart": comparing.weekly((each[1], value) for each, value in zip(values, lower, strict=True)),
        "arl0": design["arl0"],
    }
    title = f"{scope.finding} scores are {arm} than in the reference"
    if explained.verdict == PREVALENCE:
        shares = [_percent(mix["prevalence"]) for mix in evidence["case_mix"].values()]
        title = f"{title}: prevalence went from {shares[0]} to {shares[1]}"
    return title, explained.words, WATCH, evidence


def _metadata(
    scope: Scope, feed: Feed, *, design: Design, arm: str, episode: Episode
) -> tuple[str, str, str, dict[str, Any]]:
    last = date.fromisoformat(design["reference"]["to"])
    before = one_a_study([row for row in feed.runs if row.day <= last])
    since = _within(one_a_study([row for row in feed.runs if row.day > last]), episode=episode)
    words: dict[str, str] = {}
    for alarm in sorted(episode.alarms, key=lambda each: -each.weight):
        words.setdefault(alarm.arm, alarm.words)
    fields = [
        {"field": name, "words": words[name], "before": _values(before, name), "since": _values(since, name)}
        for name in episode.arms[:MOST_FIELDS]
    ]
    lead = episode.arms[0]
    others = len(episode.arms) - 1
    title = f"{_field_name(lead)}: {words[lead]}" + (f", and {others} more header fields changed" if others else "")
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
    return title, summary, WATCH, evidence


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


def _silence(
    scope: Scope, feed: Feed, *, design: Design, arm: str, episode: Episode
) -> tuple[str, str, str, dict[str, Any]]:
    spells = [alarm.details | {"first_day": alarm.began_on.isoformat()} for alarm in episode.alarms]
    worst = min(spells, key=lambda spell: spell["probability"])
    first, last = feed.runs[0].day, feed.today
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
    return title, summary, ACT if days >= 7 else WATCH, evidence


def _flagged(
    scope: Scope, feed: Feed, *, design: Design, arm: str, episode: Episode
) -> tuple[str, str, str, dict[str, Any]]:
    rows = [row for row in _within(feed.runs, episode=episode) if arm in row.flags]
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
    return title, summary, ACT if arm in ACT_FLAGS else WATCH, evidence
