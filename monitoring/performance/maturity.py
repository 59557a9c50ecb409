"""How mature the labels of a month are: what has come in, against what will have come in the end. Pure.

Counts of labels by month of acquisition and delay in, shares with intervals out. The growth from delay to delay is
the chain ladder's; a month that is too young for a whole step is judged day by day between the steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from monitoring.rollups.delays import EDGES
from monitoring.statistics.delay import Nowcast, nowcast
from monitoring.statistics.results import Estimate, Interval, NotEstimable

FLOOR = 0.6
"""A month of which less than this share of labels has come in is immature, and its figures are marked."""

DRAWS, SEED, LEVEL = 400, 20_140, 0.95
METHOD = "chain ladder by month of acquisition, simulated error of its factors"
NO_HISTORY = "no month is old enough to show how labels come in"
LEAST_LEFT = 1e-6
POISSON_NONE = 3.689  # the upper end for a count of none

Floats = NDArray[np.float64]
LabelCounts = Mapping[date, Sequence[int]]
"""By first day of the month of acquisition: how many labels came with each delay, one more than EDGES."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maturity:
    """How labels come in. `by_month` holds the share that is there, from the oldest month to the newest."""

    delay_days: Estimate | NotEstimable
    expected_labels: Estimate | NotEstimable
    share: Estimate | NotEstimable
    by_month: Mapping[date, Estimate | NotEstimable] = field(default_factory=dict)

    @property
    def immature(self) -> tuple[date, ...]:
        """Return the months below the floor, those that nothing can be said of yet included."""
        return tuple(
            month for month, each in self.by_month.items() if isinstance(each, NotEstimable) or each.value < FLOOR
        )


def unknown(reason: str) -> Maturity:
    none = NotEstimable(reason)
    return Maturity(delay_days=none, expected_labels=none, share=none)


def maturity_of(labels: LabelCounts, *, on: date, months: Iterable[date] | None = None) -> Maturity:
    """Return how mature the labels of `months` (all, if None) are on a day, given how all of `labels` came in.

    Assumes that the delay does not depend on the month, and that nothing comes later than the oldest month shows.
    """
    known = {month: counts for month, counts in sorted(labels.items()) if month <= on}
    curve = curve_of(known, on=on)
    if curve is None:
        return unknown(NO_HISTORY if known else "no label yet")
    wanted = sorted(set(known) if months is None else set(months) & set(month_range(known, on=on)))
    shares = {month: curve.share(month, on=on) for month in wanted}
    counts = {month: sum(known.get(month, ())) for month in wanted}
    by_month = {month: month_share(shares[month], count=counts[month]) for month in wanted}
    expected, share = totals(shares, counts)
    return Maturity(delay_days=curve.median(), expected_labels=expected, share=share, by_month=by_month)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """P(labelled within a delay, if ever) at `edges`: the estimate, and draws of it in rows."""

    edges: Floats
    value: Floats
    drawn: Floats

    def share(self, month: date, *, on: date) -> Floats:
        """Return the share of a month's labels that is there by then: the estimate first, then the draws."""
        days = np.array([(on - day).days for day in days_of(month) if day <= on], dtype=np.float64)
        if not days.size:
            return np.zeros(1 + len(self.drawn))
        rows = np.concatenate((self.value[None, :], self.drawn))
        return np.asarray(reached(days, self.edges, rows).mean(axis=1), dtype=np.float64)

    def median(self) -> Estimate | NotEstimable:
        """Return the delay by which half of the labels that come are there."""
        value, drawn = crossing(self.value, self.edges), np.array([crossing(row, self.edges) for row in self.drawn])
        low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        low, high = min(float(low), value - 0.5), max(float(high), value + 0.5)
        interval = Interval(max(0.0, low), high, LEVEL)
        return Estimate(value=value, interval=interval, cases=0, method=METHOD)


def reached(days: Floats, edges: Floats, rows: Floats) -> Floats:
    """Return the shares at any delay, by row: what is still to come falls exponentially between two edges."""
    left = np.log(np.maximum(1 - rows, LEAST_LEFT))
    place = np.clip(np.searchsorted(edges, days, side="right") - 1, 0, edges.size - 2)
    along = np.clip((days - edges[place]) / (edges[place + 1] - edges[place]), 0, 1)
    shares = 1 - np.exp(left[:, place] * (1 - along) + left[:, place + 1] * along)
    return np.where(days >= edges[-1], 1.0, shares)


def crossing(row: Floats, edges: Floats) -> float:
    place = int(np.searchsorted(row, 0.5))
    if place == 0:
        return float(edges[0])
    below, above = row[place - 1], row[min(place, row.size - 1)]
    if above <= below:
        return float(edges[-1])
    return float(edges[place - 1] + (0.5 - below) / (above - below) * (edges[place] - edges[place - 1]))


