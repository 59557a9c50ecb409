"""What the archive holds against what a deployment logged: every study in one place, so that the places add up.

A study counts once, whatever number of archives hold it. Days are study dates of
the archive, for runs the site's day of acquisition.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from inference.imaging.models import Archive, ArchivedObject, ArchivedStudy
from inference.registry.models import Configuration, Deployment
from inference.results.models import Inference
from inference.studies.models import Study
from monitoring.feeds.eligibility import ELIGIBLE, NOT_ELIGIBLE, UNKNOWN, facts_of, judge
from monitoring.statistics.proportions import wilson
from monitoring.statistics.results import Estimate, NotEstimable

LOGGED, FAILED, MISSED, UNTOLD = "logged", "failed", "missed", "untold"
OTHER, NOT_CLINICAL, NOT_LIVE = "other", "not_clinical", "not_live"
PLACES: dict[str, str] = {
    LOGGED: "logged",
    FAILED: "logged, and every run failed",
    MISSED: "should have been seen, and was not",
    UNTOLD: "not logged, and the header does not tell whether it should have been",
    OTHER: "not meant for the product",
    NOT_CLINICAL: "not clinical",
    NOT_LIVE: "before live use, or not in live use then",
}
RAN = frozenset({"ok", "partial", "rejected_input", "out_of_scope"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedLine:
    """One study of the archive and its place."""

    study: UUID
    day: date | None
    modality: str
    body_part: str
    scanner: str
    place: str
    is_settled: bool
    is_gone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """The studies of a period by place; `coverage` is the share of eligible ones that were logged."""

    lines: tuple[ArchivedLine, ...]
    counts: Counter[str]
    only_logged: int
    coverage: Estimate | NotEstimable

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def completeness_of(deployment: Deployment, *, since: date, until: date) -> Completeness:
    """Return where each study of the archive stands, for study dates from `since` to `until`, both included."""
    statuses = runs_of(deployment, since=since, until=until)
    live = live_times(deployment)
    rows = archived(deployment, since=since, until=until)
    lines = tuple(line_of(row, deployment=deployment, statuses=statuses, live=live) for row in rows)
    counts = Counter(each.place for each in lines)
    seen = counts[LOGGED] + counts[FAILED]
    within = {study for study, days in statuses.items() if any(since <= day <= until for day, _ in days)}
    return Completeness(
        lines=lines,
        counts=counts,
        only_logged=len(within - known_to_archive(deployment, within)),
        coverage=wilson(seen, seen + counts[MISSED]),
    )


def runs_of(deployment: Deployment, *, since: date, until: date) -> dict[UUID, list[tuple[date, str]]]:
    """Return the days and statuses of each study's runs; a margin of days, since clocks and dates differ."""
    zone = ZoneInfo(deployment.site.timezone)
    first = datetime.combine(since - timedelta(days=7), datetime.min.time(), tzinfo=zone)
    last = datetime.combine(until + timedelta(days=8), datetime.min.time(), tzinfo=zone)
    rows = Inference.objects.filter(deployment=deployment, acquired_at__gte=first, acquired_at__lt=last)
    found: dict[UUID, list[tuple[date, str]]] = defaultdict(list)
    for study, at, status in rows.values_list("study_id", "acquired_at", "status").iterator(chunk_size=5_000):
        found[study].append((at.astimezone(zone).date(), status))
    return found


def archived(deployment: Deployment, *, since: date, until: date) -> list[ArchivedStudy]:
    rows = ArchivedStudy.objects.filter(archive__site=deployment.site_id, study_on__gte=since, study_on__lte=until)
    unique = {row.study_id: row for row in rows.select_related("study").order_by("-study_on", "pk").iterator()}
    return list(unique.values())


def known_to_archive(deployment: Deployment, studies: Iterable[UUID]) -> set[UUID]:
    rows = ArchivedStudy.objects.filter(archive__site=deployment.site_id, study_id__in=list(studies))
    return set(rows.values_list("study_id", flat=True))


def live_times(deployment: Deployment) -> list[tuple[date, date]]:
    """Return from which to which day the deployment was in live use."""
    zone = ZoneInfo(deployment.site.timezone)
    rows = list(deployment.configurations.order_by("starts_at"))
    days = [row.starts_at.astimezone(zone).date() for row in rows] + [date.max]
    return [(days[place], days[place + 1]) for place, row in enumerate(rows) if row.mode == Configuration.Mode.LIVE]


def line_of(
    row: ArchivedStudy,
    *,
    deployment: Deployment,
    statuses: dict[UUID, list[tuple[date, str]]],
    live: list[tuple[date, date]],
) -> ArchivedLine:
    study: Study = row.study
    scanner = study.described.get("scanner", {})
    return ArchivedLine(
        study=row.study_id,
        day=row.study_on,
        modality=study.modality or "/".join(row.modalities),
        body_part=study.body_part,
        scanner=" ".join(filter(None, (scanner.get("model"), scanner.get("serial_number")))),
        place=place_of(row, deployment=deployment, statuses=statuses, live=live),
        is_settled=row.settled_at is not None,
        is_gone=row.gone_at is not None,
    )


def place_of(
    row: ArchivedStudy,
    *,
    deployment: Deployment,
    statuses: dict[UUID, list[tuple[date, str]]],
    live: list[tuple[date, date]],
) -> str:
    """Return the one place of a study: a run outweighs every rule."""
    runs = statuses.get(row.study_id)
    if runs:
        return LOGGED if any(status in RAN for _, status in runs) else FAILED
    study: Study = row.study
    if purpose_of(study.described) not in ("", "clinical"):
        return NOT_CLINICAL
    if row.study_on is not None and not any(first <= row.study_on < last for first, last in live):
        return NOT_LIVE
    facts = facts_of(
        modality=study.modality, modalities=row.modalities, body_part=study.body_part, described=study.described
    )
    return {ELIGIBLE: MISSED, NOT_ELIGIBLE: OTHER, UNKNOWN: UNTOLD}[judge(deployment.eligible, facts)]


def purpose_of(described: dict[str, Any]) -> str:
    return str(described.get("study", {}).get("purpose") or described.get("purpose") or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveState:
    """How an archive is followed."""

    url: str
    followed_at: datetime | None
    compared_at: datetime | None
    comparing: str
    behind: int
    last_error: str
    unsettled: int
    not_understood: int


def archives_of(site: str) -> list[ArchiveState]:
    found = []
    for each in Archive.objects.filter(site=site).order_by("pk"):
        comparing = f"slice {each.next_slice} of {each.slices}" if each.compare_began_at else ""
        objects = ArchivedObject.objects.filter(archived__archive=each, is_in=False)
        found.append(
            ArchiveState(
                url=each.url,
                followed_at=each.followed_at,
                compared_at=each.compared_at,
                comparing=comparing,
                behind=each.behind,
                last_error=each.last_error,
                unsettled=each.studies.filter(settled_at=None).count(),
                not_understood=objects.count(),
            )
        )
    return found
