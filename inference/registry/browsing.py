"""What a visitor sees of the registry, type by type. What is out of reach does not exist for them.

Vocabulary (concepts, truth rules) is everybody's; everything else follows the
sites and products within reach.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from audit.access.decisions import NotVisibleError, Scope, Visitor
from audit.access.models import User
from inference.registry.models import (
    Claim,
    Concept,
    Configuration,
    Deployment,
    Finding,
    Market,
    Organisation,
    Product,
    Registration,
    Scanner,
    Sharing,
    Site,
    TruthRule,
    Version,
)
from inference.registry.visibility import scope_of, visible_deployments, visible_products, visible_sites

SEE = "see_registry"
LONGEST_LIST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What one visitor sees at one moment."""

    user: Visitor
    scope: Scope
    now: datetime

    @property
    def own_organisations(self) -> set[str]:
        grants = self.user.live_grants if isinstance(self.user, User) else []
        return {grant.organisation for grant in grants if grant.organisation}

    def products(self) -> QuerySet[Product]:
        return visible_products(self.user, SEE, now=self.now)

    def sites(self) -> QuerySet[Site]:
        return visible_sites(self.user, SEE, now=self.now)

    def deployments(self) -> QuerySet[Deployment]:
        return visible_deployments(self.user, SEE, now=self.now)

    def organisations(self) -> QuerySet[Organisation]:
        if self.scope.is_everything:
            return Organisation.objects.order_by("kind", "key")
        near = Q(sites__in=self.sites()) | Q(products__in=self.products()) | Q(pk__in=self.own_organisations)
        return Organisation.objects.filter(near).distinct().order_by("kind", "key")

    def own_sites(self) -> list[str]:
        """Return the sites reached as a whole, not only for a product that they share."""
        sites = self.sites().values_list("organisation_id", "pk")
        return [key for organisation, key in sites if self.scope.covers(organisation=organisation, site=key)]

    def own_logs(self) -> set[str]:
        """Return the organisations whose actors the visitor may read: who acts elsewhere is that house's affair."""
        if self.scope.is_everything:
            return set(Organisation.objects.values_list("pk", flat=True)) | {""}
        sites = Site.objects.filter(pk__in=self.own_sites())
        return self.own_organisations | set(sites.values_list("organisation_id", flat=True))

    def scanners(self) -> QuerySet[Scanner]:
        return Scanner.objects.filter(site__in=self.own_sites()).select_related("site").order_by("site", "key")

    def sharing(self) -> QuerySet[Sharing]:
        near = Q(site__in=self.own_sites()) | Q(to__in=self.own_organisations)
        return Sharing.objects.filter(near).select_related("site", "product", "to").order_by("site", "product", "to")


def reach_of(user: Visitor, *, now: datetime) -> Reach:
    return Reach(user=user, scope=scope_of(user, SEE, now=now), now=now)


Listing = Callable[[Reach], QuerySet[Any]]

LISTINGS: Mapping[str, Listing] = {
    "organisation": lambda reach: reach.organisations(),
    "site": lambda reach: reach.sites().select_related("organisation"),
    "scanner": lambda reach: reach.scanners(),
    "product": lambda reach: reach.products().select_related("manufacturer").prefetch_related("markets"),
    "version": lambda reach: (
        Version.objects.filter(product__in=reach.products())
        .select_related("product")
        .order_by("product", "-registered_at", "-id")
    ),
    "finding": lambda reach: (
        Finding.objects.filter(product__in=reach.products())
        .select_related("product", "concept")
        .order_by("product", "key")
    ),
    "deployment": lambda reach: reach.deployments().prefetch_related(in_order()),
    "concept": lambda reach: Concept.objects.order_by("key"),
    "truth_rule": lambda reach: TruthRule.objects.order_by("key"),
    "sharing": lambda reach: reach.sharing(),
}


def in_order() -> Any:
    """Return the prefetch that gives each deployment its configurations as `dated`, the latest last."""
    configurations = Configuration.objects.select_related("version").order_by("starts_at")
    return Prefetch("configurations", queryset=configurations, to_attr="dated")


def get_item(reach: Reach, *, kind: str, key: str) -> Any:
    """Return one line of the registry, or raise NotVisibleError: not there and not yours look the same."""
    if kind not in LISTINGS or kind == "sharing":
        raise NotVisibleError
    listed = LISTINGS[kind](reach)
    product, _, name = key.partition("/")
    identity = {"version": {"product": product, "version": name}, "finding": {"product": product, "key": name}}
    found = listed.filter(**identity.get(kind, {"pk": key})).first()
    if found is None:
        raise NotVisibleError
    return found


HISTORIES: Mapping[str, tuple[str, ...]] = {
    "product": ("market", "finding", "version", "claim"),
    "deployment": ("configuration",),
}


def history_of_item(reach: Reach, *, kind: str, key: str) -> QuerySet[Registration]:
    """Return the registrations of a line and of what belongs to it, the latest first.

    A line that stands in two logs is listed once for each. How a site names its
    patients and sorts its studies is said there too: only to whom the whole site is open.
    """
    if kind == "site" and key not in reach.own_sites():
        return Registration.objects.none()
    near = Q(subject=f"{kind}/{key}")
    for part in HISTORIES.get(kind, ()):
        near |= Q(subject__startswith=f"{part}/{key}/")
    return Registration.objects.filter(near).select_related("entry").order_by("-id")


def markets_of(product: Product) -> QuerySet[Market]:
    return product.markets.order_by("market")


def claims_of(product: Product) -> QuerySet[Claim]:
    return product.claims.select_related("truth_rule").order_by("finding", "metric", "market")
