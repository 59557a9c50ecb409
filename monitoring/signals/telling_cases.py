"""What a signal of performance or scores says: the figures before and since, by scanner and month.

Pure; performance calls for action, a shift of scores for a look.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from monitoring.signals import comparing, performance_watch, score_watch
from monitoring.signals.comparing import ACT, WATCH, Words
from monitoring.signals.episodes import Episode
from monitoring.signals.explaining import PREVALENCE, explain
from monitoring.signals.streams import CaseRow
from monitoring.signals.watching import Design, Feed, Scope, cases_in


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
    return [row for row in pool if first <= row.day <= last], [row for row in cases if episode.holds(row.day)], cases


def _version(scope: Scope, feed: Feed) -> str:
    """Name the version where there has been more than one."""
    return f" (version {scope.era.version})" if scope.era and len(feed.eras) > 1 else ""


def _percent(found: dict[str, Any]) -> str:
    return f"{100 * found['value']:.0f} %" if "value" in found else "unknown"


def tell_performance(scope: Scope, feed: Feed, *, design: Design, arm: str, episode: Episode) -> Words:
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
    title = f"{scope.finding} {metric} fell from {_percent(reference)} to {_percent(now)}{_version(scope, feed)}"
    room = _worst_room(evidence["scanners"])
    summary = f"{room}Labels of {now['cases']} studies since {episode.began_on:%d %B %Y} show it."
    return Words(title=title, summary=summary, status=ACT, evidence=evidence)


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


def tell_scores(scope: Scope, feed: Feed, *, design: Design, arm: str, episode: Episode) -> Words:
    before, since, cases = _before_and_since(scope, feed, design=design, episode=episode)
    explained = explain(before, since, scores=design["scores"])
    current = score_watch.reference_scores(score_watch.scored(since))
    values, run = score_watch.run_scores(design, cases)
    path, lower = (run.upper_path, run.lower_path)
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
    title = f"{scope.finding} scores are {arm} than in the reference{_version(scope, feed)}"
    if explained.verdict == PREVALENCE:
        shares = [_percent(mix["prevalence"]) for mix in evidence["case_mix"].values()]
        title = f"{title}: prevalence went from {shares[0]} to {shares[1]}"
    return Words(title=title, summary=explained.words, status=WATCH, evidence=evidence)
