"""A token's next secret: the old one stays good for a stated time, so that no device stands still meanwhile."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import DateTimeField, F, Value
from django.db.models.functions import Coalesce, Least

from audit.access.actions import Actor, actor_of, create_token, holder_of, home_of
from audit.access.models import Token
from audit.errors import AccessError
from audit.log.actions import record_act


@transaction.atomic
def rotate_token(
    *, token: Token, overlap: timedelta, organisation: str = "", by: Actor, now: datetime
) -> tuple[Token, str]:
    """Make the token that replaces this one and return it with its secret, which is shown this once.

    It lives as long as the old one was made to live, counted from now. The old
    one ends after the overlap, or before, where it would have ended anyway.

    Raises:
        AccessError: the token is not in force, or was replaced already.
    """
    lifetime = token.expires_at - token.created_at if token.expires_at else None
    made, secret = create_token(
        deployment=token.deployment,
        site=token.site,
        user=token.user,
        scope=token.scope,
        organisation=organisation,
        expires_at=now + lifetime if lifetime else None,
        by=by,
        now=now,
    )
    in_force = Token.objects.filter(pk=token.pk, replaced_by=None, revoked_at=None).exclude(expires_at__lte=now)
    last = Least(Coalesce(F("expires_at"), Value(now + overlap, DateTimeField())), Value(now + overlap))
    if not in_force.update(replaced_by=made, expires_at=last):
        raise AccessError("The token is not in force or was replaced already; reload the page.")
    token.refresh_from_db()
    log_rotation(token, made=made, organisation=organisation, by=by, now=now)
    return made, secret


def log_rotation(token: Token, *, made: Token, organisation: str, by: Actor, now: datetime) -> None:
    home = organisation or (home_of(token.user) if token.user else "")
    ends = token.expires_at.isoformat() if token.expires_at else ""
    record_act(
        "token_rotated",
        organisation=home,
        subject=holder_of(token),
        actor=actor_of(by),
        at=now,
        details={"token": token.hint, "replaced_by": made.hint, "ends_at": ends},
    )
