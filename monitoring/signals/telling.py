"""What a signal says: the site and its fault in words, how bad it is, whom it concerns.

Pure: rows and an episode in, plain values out. The words of each kind are in `telling_cases` and `telling_feeds`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from monitoring.signals.comparing import Words
from monitoring.signals.episodes import Episode
from monitoring.signals.streams import RunRow
from monitoring.signals.telling_bursts import tell_burst, tell_losses, tell_partial
from monitoring.signals.telling_cases import tell_performance, tell_scores
from monitoring.signals.telling_claims import tell_claim
from monitoring.signals.telling_feeds import tell_flagged, tell_metadata, tell_silence
from monitoring.signals.watching import Design, Feed, Scope, runs_in

TELLERS: dict[str, Callable[..., Words]] = {
    "performance": tell_performance,
    "score": tell_scores,
    "metadata": tell_metadata,
    "silence": tell_silence,
    "flagged": tell_flagged,
    "claim": tell_claim,
    "partial": tell_partial,
    "failed": tell_burst,
    "late": tell_burst,
    "storm": tell_burst,
    "losses": tell_losses,
}


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
    words = TELLERS[scope.kind](scope, feed, design=design, arm=arm, episode=episode)
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
        title=f"{feed.site_name}: {words.title}"[:200],
        summary=words.summary,
        status=words.status,
        evidence=frame | words.evidence,
        exposed_studies=len({row.study for row in exposed}),
        exposed_patients=len({row.person for row in exposed}),
    )


def _exposed(scope: Scope, feed: Feed, *, arm: str, episode: Episode) -> list[RunRow]:
    rows = [row for row in runs_in(scope, feed) if episode.holds(row.day)]
    if scope.kind == "flagged":
        return [row for row in rows if arm in row.flags]
    return [row for row in rows if row.is_clinical]
