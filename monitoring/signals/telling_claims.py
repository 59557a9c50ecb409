"""What a signal of a claim says: which claim, since when, and how it stands since launch and since the change.

Pure; a product that falls short of its claim calls for action.
"""

from dataclasses import replace
from typing import Any

from monitoring.claims.evidence import Evidence
from monitoring.claims.judging import standing_of
from monitoring.claims.wording import is_share
from monitoring.signals import comparing
from monitoring.signals.claim_watch import ClaimFeed, detector_path
from monitoring.signals.comparing import ACT, Words
from monitoring.signals.episodes import Episode
from monitoring.signals.watching import Design, Feed, Scope
from monitoring.statistics.results import Estimate


def tell_claim(scope: Scope, feed: Feed, *, design: Design, arm: str, episode: Episode) -> Words:
    assert scope.era is not None and scope.claim is not None
    claim, version = scope.claim, scope.era.version
    evidence = claim.evidence[version]
    since = replace(evidence, values=tuple(each for each in evidence.values if episode.holds(each.day)))
    path = detector_path(design, claim, version=version)
    found = {
        "metric": claim.design.terms.metric,
        "claim": claim.words,
        "line": claim.measure.line,
        "since_launch": standing_words(claim, evidence),
        "since": standing_words(claim, since),
        "threshold": design["arl0"],
        "chart": comparing.weekly(path),
        "arl0": design["arl0"],
    }
    named = f" (version {version})" if len(feed.eras) > 1 else ""
    title = f"{claim.words} is not kept since {episode.began_on:%d %B %Y}{named}"
    summary = (
        f"Noticed by {episode.first.words}; labels of {len(since.values)} patients since then are in. "
        f"Since launch the claim is {found['since_launch']['status']}."
    )
    return Words(title=title, summary=summary, status=ACT, evidence=found)


def standing_words(claim: ClaimFeed, evidence: Evidence) -> dict[str, Any]:
    """Return how the claim stands by some evidence, as the signal keeps it."""
    standing = standing_of(evidence, measure=claim.measure, level=claim.design.level)
    outcome = standing.estimate
    if not isinstance(outcome, Estimate):
        return {"reason": outcome.reason, "status": standing.status.value, "cases": 0}
    return {
        "value": outcome.value,
        "low": outcome.interval.low,
        "high": outcome.interval.high,
        "cases": outcome.cases,
        "status": standing.status.value,
        "is_share": is_share(claim.design.terms),
    }