def curve_of(labels: LabelCounts, *, on: date) -> Curve | None:
    """Return how labels come in, or None where no month is old enough to tell."""
    rows = triangle(labels, on=on)
    if len(rows) < 2:
        return None
    columns = len(rows[0])
    first = next((j for j in range(columns) if sum(row[j] for row in rows if len(row) > j + 1) > 0), None)
    if first is None:
        return None
    found = nowcast([row[first:] for row in rows if len(row) > first], cumulative=True)
    if isinstance(found, NotEstimable) or not found.factors.size:
        return None
    weights = [sum(row[j] for row in rows if len(row) > j + 1) for j in range(first, columns - 1)]
    edges = np.array([0.0, *EDGES[first:columns]])
    value = shares_at(found.factors[None, :])[0]
    return Curve(edges=edges, value=value, drawn=shares_at(drawn_factors(found, np.array(weights, dtype=np.float64))))


def shares_at(factors: Floats) -> Floats:
    """Return the share reached at each edge, 0 at a delay of 0, from factors in rows."""
    left = np.cumprod(factors[:, ::-1], axis=1)[:, ::-1]
    ends = np.ones((factors.shape[0], 1))
    return np.concatenate((np.zeros_like(ends), 1 / left, ends), axis=1)


def drawn_factors(found: Nowcast, weights: Floats) -> Floats:
    generator = np.random.default_rng(SEED)
    errors = np.sqrt(found.variances / weights)
    return np.maximum(1.0, found.factors + errors * generator.standard_normal((DRAWS, errors.size)))


def triangle(labels: LabelCounts, *, on: date) -> list[list[int]]:
    """Return labels so far by month (rows) and delay (columns), only delays that the whole month has reached."""
    rows = []
    for month in month_range(labels, on=on):
        age = (on - last_day(month)).days
        sums = np.cumsum(labels.get(month, [0] * (len(EDGES) + 1))).tolist()
        row = [sums[j] for j, edge in enumerate(EDGES) if edge < age]
        if row:
            rows.append(row)
    return rows


def month_range(labels: Iterable[date], *, on: date) -> list[date]:
    months = sorted(labels)
    found = [months[0]] if months else []
    while found and (after := next_month(found[-1])) <= on:
        found.append(after)
    return found


def next_month(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def last_day(month: date) -> date:
    return next_month(month) - timedelta(days=1)


def days_of(month: date) -> list[date]:
    return [month + timedelta(days=n) for n in range((next_month(month) - month).days)]


def month_share(share: Floats, *, count: int) -> Estimate | NotEstimable:
    """Return the share of a month's labels that is there."""
    if share[0] <= 0:
        return NotEstimable("too recent for any label")
    return ranged(share[0], share[1:], count=count, most=1.0, method=METHOD)


def ranged(value: float, drawn: Floats, *, count: int, most: float, method: str) -> Estimate:
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    low, high = min(float(low), float(value)), min(most, max(float(high), float(value)))
    if high - low < 1e-9:
        low = value * count / (count + POISSON_NONE)
    return Estimate(value=float(value), interval=Interval(low, high, LEVEL), cases=count, method=method)


def totals(
    shares: Mapping[date, Floats], counts: Mapping[date, int]
) -> tuple[Estimate | NotEstimable, Estimate | NotEstimable]:
    """Return the labels expected in the end of all months that have some, and the share of them that is there."""
    used = [month for month, count in counts.items() if count and shares[month][0] > 0]
    if not used:
        none = NotEstimable("no label yet")
        return none, none
    there = sum(counts[month] for month in used)
    generator = np.random.default_rng(SEED)
    final, coming = float(there), np.zeros(DRAWS)
    for month in used:
        odds = (1 - shares[month]) / np.maximum(shares[month], 1e-3)
        final += counts[month] * float(odds[0])
        # What came tells of what comes as a Poisson count does: its own chance is drawn with it.
        coming += generator.gamma(counts[month] + 0.5, size=DRAWS) * odds[1:]
    noisy = there + generator.poisson(coming).astype(np.float64)
    expected = ranged(final, noisy, count=there, most=np.inf, method=METHOD)
    ends = expected.interval
    interval = Interval(max(ends.low, float(there)), max(ends.high, there + POISSON_NONE), LEVEL)
    expected = replace(expected, interval=interval)
    ends_of_share = Interval(there / interval.high, there / interval.low, LEVEL)
    return expected, Estimate(value=there / final, interval=ends_of_share, cases=there, method=METHOD)
