"""What came in and what waits: counts per deployment and per site, and the rows set aside within a user's reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from audit.access.decisions import NotVisibleError, Scope, Visitor
from inference.connectors.kinds import KINDS
from inference.connectors.models import Repair
from inference.intake.models import SetAside
from inference.registry.models import Deployment, Site
from inference.registry.visibility import scope_of, visible_deployments, visible_sites
from inference.results.models import Inference

WEEK = timedelta(days=7)
DAY = timedelta(days=1)
OF_A_SITE = ("events", "reads", "responses", "truth", "corrections")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """How rows of one kind arrive at one place."""

    plural: str
    site: Site
    deployment: Deployment | None = None
    last_received: datetime | None = None
    day: int = 0
    week: int = 0
    flagged: int = 0
    quarantined: int = 0
    conflicts: int = 0


def feeds_of(user: Visitor, *, site: str = "", now: datetime) -> list[Feed]:
    """Return the feeds within reach: inferences by deployment, the other facts by site."""
    deployments = visible_deployments(user, "see_intake", now=now).select_related("site")
    sites = visible_sites(user, "see_intake", now=now)
    if site:
        deployments, sites = deployments.filter(site=site), sites.filter(pk=site)
    listed = list(sites)
    return inference_feeds(deployments, now=now) + unnamed_feeds(listed) + site_feeds(listed, now=now)


def inference_feeds(deployments: QuerySet[Deployment], *, now: datetime) -> list[Feed]:
    latest = Inference.objects.filter(deployment=OuterRef("pk")).order_by("-received_at").values("received_at")[:1]
    listed = list(deployments.annotate(last_received=Subquery(latest)))
    recent = Inference.objects.filter(deployment__in=listed, received_at__gte=now - WEEK)
    counts = counted(recent, by="deployment", now=now)
    waiting = waiting_by(SetAside.objects.filter(deployment__in=listed, kind="inference"), by="deployment")
    return [
        Feed(
            plural="inferences",
            site=each.site,
            deployment=each,
            last_received=each.last_received,
            **counts.get(each.pk, {}),
            **waiting.get(each.pk, {}),
        )
        for each in listed
    ]


def unnamed_feeds(sites: Sequence[Site]) -> list[Feed]:
    """Return the inferences set aside that name no deployment of their site, where there are any."""
    waiting = waiting_by(SetAside.objects.filter(site__in=sites, kind="inference", deployment=None), by="site")
    return [Feed(plural="inferences", site=site, **waiting[site.pk]) for site in sites if site.pk in waiting]


def site_feeds(sites: Sequence[Site], *, now: datetime) -> list[Feed]:
    feeds: list[Feed] = []
    for plural in OF_A_SITE:
        table: Any = KINDS[plural].table
        latest = table.objects.filter(site=OuterRef("pk")).order_by("-id").values("received_at")[:1]
        keys = [site.pk for site in sites]
        last = dict(Site.objects.filter(pk__in=keys).annotate(last=Subquery(latest)).values_list("pk", "last"))
        counts = counted(table.objects.filter(site__in=sites, received_at__gte=now - WEEK), by="site", now=now)
        waiting = waiting_by(SetAside.objects.filter(site__in=sites, kind=KINDS[plural].name), by="site")
        feeds.extend(
            Feed(
                plural=plural,
                site=site,
                last_received=last.get(site.pk),
                **counts.get(site.pk, {}),
                **waiting.get(site.pk, {}),
            )
            for site in sites
        )
    return sorted(feeds, key=lambda feed: feed.site.pk)


def counted(facts: QuerySet[Any], *, by: str, now: datetime) -> Mapping[str, dict[str, Any]]:
    rows = facts.values_list(by).annotate(
        week=Count("id"),
        day=Count("id", filter=Q(received_at__gte=now - DAY)),
        flagged=Count("id", filter=~Q(flags=[])),
    )
    return {key: {"week": week, "day": day, "flagged": flagged} for key, week, day, flagged in rows}


def waiting_by(rows: QuerySet[SetAside], *, by: str) -> Mapping[str, dict[str, Any]]:
    waiting = rows.filter(state=SetAside.State.WAITING).values_list(by)
    counts = waiting.annotate(
        quarantined=Count("id", filter=Q(outcome=SetAside.Outcome.QUARANTINED)),
        conflicts=Count("id", filter=Q(outcome=SetAside.Outcome.CONFLICT)),
    )
    return {key: {"quarantined": quarantined, "conflicts": conflicts} for key, quarantined, conflicts in counts}


def flags_of_week(user: Visitor, *, site: str = "", now: datetime) -> list[tuple[str, str, int]]:
    """Return (deployment, flag, count) of the inferences of the last seven days that carry a flag."""
    deployments = visible_deployments(user, "see_intake", now=now)
    if site:
        deployments = deployments.filter(site=site)
    recent = Inference.objects.filter(deployment__in=deployments, received_at__gte=now - WEEK).exclude(flags=[])
    sums: dict[tuple[str, str], int] = {}
    for deployment, flags, count in recent.values_list("deployment", "flags").annotate(count=Count("id")):
        for flag in flags:
            sums[(deployment, flag)] = sums.get((deployment, flag), 0) + count
    return sorted((deployment, flag, count) for (deployment, flag), count in sums.items())


def set_aside_within(user: Visitor, action: str, *, now: datetime) -> QuerySet[SetAside]:
    """Return the rows set aside within reach; a right bound to a product reaches those of its deployments."""
    reach = reach_of(scope_of(user, action, now=now))
    rows = SetAside.objects.filter(reach).select_related("site", "deployment")
    return rows.order_by("-received_at", "-id")


def reach_of(scope: Scope) -> Q:
    reach = Q(pk=None)
    for bound in scope.bounds:
        named = {
            "site__organisation": bound.organisation,
            "site": bound.site,
            "deployment__product": bound.product,
        }
        reach |= Q(**{name: key for name, key in named.items() if key}) if any(named.values()) else Q(pk__gt=0)
    return reach


def get_set_aside_for(user: Visitor, action: str, pk: int, *, now: datetime) -> SetAside:
    found = set_aside_within(user, action, now=now).filter(pk=pk).first()
    if found is None:
        raise NotVisibleError
    return found


def get_repair_for(user: Visitor, pk: int, *, now: datetime) -> Repair:
    """Return a repair of rows that this user reaches; it holds no content."""
    found = Repair.objects.select_related("site").filter(pk=pk).first()
    if found is None or not repair_rows(user, found, now=now).exists():
        raise NotVisibleError
    return found


def repair_rows(user: Visitor, repair: Repair, *, now: datetime) -> QuerySet[SetAside]:
    within = set_aside_within(user, "see_quarantine", now=now)
    return within.filter(site=repair.site_id, kind=repair.kind, outcome=repair.outcome, pk__lte=repair.last)
