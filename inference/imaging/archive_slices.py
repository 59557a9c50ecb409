"""The days of a search: what was examined lately, and everything there is, cut into slices.

Pure. A day may be wrong: what lies in the future and what has none has a slice too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

FIRST_YEAR = 1990
MONTHLY_YEARS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Study dates from `first` to `last`, both included; None is open. `is_dateless` means studies without one."""

    first: date | None = None
    last: date | None = None
    is_dateless: bool = False

    @property
    def query(self) -> dict[str, str]:
        """Return the match of a search; studies without a date cannot be asked for, so all are."""
        if self.is_dateless:
            return {}
        return {"StudyDate": f"{_day(self.first)}-{_day(self.last)}"}


def _day(day: date | None) -> str:
    return f"{day:%Y%m%d}" if day else ""


def lately(today: date, *, days: int) -> Slice:
    return Slice(first=today - timedelta(days=days), last=today + timedelta(days=1))


def slices_of(today: date) -> tuple[Slice, ...]:
    """Return all slices, the newest first: months for two years, then years, what is older, future or without date."""
    starts = [date(today.year, today.month, 1)]
    first_month = date(today.year - MONTHLY_YEARS, 1, 1)
    while starts[-1] > first_month:
        starts.append((starts[-1] - timedelta(days=1)).replace(day=1))
    starts += [date(year, 1, 1) for year in range(first_month.year - 1, FIRST_YEAR - 1, -1)]
    ends = [today, *(each - timedelta(days=1) for each in starts[:-1])]
    dated = [Slice(first=first, last=last) for first, last in zip(starts, ends, strict=True)]
    oldest = Slice(last=date(FIRST_YEAR, 1, 1) - timedelta(days=1))
    return (*dated, oldest, Slice(first=today + timedelta(days=1)), Slice(is_dateless=True))
