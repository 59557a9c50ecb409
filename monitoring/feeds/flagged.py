"""Stored rows that carry a flag: how many by flag and kind, and the rows themselves, within a user's reach."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import Count, F, Func, Q, QuerySet, TextField

from audit.access.decisions import Visitor
from inference.corrections.models import Correction
from inference.corrections.persons import withheld_rows
from inference.events.models import Event
from inference.reads.models import Read, Response
from inference.registry.models import Deployment, Site
from inference.registry.visibility import scope_of, visible_deployments
from inference.results.models import Inference
from inference.truth.models import Truth

SEE = "see_flagged"
TABLES: Mapping[str, Any] = {
    "inference": Inference, "event": Event, "read": Read, "response": Response, "truth": Truth,
    "correction": Correction,
}  # fmt: skip
PERIOD_DAYS = 28
# The flags of a row without the field that some name after a colon, each once.
NAMES = Func(
    F("flags"),
    template="ARRAY(SELECT DISTINCT split_part(each, ':', 1)::text FROM unnest(%(expressions)s) AS each)",
    output_field=ArrayField(TextField()),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whose rows may be shown: runs by their deployment, other facts only where the whole site is within reach.

    `withheld` are the rows of patients who opted out, for whoever reaches a product alone.
    """

    deployments: tuple[Deployment, ...]
    sites: tuple[Site, ...]
    withheld: Q


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which rows are asked for; `since` is inclusive and `until` exclusive, by when a row was received."""

    kind: str
    since: datetime
    until: datetime
    flag: str = ""
    site: str = ""
    deployment: str = ""


def reach_of(user: Visitor, *, now: datetime) -> Reach:
    scope = scope_of(user, SEE, now=now)
    sites = Site.objects.order_by("key")
    deployments = tuple(visible_deployments(user, SEE, now=now))
    return Reach(
        deployments=deployments,
        withheld=withheld_rows(scope, deployments, by=now),
        sites=tuple(each for each in sites if scope.covers(organisation=each.organisation_id, site=each.pk)),
    )


def flagged_rows(asked: Asked, *, reach: Reach) -> QuerySet[Any]:
    """Return the flagged rows of one kind, the latest first."""
    table = TABLES[asked.kind]
    rows = table.objects.filter(received_at__gte=asked.since, received_at__lt=asked.until).exclude(flags=[])
    if asked.kind == "inference":
        rows = rows.filter(deployment__in=[each.pk for each in reach.deployments]).exclude(reach.withheld)
    else:
        rows = rows.filter(site__in=[each.pk for each in reach.sites])
    if asked.site:
        rows = rows.filter(site=asked.site)
    if asked.deployment:
        rows = rows.filter(deployment=asked.deployment) if has_deployment(asked.kind) else rows.none()
    if asked.flag:
        rows = rows.annotate(flag_names=NAMES).filter(flag_names__contains=[asked.flag])
    return rows.order_by("-received_at", "-pk")


def has_deployment(kind: str) -> bool:
    return kind in ("inference", "event", "response")


def counts_of(asked: Asked, *, reach: Reach) -> dict[str, dict[str, int]]:
    """Return {flag: {kind: rows}} of the period, whatever kind and flag are asked for."""
    found: dict[str, dict[str, int]] = {}
    for kind in TABLES:
        rows = flagged_rows(replace(asked, kind=kind, flag=""), reach=reach).order_by()
        named = rows.values_list(Func(NAMES, function="unnest")).annotate(rows=Count("pk"))
        for flag, count in named:
            found.setdefault(flag, {})[kind] = count
    return found
