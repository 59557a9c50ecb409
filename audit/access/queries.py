"""Who is who: the holder of a token, the users and tokens that an administrator looks after."""

from datetime import datetime

from django.db.models import Prefetch, Q, QuerySet

from audit.access.models import Grant, Token, User
from audit.access.scopes import Scope
from audit.access.secrets import note_use, token_digest


def token_for(secret: str, *, now: datetime) -> Token | None:
    """Return the token in force with this secret, or None.

    One look-up of the SHA-256 in a unique index, whatever the secret is: the time
    it takes says nothing about any stored token.
    """
    found = Token.objects.select_related("user").filter(digest=token_digest(secret)).first()
    if found is None or not is_in_force(found, now=now):
        return None
    note_use(found, now=now)
    return found


def is_in_force(token: Token, *, now: datetime) -> bool:
    if token.revoked_at is not None or (token.expires_at is not None and token.expires_at <= now):
        return False
    return token.user is None or token.user.is_active


def users_within(scope: Scope) -> QuerySet[User]:
    """Return the users that an administrator with this scope looks after, their grants fetched."""
    users = User.objects.order_by("username").prefetch_related(
        Prefetch("grants", queryset=Grant.objects.order_by("ended_at", "id"))
    )
    if scope.is_everything:
        return users
    reach = Q(pk=None)
    for bound in scope.bounds:
        reach |= grants_of(organisation=bound.organisation, site=bound.site, product=bound.product)
    return users.filter(reach).distinct()


def grants_of(*, organisation: str, site: str, product: str) -> Q:
    named = {"organisation": organisation, "site": site, "product": product}
    inner = {key: value for key, value in named.items() if value}
    return Q(pk__in=Grant.objects.filter(**inner).values("user")) if inner else Q(pk=None)


def tokens_of(*, deployments: QuerySet, sites: QuerySet, users: QuerySet[User]) -> QuerySet[Token]:  # type: ignore[type-arg]
    """Return the tokens of these deployments, sites and users, those in force first."""
    held = Q(deployment__in=deployments.values("pk")) | Q(site__in=sites.values("pk")) | Q(user__in=users.values("pk"))
    return Token.objects.filter(held).select_related("user").order_by("-created_at", "-id")
