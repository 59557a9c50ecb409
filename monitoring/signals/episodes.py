"""From single alarms to episodes: a fault that goes on is one signal.

Alarms of several arms of one monitor that lie close together are one episode too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

QUIET_DAYS = 28  # what begins later than this after an episode has ended is another fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm of one arm: when the change is thought to have begun, when it was noticed, when it ended if it did."""

    arm: str
    began_on: date
    alarm_on: date
    ended_on: date | None
    words: str = ""
    weight: float = 0.0
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def last_on(self) -> date:
        """The last day that belongs to it; one that goes on has none."""
        return date.max if self.ended_on is None else max(self.ended_on, self.alarm_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """Alarms that belong together."""

    alarms: tuple[Alarm, ...]

    @property
    def first(self) -> Alarm:
        return self.alarms[0]

    @property
    def began_on(self) -> date:
        return min(alarm.began_on for alarm in self.alarms if alarm.alarm_on == self.first.alarm_on)

    @property
    def alarm_on(self) -> date:
        return self.first.alarm_on

    @property
    def last_alarm_on(self) -> date:
        return max(alarm.alarm_on for alarm in self.alarms)

    @property
    def ended_on(self) -> date | None:
        """When all of it had ended, or None while it goes on."""
        ends = [alarm.ended_on for alarm in self.alarms]
        return None if None in ends else max(self.began_on, *(end for end in ends if end is not None))

    def holds(self, day: date) -> bool:
        """Return whether a day lies in the episode; one that goes on has no end."""
        return self.began_on <= day <= (self.ended_on or date.max)

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms that alarmed, the weightiest first."""
        heaviest: dict[str, float] = {}
        for alarm in self.alarms:
            heaviest[alarm.arm] = max(alarm.weight, heaviest.get(alarm.arm, alarm.weight))
        return tuple(sorted(heaviest, key=lambda arm: (-heaviest[arm], arm)))


def episodes_of(alarms: Iterable[Alarm], *, quiet_days: int = QUIET_DAYS) -> tuple[Episode, ...]:
    """Return the episodes in order: what begins within `quiet_days` of the end of one belongs to it."""
    ordered = sorted(alarms, key=lambda alarm: (alarm.alarm_on, alarm.began_on, alarm.arm))
    groups: list[list[Alarm]] = []
    for alarm in ordered:
        if groups and _belongs(alarm, groups[-1], quiet_days=quiet_days):
            groups[-1].append(alarm)
        else:
            groups.append([alarm])
    return tuple(Episode(alarms=tuple(group)) for group in groups)


def _belongs(alarm: Alarm, group: Sequence[Alarm], *, quiet_days: int) -> bool:
    latest = max(each.last_on for each in group)
    return latest == date.max or alarm.began_on <= latest + timedelta(days=quiet_days)
