"""A subject at a provider is linked to one user: found by it, made for it without any right, or linked by its owner.

Never by a name or an e-mail address: whoever runs a provider could claim one.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction

from audit.access.actions import log_user, notify
from audit.access.models import Identity, User
from audit.access.ways_in import LINKED, UNLINKED, details_of
from audit.errors import SingleSignOnError
from audit.log.actions import record_act

NAME = re.compile(r"[A-Za-z0-9_-]{2,60}")
LONGEST_NAME = 200


def user_for(claims: Mapping[str, Any], *, now: datetime) -> User:
    """Return the user of a subject; made at the first log-in, without any grant.

    Raises:
        SingleSignOnError: the log-in is closed.
    """
    held = Identity.objects.filter(issuer=claims["iss"], subject=claims["sub"]).select_related("user").first()
    user = held.user if held else made_for(claims, now=now)
    if not user.is_active:
        raise SingleSignOnError("closed", "Your log-in here is closed. Ask your administrator.")
    Identity.objects.filter(issuer=claims["iss"], subject=claims["sub"]).update(last_used_at=now)
    return user


def made_for(claims: Mapping[str, Any], *, now: datetime) -> User:
    try:
        with transaction.atomic():
            return make(claims, username=name_for(claims), now=now)
    except IntegrityError as error:  # two first log-ins at once, or of one name
        held = Identity.objects.filter(issuer=claims["iss"], subject=claims["sub"]).select_related("user").first()
        if held is None:
            raise SingleSignOnError("name_taken", "Try once more.") from error
        return held.user


def make(claims: Mapping[str, Any], *, username: str, now: datetime) -> User:
    user = User(username=username, printed_name=printed_name(claims, username), created_at=now, logs_in_elsewhere=True)
    user.set_unusable_password()
    user.save(force_insert=True)
    record_act(
        "user_created",
        organisation="",
        subject=f"user/{username}",
        actor="single_sign_on",
        at=now,
        details={"printed_name": user.printed_name, "way": "single_sign_on"},
    )
    store(user, claims, by="single_sign_on", now=now)
    return user


def name_for(claims: Mapping[str, Any]) -> str:
    """Return a name nobody has: the one the provider says where it is free, else one made from the subject."""
    said = claims.get("preferred_username")
    if isinstance(said, str) and NAME.fullmatch(said) and not User.objects.filter(username=said).exists():
        return said
    return "sso-" + sha256(f"{claims['iss']} {claims['sub']}".encode()).hexdigest()[:12]


def printed_name(claims: Mapping[str, Any], username: str) -> str:
    said = claims.get("name")
    shown = (
        "".join(each if each.isprintable() else " " for each in said[:LONGEST_NAME]) if isinstance(said, str) else ""
    )
    return shown.strip() or username


@transaction.atomic
def link(user: User, claims: Mapping[str, Any], *, now: datetime) -> None:
    """Link a subject to the person who is logged in, and asked for it.

    Raises:
        SingleSignOnError: it is somebody's already.
    """
    held = Identity.objects.filter(issuer=claims["iss"], subject=claims["sub"]).first()
    if held is not None and held.user_id == user.pk:
        return
    if held is not None:
        raise SingleSignOnError("linked_already", "This person of the provider is linked to another log-in here.")
    store(user, claims, by=user.actor, now=now)
    notify(user, "Your log-in was linked to single sign-on.", now=now)


def store(user: User, claims: Mapping[str, Any], *, by: str, now: datetime) -> None:
    made = Identity.objects.create(user=user, issuer=claims["iss"], subject=claims["sub"], linked_at=now)
    log_user(LINKED, user=user, by=by, now=now, details=details_of(made))


@transaction.atomic
def unlink(user: User, *, identity_id: int, now: datetime) -> None:
    """Let go of a subject. Who has no other way in keeps it.

    Raises:
        SingleSignOnError
    """
    if user.logs_in_elsewhere and user.identities.count() == 1:
        raise SingleSignOnError("only_way", "This is your only way in; it stays.")
    held = user.identities.filter(pk=identity_id).first()
    if held is None:
        raise SingleSignOnError("not_linked", "It is not linked; reload the page.")
    log_user(UNLINKED, user=user, by=user, now=now, details=details_of(held))
    held.delete()
