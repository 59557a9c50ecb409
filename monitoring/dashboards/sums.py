"""The figures of many deployments at once, from the months of their sums that a window touches.

What sums cannot give (measurements, times) is taken from the case rows of the
deployments that need it, in one query.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Q

from inference.registry.models import Finding
from inference.registry.vocabulary import DEFAULT_RULE
from monitoring.cases.models import Case
from monitoring.performance import parts
from monitoring.performance.gathering import ROW
from monitoring.performance.metrics import BINARY, Setting, figure
from monitoring.performance.questions import Figure
from monitoring.performance.rolled import cases_within
from monitoring.performance.samples import SampleRow, sample_of
from monitoring.rollups.binning import scale_of
from monitoring.rollups.columns import days
from monitoring.rollups.queries import Month, inside, months_with_cases
from monitoring.rollups.queries import Wanted as Months


@dataclass(slots=True)
class Watched:
    """What one deployment logged of one finding: its months within a window, and how many each day."""

    months: list[Month] = field(default_factory=list)
    by_day: dict[date, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which finding of which deployment, and which metrics of it."""

    deployment: str
    finding: Finding
    metrics: tuple[str, ...]


def watched(wanted: Iterable[Wanted], *, since: date, until: date) -> dict[str, Watched]:
    """Return the months that hold the days from `since` to before `until`, by deployment, in one query."""
    findings = {each.deployment: each.finding.key for each in wanted}
    asked = Months(deployments=list(findings), findings=set(findings.values()), since=since, until=until)
    found: dict[str, Watched] = {key: Watched() for key in findings}
    for month in months_with_cases(asked):
        if findings[month.deployment] == month.finding:
            into = found[month.deployment]
            into.months.append(month)
            add_days(month, asked=asked, into=into.by_day)
    return found


def add_days(month: Month, *, asked: Months, into: dict[date, int]) -> None:
    counts = Counter(days(month.columns.codes).tolist())
    for by_day in month.excluded.values():
        counts.update({int(day): number for day, number in by_day.items()})
    for day, number in counts.items():
        at = month.first + timedelta(days=day)
        if inside(at, asked):
            into[at] += number


def figures_of(
    wanted: Iterable[Wanted], found: Mapping[str, Watched], *, since: date, until: date
) -> dict[str, dict[str, Figure]]:
    """Return the figures wanted, by deployment and metric."""
    wanted = list(wanted)
    exact = samples_of([each for each in wanted if not is_binary(each)], since=since, until=until)
    return {
        each.deployment: rolled(each, found[each.deployment], since=since, until=until)
        if is_binary(each)
        else exact_figures(each, exact[each.deployment])
        for each in wanted
    }


def is_binary(wanted: Wanted) -> bool:
    return set(wanted.metrics) <= set(BINARY)


def rolled(wanted: Wanted, found: Watched, *, since: date, until: date) -> dict[str, Figure]:
    finding = wanted.finding
    asked = Months(deployments=[wanted.deployment], findings=[finding.key], since=since, until=until)
    scale = scale_of(finding.scale, tuple(finding.range) if finding.range else None)
    part = cases_within(found.months, asked, scale=scale)
    return {each.metric: each for each in parts.figures_of(part, wanted.metrics, slice={}, kind=finding.kind)}


def exact_figures(wanted: Wanted, rows: list[SampleRow]) -> dict[str, Figure]:
    setting = Setting(kind=wanted.finding.kind, classes=tuple(wanted.finding.classes))
    sample = sample_of(rows)
    return {metric: figure(metric, sample, setting=setting, slice={}) for metric in wanted.metrics}


def samples_of(wanted: list[Wanted], *, since: date, until: date) -> dict[str, list[SampleRow]]:
    """Return the counted cases of these deployments."""
    if not wanted:
        return {}
    counted = Case.objects.filter(
        named(wanted), rule=DEFAULT_RULE, excluded="", acquired_on__gte=since, acquired_on__lt=until
    )
    found: dict[str, list[SampleRow]] = {each.deployment: [] for each in wanted}
    for deployment, *row in counted.values_list("deployment_id", *ROW):
        found[deployment].append(SampleRow(*row))
    return found


def named(wanted: list[Wanted]) -> Q:
    reach = Q(pk=None)
    for each in wanted:
        reach |= Q(deployment_id=each.deployment, finding=each.finding.key)
    return reach


def last_days(found: Watched, *, until: date, days: int) -> list[int]:
    """Return how many were logged on each of the last days before `until`."""
    return [found.by_day.get(until - timedelta(days=back), 0) for back in range(days, 0, -1)]
