"""Which packages a person may ask for and see."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db.models import Q

from audit.access.decisions import NotVisibleError, Visitor
from audit.access.models import Grant, Role, User
from audit.access.scopes import Depth, depth_of
from inference.registry.models import Deployment, Organisation
from inference.registry.visibility import scope_of, visible_deployments
from monitoring.evidence.models import Package
from monitoring.evidence.scopes import AGGREGATE, OUTSIDE, RESEARCH, ROWS

ACTION = "see_evidence"
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How deep somebody sees one deployment, and the smallest count they may be shown of it."""

    deployment: Deployment
    depth: Depth
    minimum_count: int


def reach_of(user: Visitor, *, now: datetime) -> dict[str, Reach]:
    """Return everything that somebody may have evidence on, by deployment."""
    scope = scope_of(user, ACTION, now=now)
    found = {}
    for each in visible_deployments(user, ACTION, now=now):
        keys = {"organisation": each.site.organisation_id, "site": each.site_id, "product": each.product_id}
        found[each.pk] = Reach(
            deployment=each, depth=depth_of(scope.level_at(**keys)), minimum_count=scope.minimum_count_at(**keys)
        )
    return found


def level_over(reached: Iterable[Reach]) -> str:
    """Return the level that all of these deployments allow."""
    return ROWS if all(each.depth >= Depth.ROWS for each in reached) else AGGREGATE


def visible_packages(user: Visitor, *, now: datetime) -> list[Package]:
    """Return the packages that hold nothing beyond what this person may see, the newest first."""
    reach = reach_of(user, now=now)
    seen = (each for each in Package.objects.order_by("-id").iterator() if is_within(each, user=user, reach=reach))
    return list(islice(seen, MOST_SHOWN))


def is_within(package: Package, *, user: Visitor, reach: dict[str, Reach]) -> bool:
    """Return whether a package is for somebody: nothing beyond their reach, and none that stays in another's house."""
    keys: Sequence[str] = package.deployments
    needed = depth_of(package.level)
    if not keys or not all(
        key in reach and reach[key].depth >= needed and reach[key].minimum_count <= package.minimum_count
        for key in keys
    ):
        return False
    # People who opted out are in the one that stays, and in no other.
    leaves = bool(package.recipient) or package.purpose == RESEARCH
    return leaves or not is_outside(user, [reach[key] for key in keys])


def get_package_for(user: Visitor, uid: str, *, now: datetime) -> Package:
    found = Package.objects.filter(uid=uid).first()
    if found is None or not is_within(found, user=user, reach=reach_of(user, now=now)):
        raise NotVisibleError
    return found


def path_of(package: Package) -> Path:
    return path_of_uid(package.uid)


def path_of_uid(uid: str) -> Path:
    return Path(settings.RADVIGIL_HOME) / "packages" / f"{uid}.zip"


def is_outside(user: Visitor, reached: Iterable[Reach]) -> bool:
    """Return whether a package of these deployments leaves its house: its receiver answers for none of the patients."""
    if not isinstance(user, User):
        return True
    grants = user.live_grants
    if any(each.role == Role.REGULATOR for each in grants):
        return True
    return not all(any(answers_for(grant, each.deployment) for grant in grants) for each in reached)


def answers_for(grant: Grant, deployment: Deployment) -> bool:
    """Return whether a right is one of the house: one that is bound to a product is its maker's, or as good as that."""
    of_house = grant.organisation in ("", deployment.site.organisation_id) and grant.site in ("", deployment.site_id)
    return of_house and not grant.product


def receivers(reached: Iterable[Reach]) -> list[tuple[str, str]]:
    """Return who may be named as the receiver: authorities, and the manufacturers of these products."""
    makers = {each.deployment.product.manufacturer_id for each in reached}
    kinds = (Organisation.Kind.REGULATOR, Organisation.Kind.NOTIFIED_BODY)
    named = Organisation.objects.filter(Q(kind__in=kinds) | Q(pk__in=makers)).order_by("name")
    return [(OUTSIDE, "somebody outside"), *named.values_list("pk", "name")]
