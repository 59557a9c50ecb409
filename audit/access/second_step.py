"""A second factor shown by a visitor: taken, or counted and refused. Five failures in a quarter of an hour lock it.

The lock holds for the person whose password was given; so it is told to them,
since somebody else may know that password.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest

from audit.access.actions import home_of, log_user, notify
from audit.access.counting import failures_since, note_failure
from audit.access.entering import Entering, add_proof, entering
from audit.access.models import User
from audit.errors import FactorError
from audit.factors.actions import NOT_RIGHT, Holder, use_code, use_key
from audit.factors.passkeys import Place, asked_to_answer, challenge_text
from audit.factors.queries import codes_left, factors_of, keys_of

CHALLENGE = "key_challenge"
FAILED = "second_factor_failed"
MOST_FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
LOCKED = "Too many attempts: the second step is locked for a quarter of an hour. It is in the log."


def holder(user: User) -> Holder:
    return Holder(user_id=user.pk, username=user.username, organisation=home_of(user))


def place_of(request: HttpRequest) -> Place:
    host = request.get_host()
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    return Place(host=name, origin=f"{request.scheme}://{host}")


def ceremony(request: HttpRequest, *, user: User) -> dict[str, Any]:
    """Return what the page of a second step shows, and keep the challenge that a security key must answer."""
    held, place = keys_of(user.pk), place_of(request)
    options = asked_to_answer(place=place, held=held) if held and place.takes_keys else None
    if options:
        request.session[CHALLENGE] = challenge_text(options)
    return {
        "options": options,
        "has_key": bool(held),
        "takes_keys": place.takes_keys,
        "has_app": factors_of(user.pk).apps().exists(),
        "codes_left": codes_left(user.pk),
    }


def prove(request: HttpRequest, *, user: User, given: Mapping[str, str], now: datetime) -> None:
    """Take what was given as a proof and remember it for the log-in that is under way, if one is.

    Raises:
        FactorError: it is none, or the person has failed too often.
    """
    if failures_since(now - LOCKED_FOR, kind=FAILED, subject=f"user/{user.username}") >= MOST_FAILURES:
        raise FactorError(LOCKED)
    proof = shown(request, user=user, given=given, now=now)
    if not proof:
        refuse(user, now=now)
    if proof == "recovery_code":
        log_user("recovery_code_used", user=user, by=user, now=now, details={"left": codes_left(user.pk)})
        notify(user, f"A recovery code was used to log in; {codes_left(user.pk)} are left.", now=now)
    if entering(request, now=now) is not None:
        add_proof(request, proof)


def shown(request: HttpRequest, *, user: User, given: Mapping[str, str], now: datetime) -> str:
    """Return what was shown: `key`, `app`, `recovery_code` or `password`; empty when nothing was."""
    challenge = request.session.pop(CHALLENGE, "")  # good for one answer
    if given.get("credential"):
        said, place = given["credential"], place_of(request)
        is_key = challenge and use_key(user_id=user.pk, said=said, challenge=challenge, place=place, now=now)
        return "key" if is_key else ""
    if given.get("password"):
        return "password" if user.check_password(given["password"]) else ""
    return use_code(user_id=user.pk, typed=given.get("code", ""), now=now) if given.get("code") else ""


def refuse(user: User, *, now: datetime) -> None:
    """Count a failure; with the last one allowed, log the lock and tell the person."""
    subject, home = f"user/{user.username}", home_of(user)
    note_failure(FAILED, organisation=home, subject=subject, actor=user.actor, now=now)
    if failures_since(now - LOCKED_FOR, kind=FAILED, subject=subject) >= MOST_FAILURES:
        log_user("second_factor_locked", user=user, by="system", now=now)
        notify(
            user, "Somebody who knows your password failed the second step five times. Was it not you: change it.",
            now=now,
        )  # fmt: skip
        raise FactorError(LOCKED)
    raise FactorError(NOT_RIGHT)


def way_in(request: HttpRequest, found: Entering, *, now: datetime) -> Entering:
    """Return the log-in under way as it stands after a proof was added."""
    return entering(request, now=now) or found
