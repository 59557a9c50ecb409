"""How long it takes until a report comes in, from what has come in so far.

Moments in, a curve of probabilities out. Cases whose report is still awaited are right-censored; where only
the reported ones are known, long delays of recent cases are missing and time runs backwards (right truncation).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from math import exp, inf, log
from typing import Any, Literal

import numpy as np

from monitoring.statistics.inputs import BoolArray, FloatArray, check_level, check_option
from monitoring.statistics.intervals import beta_interval, two_sided_quantile
from monitoring.statistics.results import Estimate, Interval, NotEstimable

DAY_SECONDS = 86_400.0
NO_REPORT = "no report has come in yet"
CENSORED = "Kaplan–Meier, log-log interval"
TRUNCATED = "reverse-time product limit, log-log interval"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DelayCurve:
    """P(reported within a delay), a step function that rises at `days`, with pointwise limits.

    `is_conditional` says that only cases with a delay of at most `horizon` are spoken of (right truncation);
    else `horizon` is the longest time that any case was followed, and beyond it nothing is known.
    """

    days: FloatArray
    probability: FloatArray
    at_risk: FloatArray
    log_error: FloatArray
    cases: int
    reported: int
    horizon: float
    is_conditional: bool
    method: str
    level: float = 0.95

    def probability_reported_by(self, days: float) -> Estimate | NotEstimable:
        """Return the probability that a report has come in `days` after its case, or sooner."""
        if not (np.isfinite(days) and days >= 0):
            raise ValueError(f"days must be finite and not negative, not {days}")
        if days > self.horizon:
            return NotEstimable(f"no case was followed for {days:g} days; the longest for {self.horizon:g}")
        place = int(np.searchsorted(self.days, round(days, 9), side="right")) - 1
        value = float(self.probability[place]) if place >= 0 else 0.0
        return Estimate(value=value, interval=self._interval(place), cases=self.cases, method=self.method)

    def quantile(self, share: float) -> Estimate | NotEstimable:
        """Return the delay by which `share` of the cases are reported; the interval inverts the pointwise limits.

        Source: Brookmeyer & Crowley, Biometrics 1982;38:29-41. An upper end that the limits do not reach is infinite;
        ends that fall together move to the neighbouring delays.
        """
        if not 0 < share < 1:
            raise ValueError(f"share must lie between 0 and 1, not {share}")
        reached = np.flatnonzero(self.probability >= share - 1e-12)
        if not reached.size:
            return NotEstimable(f"fewer than {100 * share:g} % are reported within {self.horizon:g} days")
        ends = [self._interval(place) for place in range(self.days.size)]
        low = self._first(place for place, each in enumerate(ends) if each.high >= share)
        high = self._first(place for place, each in enumerate(ends) if each.low >= share)
        if low == high:
            low, high = self._neighbours(low)
        interval = Interval(low, high, self.level)
        return Estimate(value=float(self.days[reached[0]]), interval=interval, cases=self.cases, method=self.method)

    @property
    def median(self) -> Estimate | NotEstimable:
        """Return the delay by which half of the cases are reported."""
        return self.quantile(0.5)

    def _first(self, places: Iterable[int]) -> float:
        return next((float(self.days[place]) for place in places), inf)

    def _neighbours(self, day: float) -> tuple[float, float]:
        place = int(np.searchsorted(self.days, day))
        low = float(self.days[place - 1]) if place else 0.0
        high = float(self.days[place + 1]) if place + 1 < self.days.size else max(self.horizon, day)
        return (low, high) if low < high else (low, inf)

    def _interval(self, place: int) -> Interval:
        """Return the limits after the step at `place` (−1: before the first)."""
        value = float(self.probability[place]) if place >= 0 else 0.0
        size = max(1.0, float(self.at_risk[max(place, 0)]))
        if value <= 1e-12 or value >= 1 - 1e-12:
            return beta_interval(round(value), size=size, level=self.level)
        shown = value if self.is_conditional else 1 - value
        half = two_sided_quantile(self.level) * float(self.log_error[place]) / abs(log(shown))
        low, high = shown ** exp(min(half, 700.0)), shown ** exp(-half)
        if not low < high:
            return beta_interval(value, size=size, level=self.level)
        return Interval(low, high, self.level) if self.is_conditional else Interval(1 - high, 1 - low, self.level)


def reporting_delay(
    occurred: Iterable[Any],
    reported: Iterable[Any],
    *,
    as_of: Any,
    cases: Literal["auto", "all", "reported"] = "auto",
    level: float = 0.95,
) -> DelayCurve | NotEstimable:
    """Return the curve of delays between what occurred and its report, as known at `as_of`.

    Moments are numbers (days), dates or datetimes, all three arguments alike. In `reported`, None (or NaT) is a case
    without a report; one reported after `as_of` was not known then and counts as awaited, one that occurred after
    `as_of` is left out. `cases` says which cases there are: "all" of them, reported or not (right censoring: Kaplan
    & Meier, JASA 1958;53:457-481, Greenwood's variance), or only the "reported" ones (right truncation: reverse-time
    hazard, Lagakos, Barraj & De Gruttola, Biometrika 1988;75:515-523; Lawless, Can J Stat 1994;22:15-31). "auto"
    takes "all" where one is awaited. Truncated data tell nothing beyond the horizon, so probabilities are
    conditional on a delay within it; the horizon stops short of delays whose risk set holds nothing else, for there
    the estimate below would be 0. Assumes that the delay does not depend on when the case occurred, and that cases
    are independent. No report: NotEstimable.

    Raises:
        ValueError: lengths that differ, moments that are no numbers, a report before its case.
    """
    check_level(level)
    check_option(cases, name="cases", allowed=("auto", "all", "reported"))
    now = _moments([as_of], name="as_of", missing=False)[0]
    start, end = _moments(occurred, name="occurred", missing=False), _moments(reported, name="reported", missing=True)
    if start.size != end.size:
        raise ValueError(f"lengths differ: occurred {start.size}, reported {end.size}")
    if (end < start).any():
        raise ValueError("a report came before its case occurred")
    seen = start <= now
    start, end = start[seen], end[seen]
    known = end <= now
    if not known.any():
        return NotEstimable(NO_REPORT)
    # Rounded to a tenth of a millisecond, so that equal delays of different days are ties.
    delays, observable = np.round(np.where(known, end, now) - start, 9), np.round(now - start, 9)
    if cases == "all" or (cases == "auto" and not known.all()):
        return _censored(delays, known, level=level)
    return _truncated(delays[known], observable[known], level=level)


def _censored(followed: FloatArray, known: BoolArray, *, level: float) -> DelayCurve:
    days, events = np.unique(followed[known], return_counts=True)
    at_risk = followed.size - np.searchsorted(np.sort(followed), days, side="left").astype(np.float64)
    awaited = np.cumprod(1 - events / at_risk, dtype=np.float64)
    with np.errstate(divide="ignore"):
        variance = np.cumsum(np.where(events < at_risk, events / (at_risk * (at_risk - events)), np.inf))
    return DelayCurve(
        days=days,
        probability=1 - awaited,
        at_risk=at_risk,
        log_error=np.sqrt(variance),
        cases=followed.size,
        reported=int(known.sum()),
        horizon=float(followed.max()),
        is_conditional=False,
        method=CENSORED,
        level=level,
    )


def _truncated(delays: FloatArray, observable: FloatArray, *, level: float) -> DelayCurve:
    """Return the curve of delays that could only be seen up to `observable`, time running backwards."""
    days, events = np.unique(delays, return_counts=True)
    # At risk at u: delay ≤ u ≤ observable. Since delay ≤ observable, these are (delay ≤ u) − (observable < u).
    at_risk = np.searchsorted(np.sort(delays), days, side="right") - np.searchsorted(np.sort(observable), days)
    alone = np.flatnonzero(events[1:] == at_risk[1:]) + 1
    used = int(alone[0]) if alone.size else days.size
    horizon = float(days[used - 1]) if alone.size else float(observable.max())
    days, events, risk = days[:used], events[:used], at_risk[:used].astype(np.float64)
    kept = np.concatenate([(1 - events / risk)[1:], [1.0]])
    terms = np.concatenate([(events / (risk * np.maximum(risk - events, 1)))[1:], [0.0]])
    return DelayCurve(
        days=days,
        probability=np.cumprod(kept[::-1], dtype=np.float64)[::-1],
        at_risk=risk,
        log_error=np.sqrt(np.cumsum(terms[::-1])[::-1]),
        cases=int(delays.size),
        reported=int(delays.size),
        horizon=horizon,
        is_conditional=True,
        method=TRUNCATED,
        level=level,
    )


def _moments(values: Iterable[Any], *, name: str, missing: bool) -> FloatArray:
    """Return moments as days; a missing one is infinitely late."""
    return np.array([_moment(each, name=name, missing=missing) for each in values], dtype=np.float64)


def _moment(value: Any, *, name: str, missing: bool) -> float:
    if value is None or (isinstance(value, np.datetime64) and np.isnat(value)) or _is_nat(value):
        if missing:
            return inf
        raise ValueError(f"{name} must not hold missing moments")
    if isinstance(value, datetime):
        return value.timestamp() / DAY_SECONDS if value.tzinfo else _naive_days(value)
    if isinstance(value, date):
        return float(value.toordinal() - date(1970, 1, 1).toordinal())
    if isinstance(value, np.datetime64):
        return float((value - np.datetime64(0, "s")) / np.timedelta64(1, "s")) / DAY_SECONDS
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold numbers, dates or datetimes") from error
    if not np.isfinite(number):
        raise ValueError(f"{name} must hold finite moments; None stands for a report that is awaited")
    return number


def _naive_days(value: datetime) -> float:
    return (value - datetime(1970, 1, 1)).total_seconds() / DAY_SECONDS  # noqa: DTZ001


def _is_nat(value: Any) -> bool:
    return type(value).__name__ == "NaTType"
