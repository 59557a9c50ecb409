"""From single alarms to episodes: one fault alarms again and again, and is one signal.

Alarms of several arms of one monitor that lie close together are one episode too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

QUIET_DAYS = 28  # a change that begins later than this after an alarm is another fault
LONG_QUIET_DAYS = 60  # a small lasting shift of scores alarms rarely, and is still the same one
OVER_DAYS = 14  # beyond the quiet days, an episode without an alarm is over


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm of one arm: when the change is thought to have begun, and when it was noticed."""

    arm: str
    began_on: date
    alarm_on: date
    words: str = ""
    weight: float = 0.0
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """Alarms that belong together; `ended_on` is the last alarm when it has been quiet since."""

    alarms: tuple[Alarm, ...]
    ended_on: date | None

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


def episodes_of(alarms: Iterable[Alarm], *, until: date, quiet_days: int = QUIET_DAYS) -> tuple[Episode, ...]:
    """Return the episodes in order. Open-ended ones have alarmed lately."""
    ordered = sorted(alarms, key=lambda alarm: (alarm.alarm_on, alarm.began_on, alarm.arm))
    groups: list[list[Alarm]] = []
    latest = date.min
    for alarm in ordered:
        if groups and alarm.began_on <= latest + timedelta(days=quiet_days):
            groups[-1].append(alarm)
        else:
            groups.append([alarm])
        latest = max(latest, alarm.alarm_on) if len(groups[-1]) > 1 else alarm.alarm_on
    return tuple(_episode(group, until=until, quiet_days=quiet_days) for group in groups)


def _episode(group: Sequence[Alarm], *, until: date, quiet_days: int) -> Episode:
    last = max(alarm.alarm_on for alarm in group)
    is_over = until > last + timedelta(days=quiet_days + OVER_DAYS)
    return Episode(alarms=tuple(group), ended_on=last if is_over else None)
