"""What a visitor sees of a product's claims: the deployments within reach by organisation, and what may be shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from audit.access.decisions import NotVisibleError, Scope, Visitor, may, scope_for
from inference.registry.models import Claim, Deployment, Product
from inference.registry.visibility import get_product_for, scope_of, visible_deployments
from monitoring.claims.queries import claims_of

SEE, SWITCH = "see_aggregates", "switch_claim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """One product as far as one visitor may see it: its deployments by organisation."""

    user: Visitor
    product: Product
    deployments: Mapping[str, tuple[Deployment, ...]]
    scope: Scope
    now: datetime

    def keys(self, organisation: str) -> list[str]:
        return [each.pk for each in self.deployments.get(organisation, ())]

    def name(self, organisation: str) -> str:
        return str(self.deployments[organisation][0].site.organisation)

    def minimum_count(self, organisation: str) -> int:
        """Return the smallest count that may be shown of these deployments together."""
        return max(
            (
                self.scope.minimum_count_at(organisation=organisation, site=each.site_id, product=each.product_id)
                for each in self.deployments.get(organisation, ())
            ),
            default=0,
        )

    def may_switch(self, organisation: str) -> bool:
        """Return whether the visitor answers for the whole organisation: a switch holds at all of its sites."""
        return scope_for(self.user, SWITCH).covers(organisation=organisation, product=self.product.pk)


def reach_of(user: Visitor, key: str, *, now: datetime) -> Reach:
    """Return a product as the visitor may see it, or raise NotVisibleError."""
    product = get_product_for(user, SEE, key, now=now)
    grouped: dict[str, list[Deployment]] = defaultdict(list)
    found = visible_deployments(user, SEE, now=now).filter(product=product)
    for each in found.select_related("product", "site", "site__organisation"):
        grouped[each.site.organisation_id].append(each)
    return Reach(
        user=user,
        product=product,
        deployments={name: tuple(each) for name, each in grouped.items()},
        scope=scope_of(user, SEE, now=now),
        now=now,
    )


def claim_for(reach: Reach, pk: int) -> Claim:
    found = claims_of(reach.product.pk).filter(pk=pk).first()
    if found is None:
        raise NotVisibleError
    return found


def organisation_for(reach: Reach, asked: str) -> str:
    """Return the organisation asked for where it is within reach, else the first there is; empty where none is."""
    if asked and asked not in reach.deployments:
        raise NotVisibleError
    return asked or next(iter(sorted(reach.deployments)), "")


def require_switch(reach: Reach, organisation: str) -> None:
    """Raise NotVisibleError unless the visitor may switch claims of this organisation."""
    if not may(reach.user, SWITCH) or not reach.may_switch(organisation):
        raise NotVisibleError
