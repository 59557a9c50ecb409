"""Which grants follow from the groups of a person at the provider: as a file says, and none without one.

The file is JSON: `{"group": [{"role": "radiologist", "organisation": "north-group"}]}`.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from audit.access.actions import GrantValues, add_grant, check_grant, end_grant
from audit.access.models import Grant, User
from audit.errors import LastAdministratorError, UnknownGrantError

BY = "single_sign_on"
BOUND = ("role", "organisation", "site", "product", "level")

Mapped = Mapping[str, tuple[GrantValues, ...]]


def mapping_in(path: str) -> Mapped:
    """Return the grants of each group. A file that cannot be understood lets nobody in by it."""
    if not path:
        return {}
    try:
        said = json.loads(Path(path).read_text())
        found = {group: tuple(GrantValues(**each) for each in grants) for group, grants in said.items()}
        for values in (each for grants in found.values() for each in grants):
            check_grant(values)
    except (OSError, ValueError, TypeError, AttributeError, UnknownGrantError) as error:
        raise ImproperlyConfigured(f"RADVIGIL_OIDC_GRANTS: {path} maps no groups to grants: {error}") from error
    return found


def groups_in(claims: Mapping[str, Any], *, claim: str) -> frozenset[str]:
    said = claims.get(claim)
    return frozenset(each for each in said if isinstance(each, str)) if isinstance(said, list) else frozenset()


@transaction.atomic
def follow_groups(user: User, *, groups: frozenset[str], mapping: Mapped, now: datetime) -> None:
    """Give a person the grants of their groups, and end those of groups they left. Others' grants stay as they are."""
    User.objects.select_for_update().get(pk=user.pk)  # two log-ins at once give a right once
    wanted = {(group, values) for group in groups & mapping.keys() for values in mapping[group]}
    held = [((grant.group, values_of(grant)), grant) for grant in user.grants.filter(ended_at=None).exclude(group="")]
    for key, grant in held:
        if key not in wanted:
            end(grant, now=now)
    for group, values in sorted(wanted - {key for key, _ in held}, key=str):
        made = add_grant(user=user, values=values, by=BY, now=now)
        Grant.objects.filter(pk=made.pk).update(group=group)
    user.__dict__.pop("live_grants", None)


def end(grant: Grant, *, now: datetime) -> None:
    """End a grant; the last administrator of everything keeps theirs, so that somebody can let people in again."""
    try:
        with transaction.atomic():
            end_grant(grant=grant, by=BY, now=now)
    except LastAdministratorError:
        return


def values_of(grant: Grant) -> GrantValues:
    return GrantValues(**{name: getattr(grant, name) for name in BOUND})
