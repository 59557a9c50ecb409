"""Which monitors a deployment has, how each is designed, and what each finds: pure, from one feed of rows.

Score and performance are watched per era and finding, the feed itself per deployment.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from monitoring.signals.burst_watch import LossRow, burst_alarms, design_burst, design_losses, loss_alarms
from monitoring.signals.claim_watch import ClaimFeed, claim_alarms, design_claim
from monitoring.signals.episodes import Alarm, Episode, episodes_of
from monitoring.signals.feed_watch import design_flagged, design_silence, flagged_alarms, silence_alarms
from monitoring.signals.metadata_watch import design_metadata, metadata_alarms
from monitoring.signals.partial_watch import design_partial, partial_alarms
from monitoring.signals.performance_watch import design_performance, performance_alarms
from monitoring.signals.score_watch import design_scores, score_alarms
from monitoring.signals.streams import CaseRow, Era, RunRow, cases_of

Design = dict[str, Any]
SCORE, METADATA, SILENCE, PERFORMANCE, FLAGGED = "score", "metadata", "silence", "performance", "flagged"
CLAIM = "claim"
PARTIAL, LOSSES = "partial", "losses"
BURSTS = ("failed", "late", "storm")
LASTING = frozenset(
    {PERFORMANCE, SILENCE, FLAGGED, CLAIM, PARTIAL, LOSSES, *BURSTS}
)  # what a person closed is raised again when it goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Everything logged and counted of one deployment, by acquisition. `until` is the last day that is over."""

    deployment: str
    product: str
    site: str
    site_name: str
    organisation: str
    findings: tuple[str, ...]
    eras: tuple[Era, ...]
    runs: tuple[RunRow, ...]
    cases: tuple[CaseRow, ...]
    until: date
    claims: tuple[ClaimFeed, ...] = ()
    losses: tuple[LossRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What one monitor watches."""

    kind: str
    era: Era | None = None
    finding: str = ""
    claim: ClaimFeed | None = None

    def key(self, feed: Feed) -> str:
        name = self.claim.key if self.claim else ""
        parts = (feed.deployment, self.kind, self.finding, self.era.name if self.era else "", name)
        return ":".join(part for part in parts if part)


def scopes_of(feed: Feed) -> Iterator[Scope]:
    """Yield what is watched; eras in order, so that a later version finds the design of the one before."""
    if feed.losses:
        yield Scope(kind=LOSSES)
    if not feed.runs:
        return
    for kind in (SILENCE, METADATA, FLAGGED, PARTIAL, *BURSTS):
        yield Scope(kind=kind)
    for era in feed.eras:
        for finding in feed.findings:
            yield Scope(kind=SCORE, era=era, finding=finding)
            yield Scope(kind=PERFORMANCE, era=era, finding=finding)
        for claim in feed.claims:
            if era.version in claim.evidence:
                yield Scope(kind=CLAIM, era=era, finding=claim.design.terms.finding, claim=claim)


def cases_in(scope: Scope, feed: Feed) -> list[CaseRow]:
    assert scope.era is not None
    return cases_of(feed.cases, era=scope.era, finding=scope.finding)


def runs_in(scope: Scope, feed: Feed) -> list[RunRow]:
    """Return the runs that a scope's signal exposes patients to: those of its era, or all."""
    if scope.era is None:
        return list(feed.runs)
    return [row for row in feed.runs if row.version == scope.era.version and scope.era.holds(row.acquired_at)]


def design_for(scope: Scope, feed: Feed, *, designs: Mapping[str, Design]) -> Design | None:
    """Return a new design, or None where the reference is not complete yet."""
    match scope.kind:
        case "silence":
            return design_silence(feed.runs)
        case "metadata":
            return design_metadata(feed.runs)
        case "flagged":
            return design_flagged()
        case "partial":
            return design_partial(feed.runs)
        case "failed" | "late" | "storm":
            return design_burst(scope.kind, feed.runs)
        case "losses":
            return design_losses()
        case "score":
            return design_scores(cases_in(scope, feed), era=scope.era)  # type: ignore[arg-type]
        case "claim":
            return design_of_claim(scope, feed)
    earlier = baseline_of(scope, feed, designs=designs)
    cases = cases_in(scope, feed)
    return design_performance(cases, era=scope.era, baseline=earlier) if cases else None  # type: ignore[arg-type]


def design_of_claim(scope: Scope, feed: Feed) -> Design | None:
    """Return the design of a claim once the first label counts."""
    assert scope.era is not None and scope.claim is not None
    if not scope.claim.values(scope.era.version):
        return None
    return design_claim(scope.claim, deployment=feed.deployment, version=scope.era.version)


def baseline_of(scope: Scope, feed: Feed, *, designs: Mapping[str, Design]) -> Design | None:
    """Return the performance design of the version before, which a new version is held to.

    The same version with another threshold has moved its operating point on purpose and gets its own reference.
    """
    assert scope.era is not None
    place = feed.eras.index(scope.era)
    if place == 0 or feed.eras[place - 1].version == scope.era.version:
        return None
    before = Scope(kind=PERFORMANCE, era=feed.eras[place - 1], finding=scope.finding)
    return designs.get(before.key(feed))


def alarms_for(scope: Scope, feed: Feed, *, design: Design) -> list[Alarm]:
    match scope.kind:
        case "silence":
            return silence_alarms(design, feed.runs, until=feed.until)
        case "partial":
            return partial_alarms(design, feed.runs, until=feed.until)
        case "failed" | "late" | "storm":
            return burst_alarms(scope.kind, design, feed.runs, until=feed.until)
        case "losses":
            return loss_alarms(feed.losses)
        case "metadata":
            return metadata_alarms(design, feed.runs)
        case "flagged":
            return flagged_alarms(design, feed.runs)
        case "score":
            return score_alarms(design, cases_in(scope, feed))
        case "claim":
            return claim_alarms_of(scope, design=design)
    return performance_alarms(design, cases_in(scope, feed))


def claim_alarms_of(scope: Scope, *, design: Design, after: date | None = None) -> list[Alarm]:
    assert scope.claim is not None and scope.era is not None
    return claim_alarms(design, scope.claim, version=scope.era.version, after=after)


def episodes_for(
    scope: Scope, feed: Feed, *, design: Design, closed_on: Mapping[str, date]
) -> list[tuple[str, Episode]]:
    """Return (arm, episode): flags are told apart, the arms of other monitors are one fault when close together.

    Where a person closed an arm's signal, what goes on afterwards is an episode of its own. Closing a drift
    accepts it: its episode is never cut.
    """
    alarms = [within_era(each, scope) for each in alarms_for(scope, feed, design=design)]
    arms = sorted({alarm.arm for alarm in alarms}) if scope.kind in (FLAGGED, SCORE, PARTIAL) else [""]
    found = []
    for arm in arms:
        mine = [alarm for alarm in alarms if arm in ("", alarm.arm)]
        parts = [mine]
        if scope.kind in LASTING and arm in closed_on:
            parts = [
                [ended_by(each, closed_on[arm]) for each in mine if each.alarm_on <= closed_on[arm]],
                alarms_after(closed_on[arm], scope, feed, design=design, alarms=mine),
            ]
        found += [(arm, episode) for part in parts for episode in episodes_of(part)]
    return found


def ended_by(alarm: Alarm, day: date) -> Alarm:
    return replace(alarm, ended_on=day if alarm.ended_on is None else min(alarm.ended_on, day))


def within_era(alarm: Alarm, scope: Scope) -> Alarm:
    """Return the alarm, ended with its era where it had not ended before."""
    if alarm.ended_on is not None or scope.era is None or scope.era.ends_at is None:
        return alarm
    return replace(alarm, ended_on=scope.era.ends_at.date())


def alarms_after(closed_on: date, scope: Scope, feed: Feed, *, design: Design, alarms: list[Alarm]) -> list[Alarm]:
    """Return the alarms of what was acquired after a signal was closed: labels of older studies prove nothing new."""
    if scope.kind == CLAIM:
        return claim_alarms_of(scope, design=design, after=closed_on)
    if scope.kind == PERFORMANCE:
        return performance_alarms(design, [row for row in cases_in(scope, feed) if row.day > closed_on])
    return [alarm for alarm in alarms if alarm.began_on > closed_on]
