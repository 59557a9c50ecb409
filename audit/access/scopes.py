"""How far a right reaches: organisations, sites, products, and what an agreement lets a recipient see.

Plain values in and out. Which user holds which right is decided in
audit.access.decisions; which agreements are in force, in inference.registry.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum


class Depth(IntEnum):
    """How deep somebody may look: sums, single cases, pixels. Each includes the one before."""

    NONE = 0
    AGGREGATE = 1
    ROWS = 2
    IMAGES = 3


def depth_of(level: str) -> Depth:
    """Return the depth that a level's key names (`none`, `aggregate`, `rows`, `images`)."""
    return Depth[level.upper()]


def effective_level(*, grant: str, sharing: str) -> str:
    """Return the shallower of what the user was granted and what the agreement gives."""
    return min(depth_of(grant), depth_of(sharing)).name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """One agreement in force: what a site lets the organisation `to` see of a product."""

    to: str
    site: str
    product: str
    level: str
    minimum_count: int = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One reach of a right. An empty key means any; counts from 1 to below `minimum_count` stay hidden."""

    organisation: str = ""
    site: str = ""
    product: str = ""
    level: str = "images"
    minimum_count: int = 0

    def covers(self, *, organisation: str, site: str, product: str) -> bool:
        return self.organisation in ("", organisation) and self.site in ("", site) and self.product in ("", product)

    def touches(self, *, organisation: str, site: str, product: str) -> bool:
        return self.covers(
            organisation=organisation or self.organisation, site=site or self.site, product=product or self.product
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Everything one right of one user reaches: the union of its bounds."""

    bounds: tuple[Bound, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.bounds)

    @property
    def is_everything(self) -> bool:
        return any(not (bound.organisation or bound.site or bound.product) for bound in self.bounds)

    def covers(self, *, organisation: str, site: str = "", product: str = "") -> bool:
        """Return whether a thing with exactly these keys is within reach; an empty key is no joker."""
        return any(bound.covers(organisation=organisation, site=site, product=product) for bound in self.bounds)

    def touches(self, *, organisation: str = "", site: str = "", product: str = "") -> bool:
        """Return whether something with these keys could be within reach; an empty key stands for any."""
        return any(bound.touches(organisation=organisation, site=site, product=product) for bound in self.bounds)

    def level_at(self, *, organisation: str, site: str, product: str) -> str:
        """Return the deepest level that applies to a thing, `none` when it is out of reach."""
        return max(
            (depth_of(bound.level) for bound in self._at(organisation, site, product)), default=Depth.NONE
        ).name.lower()

    def minimum_count_at(self, *, organisation: str, site: str, product: str) -> int:
        """Return the smallest count that may be shown of a thing: the most generous bound decides."""
        return min((bound.minimum_count for bound in self._at(organisation, site, product)), default=0)

    def _at(self, organisation: str, site: str, product: str) -> list[Bound]:
        return [b for b in self.bounds if b.covers(organisation=organisation, site=site, product=product)]


def with_sharing(scope: Scope, *, sharing: Iterable[Shared]) -> Scope:
    """Return the scope widened by what others share with the organisations that its bounds name.

    A grant bound to a product of the manufacturer is widened for that product only;
    one bound to a site of the recipient reaches nothing shared from elsewhere.
    """
    agreements = tuple(sharing)
    received = tuple(
        _shared_bound(bound, agreement=agreement)
        for bound in scope.bounds
        for agreement in agreements
        if bound.organisation == agreement.to and not bound.site and bound.product in ("", agreement.product)
    )
    return Scope(bounds=scope.bounds + tuple(bound for bound in received if bound.level != "none"))


def _shared_bound(bound: Bound, *, agreement: Shared) -> Bound:
    level = effective_level(grant=bound.level, sharing=agreement.level)
    return Bound(site=agreement.site, product=agreement.product, level=level, minimum_count=agreement.minimum_count)


def at_depth(scope: Scope, *, needed: str) -> Scope:
    """Return the part of a scope that reaches at least the level needed."""
    return replace(scope, bounds=tuple(b for b in scope.bounds if depth_of(b.level) >= depth_of(needed)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """A count that an agreement keeps back because it could single somebody out."""

    reason: str


def hide_small(count: int, *, minimum_count: int) -> int | Hidden:
    """Return the count, or why it is hidden: from 1 to below `minimum_count`. Zero and no minimum hide nothing."""
    if 0 < count < minimum_count:
        return Hidden(reason=f"fewer than {minimum_count}, hidden by the sharing agreement")
    return count
