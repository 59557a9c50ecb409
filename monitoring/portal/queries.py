"""What was shared with a regulator: under which basis, how deep, from when until when, and what lies within it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from audit.access.decisions import NotVisibleError, Scope, User, Visitor
from audit.log.models import Entry
from inference.registry.deploying import moment
from inference.registry.models import Configuration, Deployment, Organisation, Product, Registration, Sharing, Version
from inference.registry.visibility import get_product_for, scope_of, visible_deployments

SEE = "see_portal"
BODIES = (Organisation.Kind.REGULATOR, Organisation.Kind.NOTIFIED_BODY)
BY_GRANT = "right given by the operator of this installation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One thing that was shared: how deep, on which legal basis, and until when (None: until it is ended)."""

    organisation: str
    site: str
    product: str
    level: str
    minimum_count: int
    basis: str
    since: datetime
    until: datetime | None
    zone: str = ""
    entry: Entry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Everything within one regulator's reach: their deployments, and how deep they see each."""

    user: Visitor
    scope: Scope
    deployments: tuple[Deployment, ...]
    now: datetime

    @property
    def organisations(self) -> list[str]:
        """The providers whose sites are within reach: each has its own log."""
        return sorted({each.site.organisation_id for each in self.deployments})

    @property
    def products(self) -> list[Product]:
        return list({each.product_id: each.product for each in self.deployments}.values())

    def of(self, product: str) -> tuple[Deployment, ...]:
        return tuple(each for each in self.deployments if each.product_id == product)

    def minimum_count(self, deployment: Deployment) -> int:
        return self.scope.minimum_count_at(
            organisation=deployment.site.organisation_id, site=deployment.site_id, product=deployment.product_id
        )

    def least(self, product: str) -> int:
        """Return the smallest count that may be shown of all deployments of a product together."""
        return max((self.minimum_count(each) for each in self.of(product)), default=0)


def own_organisation(user: Visitor) -> str:
    """Return the regulator or notified body that a user is of; empty where their rights name providers alone."""
    named = [grant.organisation for grant in grants_of(user) if grant.organisation]
    bodies = Organisation.objects.filter(pk__in=named, kind__in=BODIES).values_list("pk", flat=True)
    found = set(bodies) if named else set()
    return next((each for each in named if each in found), "")


def portal_reach(user: Visitor, *, now: datetime) -> Reach:
    found = visible_deployments(user, SEE, now=now).select_related("product__manufacturer", "site__organisation")
    return Reach(user=user, scope=scope_of(user, SEE, now=now), deployments=tuple(found), now=now)


def product_for(reach: Reach, key: str) -> Product:
    """Return a product that runs within reach, or raise NotVisibleError."""
    product = get_product_for(reach.user, SEE, key, now=reach.now)
    if not reach.of(key):
        raise NotVisibleError
    return product


def terms_of(reach: Reach, *, product: str = "") -> list[Term]:
    """Return what was shared, by agreement and by grant; each with the entry that says so where there is one."""
    found = [*agreed_terms(reach), *granted_terms(reach)]
    return [each for each in found if product in ("", each.product) or not each.product]


def agreed_terms(reach: Reach) -> list[Term]:
    homes = {each.organisation for each in grants_of(reach.user) if each.organisation}
    lines = Sharing.objects.filter(to__in=homes).select_related("site").order_by("site", "product", "to", "starts_at")
    grouped: dict[tuple[str, str, str], list[Sharing]] = {}
    for line in lines:
        grouped.setdefault((line.site_id, line.product_id, line.to_id), []).append(line)
    reached = {(each.site_id, each.product_id) for each in reach.deployments}
    live = [pair for each in grouped.values() for pair in [in_force(each, now=reach.now)] if pair]
    shown = [(line, until) for line, until in live if (line.site_id, line.product_id) in reached]
    entries = entries_of_registrations(subject_of(line) for line, _ in shown)
    return [term_of(line, until=until, entries=entries) for line, until in shown]


