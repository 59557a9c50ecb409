"""Does a deployment fall short of a claim it is held to? The claim's own evidence, one detector a version.

The claim, its line and how rarely it may err were fixed when it was switched on (monitoring.claims).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from monitoring.claims.designs import Design
from monitoring.claims.detecting import METHOD, Fall, falls_of, path_of
from monitoring.claims.evidence import Evidence, PatientValue
from monitoring.claims.judging import detector_line
from monitoring.claims.terms import Measure, measure_of
from monitoring.signals.episodes import Alarm
from monitoring.signals.performance_watch import change_point
from monitoring.statistics.results import NotEstimable

ARM = "claim"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFeed:
    """One claim that a deployment is held to, with its evidence by version."""

    key: str
    words: str
    design: Design
    evidence: Mapping[str, Evidence]
    switched_at: datetime

    @property
    def measure(self) -> Measure:
        found = measure_of(self.design.terms)
        assert not isinstance(found, NotEstimable)  # nothing else can be switched on
        return found

    def values(self, version: str) -> tuple[PatientValue, ...]:
        return self.evidence[version].values if version in self.evidence else ()

    def ceiling(self, version: str) -> float:
        return self.evidence[version].ceiling if version in self.evidence else 1.0


def design_claim(claim: ClaimFeed, *, deployment: str, version: str) -> dict[str, Any]:
    """Return what a monitor freezes: the claim's own design, and the run length that holds for this deployment."""
    return claim.design.as_json() | {
        "method": METHOD,
        "statement": f"at most one false alarm in {claim.design.alarm_years} years on average, and an error of "
        f"{(1 - claim.design.level) / 2:.1%} for the sequence since launch",
        "claim": claim.words,
        "line": claim.measure.line,
        "arl0": claim.design.arl0(deployment),
        "version": version,
    }


def claim_alarms(design: dict[str, Any], claim: ClaimFeed, *, version: str, after: date | None = None) -> list[Alarm]:
    """Return the alarms of one version; `after` leaves out what was acquired up to that day."""
    values = [each for each in claim.values(version) if after is None or each.day > after]
    falls = falls_of(
        values, measure=claim.measure, ceiling=claim.ceiling(version), arl0=design["arl0"], level=design["level"]
    )
    starts = [0, *((each.ended or 0) + 1 for each in falls)]
    return [
        _alarm(values, start=start, fall=each, measure=claim.measure)
        for start, each in zip(starts, falls, strict=False)
    ]


def _alarm(values: list[PatientValue], *, start: int, fall: Fall, measure: Measure) -> Alarm:
    """Return one alarm; the change is dated by acquisition, among what came since the last recovery."""
    line = detector_line(measure)
    short = [(1 - each.value if measure.is_upward else each.value, each.day, each.known_at) for each in values]
    alarm_on = values[fall.alarm].known_at.date()
    began_on = min(change_point(short[start : fall.alarm + 1], usual=1 - line), alarm_on)
    ended_on = None if fall.ended is None else max(values[fall.ended].day, began_on)
    return Alarm(arm=ARM, began_on=began_on, alarm_on=alarm_on, ended_on=ended_on, words=fall.noticed_by)


def detector_path(design: dict[str, Any], claim: ClaimFeed, *, version: str) -> list[tuple[date, float]]:
    values = claim.values(version)
    path, _ = path_of(values, measure=claim.measure, ceiling=claim.ceiling(version), arl0=design["arl0"])
    return [(each.known_at.date(), value) for each, value in zip(values, path, strict=True)]
