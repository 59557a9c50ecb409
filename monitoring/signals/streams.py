"""What monitors look at: logged runs and counted cases as plain values, cut at each new version or threshold.

Which rows these are is asked in monitoring.signals.feeding; how they are judged, in the watches.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

COUNTS_AGAIN_DAYS = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """One prediction as it counts today; `known_at` is when its truth became known."""

    study: Any
    person: Any
    acquired_at: datetime
    day: date
    version: str
    finding: str
    scanner: str
    excluded: str
    score: float | None
    decision: str
    truth: str
    known_at: datetime | None

    @property
    def is_labelled(self) -> bool:
        """A truth and a call that can be held against each other."""
        return (
            not self.excluded
            and self.known_at is not None
            and self.truth in ("positive", "negative")
            and self.decision in ("positive", "negative")
        )

    @property
    def is_wrong(self) -> bool:
        return self.decision != self.truth


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One logged run, whatever became of it, with what its image says of itself."""

    study: Any
    person: Any
    acquired_at: datetime
    known_at: datetime
    day: date
    version: str
    flags: tuple[str, ...] = ()
    is_clinical: bool = True
    status: str = "ok"
    headers: dict[str, str | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Era:
    """A time in which a deployment ran with one version and the same thresholds."""

    name: str
    version: str
    starts_at: datetime
    ends_at: datetime | None
    is_first: bool

    def holds(self, at: datetime) -> bool:
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One configuration as eras need it: when it started, its version, mode and the thresholds of its findings."""

    starts_at: datetime
    version: str
    mode: str
    thresholds: tuple[tuple[str, float], ...]


def eras_of(settings: Sequence[Setting]) -> tuple[Era, ...]:
    """Return the eras of live use: a new version, another threshold or a return to live use begins one."""
    starts: list[tuple[Setting, datetime | None]] = []
    for place, setting in enumerate(settings):
        before = settings[place - 1] if place else None
        if before is not None and _is_same(before, setting):
            continue
        starts.append((setting, None))
        if len(starts) > 1:
            starts[-2] = (starts[-2][0], setting.starts_at)
    live = [pair for pair in starts if pair[0].mode == "live"]
    return tuple(_era(pair, earlier=live[:place]) for place, pair in enumerate(live))


def _is_same(before: Setting, after: Setting) -> bool:
    return (before.version, before.mode, before.thresholds) == (after.version, after.mode, after.thresholds)


def _era(pair: tuple[Setting, datetime | None], *, earlier: list[tuple[Setting, datetime | None]]) -> Era:
    setting, ends_at = pair
    is_repeated = any(each.version == setting.version for each, _ in earlier)
    name = f"{setting.version}@{setting.starts_at:%Y-%m-%d}" if is_repeated else setting.version
    return Era(name=name, version=setting.version, starts_at=setting.starts_at, ends_at=ends_at, is_first=not earlier)


def cases_of(rows: Iterable[CaseRow], *, era: Era, finding: str) -> list[CaseRow]:
    """Return the counted cases of a finding in an era, by acquisition."""
    return [
        row
        for row in rows
        if row.finding == finding and not row.excluded and row.version == era.version and era.holds(row.acquired_at)
    ]


def once_a_patient(visits: Iterable[tuple[Any, date]]) -> list[bool]:
    """Return, for each (patient, day) in order of days, whether it counts: a patient counts again after a year.

    A patient's values go together, so several of them within the memory of a chart would be one case counted often.
    """
    counted: dict[Any, date] = {}
    kept = []
    for person, day in visits:
        last = counted.get(person)
        kept.append(last is None or last == day or (day - last).days >= COUNTS_AGAIN_DAYS)
        if kept[-1]:
            counted[person] = day
    return kept


def reference_end(days: Sequence[date], *, days_at_least: int, cases: int) -> date | None:
    """Return the last day of the reference: so many days from the first, and longer until it holds `cases`.

    None while the reference has not ended, so that a design never looks at a half-finished day.
    """
    ordered = sorted(days)
    if len(ordered) <= cases:
        return None
    ends_on = max(ordered[0] + timedelta(days=days_at_least - 1), ordered[cases - 1])
    return ends_on if ordered[-1] > ends_on else None