def in_force(lines: list[Sharing], *, now: datetime) -> tuple[Sharing, datetime | None] | None:
    """Return the agreement in force among the lines of one site, product and recipient, and when it ends."""
    for line, following in pairwise([*lines, None]):
        if line is None or line.starts_at > now or line.level == Sharing.Level.NONE:
            continue
        if following is None or following.starts_at > now:
            return line, following.starts_at if following else None
    return None


def term_of(line: Sharing, *, until: datetime | None, entries: Mapping[tuple[str, str], Entry]) -> Term:
    provider = line.site.organisation_id
    return Term(
        organisation=provider,
        site=line.site_id,
        product=line.product_id,
        level=line.level,
        minimum_count=line.minimum_count,
        basis=line.legal_basis or "none stated",
        since=line.starts_at,
        until=until,
        zone=line.site.timezone,
        entry=entries.get((provider, subject_of(line))),
    )


def subject_of(line: Sharing) -> str:
    return f"sharing/{line.site_id}/{line.product_id}/{line.to_id}/{moment(line.starts_at)}"


def granted_terms(reach: Reach) -> list[Term]:
    """Return the grants that reach by themselves, whatever anybody agreed."""
    direct = [each for each in reach.scope.bounds if not each.minimum_count]
    return [
        Term(
            organisation=grant.organisation,
            site=grant.site,
            product=grant.product,
            level=grant.level,
            minimum_count=0,
            basis=BY_GRANT,
            since=grant.created_at,
            until=grant.expires_at,
        )
        for grant in grants_of(reach.user)
        if any((b.organisation, b.site, b.product) == (grant.organisation, grant.site, grant.product) for b in direct)
        and any(covers(grant, each) for each in reach.deployments)
    ]


def grants_of(user: Visitor) -> list:  # type: ignore[type-arg]
    return user.live_grants if isinstance(user, User) else []


def covers(grant: object, deployment: Deployment) -> bool:
    named = {
        "organisation": deployment.site.organisation_id,
        "site": deployment.site_id,
        "product": deployment.product_id,
    }
    return all(getattr(grant, name) in ("", value) for name, value in named.items())


# What is registered of a product, with its entries.


def entries_of_registrations(subjects: Iterable[str]) -> dict[tuple[str, str], Entry]:
    """Return the last entry of each line of the registry, by log and subject."""
    found = Registration.objects.filter(subject__in=list(subjects)).select_related("entry").order_by("id")
    return {(each.organisation, each.subject): each.entry for each in found}


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What a deployment ran with, from when until when."""

    configuration: Configuration
    until: datetime | None
    entry: Entry | None


def configurations_of(deployments: Iterable[Deployment]) -> list[InForce]:
    """Return the configurations of these deployments over time, each until the next one starts."""
    found = Configuration.objects.filter(deployment__in=list(deployments)).order_by("deployment_id", "starts_at")
    rows = list(found.select_related("version", "deployment__site"))
    subjects = {row.pk: f"configuration/{row.deployment_id}/{moment(row.starts_at)}" for row in rows}
    entries = entries_of_registrations(subjects.values())
    return [
        InForce(
            configuration=row,
            until=after.starts_at if after is not None and after.deployment_id == row.deployment_id else None,
            entry=entries.get((row.deployment.site.organisation_id, subjects[row.pk])),
        )
        for row, after in pairwise([*rows, None])
        if row is not None
    ]


def versions_of(product: Product) -> list[tuple[Version, Entry | None]]:
    """Return the registered versions with the entry of each, whichever log holds it."""
    rows = list(product.versions.order_by("id"))
    found = entries_of_registrations(f"version/{product.pk}/{row.version}" for row in rows)
    by_subject = {subject: entry for (_, subject), entry in found.items()}
    return [(row, by_subject.get(f"version/{product.pk}/{row.version}")) for row in rows]
