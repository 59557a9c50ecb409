"""The figures of many deployments at once, from their daily sums: the cost of a page is days × cells.

What sums cannot give (patients who come again, measurements, times) is taken
from the case rows of the deployments that need it, in one query.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Count, Q

from inference.registry.models import Finding
from inference.registry.vocabulary import DEFAULT_RULE
from monitoring.cases.models import Case
from monitoring.performance.gathering import ROW
from monitoring.performance.metrics import BINARY, Setting, figure
from monitoring.performance.questions import Figure
from monitoring.performance.rolled import Sums, add_counts, rolled_figure
from monitoring.performance.samples import SampleRow, sample_of
from monitoring.rollups.binning import scale_of
from monitoring.rollups.models import DailySum


@dataclass(slots=True)
class Watched:
    """What one deployment logged of one finding: sums of a window, and how many each day."""

    sums: Sums = field(default_factory=Sums)
    excluded: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    by_day: dict[date, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which finding of which deployment, and which metrics of it."""

    deployment: str
    finding: Finding
    metrics: tuple[str, ...]


def watched(wanted: Iterable[Wanted], *, since: date, until: date) -> dict[str, Watched]:
    """Return the sums of the days from `since` to before `until`, by deployment, in one query."""
    findings = {each.deployment: each.finding.key for each in wanted}
    rows = DailySum.objects.filter(
        deployment_id__in=list(findings), finding__in=set(findings.values()), rule=DEFAULT_RULE, dimension=""
    )
    found: dict[str, Watched] = {key: Watched() for key in findings}
    inside = rows.filter(day__gte=since, day__lt=until)
    for deployment, finding, day, counts in inside.values_list("deployment_id", "finding", "day", "counts"):
        if findings[deployment] == finding:
            add_day(found[deployment], day=day, counts=counts)
    return found


def add_day(into: Watched, *, day: date, counts: Mapping[str, int]) -> None:
    rolled = Rolled(slices={"": into.sums}, excluded=into.excluded)
    add_counts(counts, value="", found=rolled)  # type: ignore[arg-type]
    into.by_day[day] += sum(counts.values())


@dataclass(slots=True)
class Rolled:
    slices: dict[str, Sums]
    excluded: dict[str, int]


def figures_of(
    wanted: Iterable[Wanted], found: Mapping[str, Watched], *, since: date, until: date
) -> dict[str, dict[str, Figure]]:
    """Return the figures wanted, by deployment and metric."""
    wanted = list(wanted)
    exact = samples_of(wanted, since=since, until=until)
    return {
        each.deployment: {
            metric: figure_of(metric, each, found[each.deployment], rows=exact.get(each.deployment))
            for metric in each.metrics
        }
        for each in wanted
    }


def figure_of(metric: str, wanted: Wanted, found: Watched, *, rows: list[SampleRow] | None) -> Figure:
    finding = wanted.finding
    if rows is None and metric in BINARY:
        scale = scale_of(finding.scale, tuple(finding.range) if finding.range else None)
        return rolled_figure(metric, found.sums, scale=scale, slice={}, kind=finding.kind)
    setting = Setting(kind=finding.kind, classes=tuple(finding.classes))
    return figure(metric, sample_of(rows or []), setting=setting, slice={})


def samples_of(wanted: list[Wanted], *, since: date, until: date) -> dict[str, list[SampleRow]]:
    """Return the counted cases of the deployments whose sums do not say enough."""
    counted = Case.objects.filter(
        named(wanted), rule=DEFAULT_RULE, excluded="", acquired_on__gte=since, acquired_on__lt=until
    )
    people = counted.values_list("deployment_id").annotate(cases=Count("id"), persons=Count("person_id", distinct=True))
    needed = {key for key, cases, persons in people if cases > persons}
    needed |= {each.deployment for each in wanted if not set(each.metrics) <= set(BINARY)}
    found: dict[str, list[SampleRow]] = {key: [] for key in needed}
    for deployment, *row in counted.filter(deployment_id__in=needed).values_list("deployment_id", *ROW):
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
