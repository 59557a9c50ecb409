"""How many studies an hour of the week usually brings, and between which counts the next one lies. Pure.

An hour of few weeks is known badly: the interval is predictive, a Poisson count whose
rate has Jeffreys' prior (Gelman et al., Bayesian Data Analysis, 3rd ed., 2.6), widened where the weeks vary more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy import stats

from monitoring.statistics.results import NotEstimable
from monitoring.statistics.silence import dispersion_of

HOURS = 24 * 7
LEAST_WEEKS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedHour:
    """One hour of the week: the mean of the reference's weeks, and the predictive interval of the next one's count."""

    hour: int
    mean: float
    low: int
    high: int
    weeks: int
    level: float


def expected_hours(
    weeks: Sequence[Mapping[int, int]], *, level: float = 0.95
) -> tuple[ExpectedHour, ...] | NotEstimable:
    """Return the 168 hours from Monday midnight; `weeks` are counts by hour of each whole week of the reference."""
    if len(weeks) < LEAST_WEEKS:
        return NotEstimable(f"fewer than {LEAST_WEEKS} whole weeks")
    sums = [sum(week.get(hour, 0) for week in weeks) for hour in range(HOURS)]
    dispersion = weekly_dispersion(weeks)
    return tuple(
        one_hour(hour, sums[hour], weeks=len(weeks), dispersion=dispersion, level=level) for hour in range(HOURS)
    )


def weekly_dispersion(weeks: Sequence[Mapping[int, int]]) -> float:
    """Return how much more the totals of weeks vary than Poisson counts do; 1 where they do not."""
    totals = [sum(week.values()) for week in weeks]
    mean = sum(totals) / len(totals)
    return dispersion_of(totals, [mean] * len(totals)) if mean else 1.0


def one_hour(hour: int, total: int, *, weeks: int, dispersion: float, level: float) -> ExpectedHour:
    shape, rate = total + 0.5, float(weeks)
    mean = shape / rate
    size = mean**2 / (mean**2 / shape + (dispersion - 1) * mean)
    predicted = stats.nbinom(size, size / (size + mean))
    tail = (1 - level) / 2
    return ExpectedHour(
        hour=hour,
        mean=total / weeks,
        low=int(predicted.ppf(tail)),
        high=int(predicted.ppf(1 - tail)),
        weeks=weeks,
        level=level,
    )
