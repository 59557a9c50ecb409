"""Users and tokens bound to what is registered: checks the keys, then lets audit.access act.

audit knows organisations, sites, products and deployments by key alone.
"""

from datetime import datetime

from audit.access.actions import Actor, GrantValues, create_token
from audit.access.models import Token, User
from audit.errors import AccessError, UnknownKeyError
from inference.registry.models import Deployment, Organisation, Product, Site


def check_binding(values: GrantValues) -> None:
    """Raise unless every key that a grant names is registered, and the site is the organisation's.

    Raises:
        UnknownKeyError, AccessError
    """
    for noun, table, key in (
        ("organisation", Organisation, values.organisation),
        ("site", Site, values.site),
        ("product", Product, values.product),
    ):
        if key and not table.objects.filter(pk=key).exists():  # type: ignore[attr-defined]
            raise UnknownKeyError(noun=noun, key=key)
    if values.site and values.organisation:
        owner = Site.objects.values_list("organisation_id", flat=True).get(pk=values.site)
        if owner != values.organisation:
            raise AccessError(f"The site {values.site} belongs to {owner}, not to {values.organisation}.")


def create_token_for(
    *,
    deployment: str = "",
    site: str = "",
    user: User | None = None,
    scope: str = "",
    expires_at: datetime | None = None,
    by: Actor,
    now: datetime,
) -> tuple[Token, str]:
    """Make a token of a registered deployment or site, or of a user, in the log of whoever is responsible.

    Raises:
        UnknownKeyError, AccessError
    """
    organisation = responsible_for(deployment=deployment, site=site)
    return create_token(
        deployment=deployment,
        site=site,
        user=user,
        organisation=organisation,
        scope=scope,
        expires_at=expires_at,
        by=by,
        now=now,
    )


def owner_of(token: Token) -> str:
    """Return the provider whose log the refusals of a deployment's or a site's token belong to; empty for none."""
    try:
        return responsible_for(deployment=token.deployment, site=token.site)
    except UnknownKeyError:
        return ""


def responsible_for(*, deployment: str, site: str) -> str:
    """Return the provider whose log a token of this deployment or site belongs to; empty for neither."""
    if deployment:
        found = Deployment.objects.filter(pk=deployment).values_list("site__organisation_id", flat=True).first()
        if found is None:
            raise UnknownKeyError(noun="deployment", key=deployment)
        return found
    if site:
        found = Site.objects.filter(pk=site).values_list("organisation_id", flat=True).first()
        if found is None:
            raise UnknownKeyError(noun="site", key=site)
        return found
    return ""
