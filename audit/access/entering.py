"""Logging in, step by step: what a visitor has shown so far, and what is asked of them next.

It lies in the visitor's session, which opens nothing yet: to every page they
are a stranger until the last step is done.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from audit.access.models import User
from audit.access.rules import installation_rules, needs_factor, password_is_due, rules_for
from audit.access.sessions import open_session
from audit.factors.queries import has_factor

ENTERING = "entering"
GOOD_FOR = timedelta(minutes=10)
PASSWORD, ELSEWHERE, PROVIDER_FACTOR = "password", "single_sign_on", "providers_factor"
FACTORS = frozenset({"app", "key", "recovery_code", PROVIDER_FACTOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entering:
    """Somebody on the way in: who, what they have shown (`proofs`), and where they go afterwards."""

    user: User
    proofs: list[str]
    onward: str

    @property
    def has_shown_a_factor(self) -> bool:
        return not FACTORS.isdisjoint(self.proofs)


def begin(request: HttpRequest, user: User, *, proof: str, onward: str, now: datetime) -> Entering:
    """Remember that the first step is done. The session gets another key: nobody can have planted it."""
    request.session.flush()
    request.session[ENTERING] = {
        "user": user.pk,
        "proofs": [proof],
        "onward": onward,
        "at": now.timestamp(),
        "hash": user.get_session_auth_hash(),
    }
    return Entering(user=user, proofs=[proof], onward=onward)


def entering(request: HttpRequest, *, now: datetime) -> Entering | None:
    """Return who is on the way in; None after ten minutes, or when the log-in was closed or changed meanwhile."""
    kept = request.session.get(ENTERING)
    if not kept or now.timestamp() - kept["at"] >= GOOD_FOR.total_seconds():
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    if user is None or not constant_time_compare(kept["hash"], user.get_session_auth_hash()):
        return None
    return Entering(user=user, proofs=list(kept["proofs"]), onward=kept["onward"])


def add_proof(request: HttpRequest, proof: str) -> None:
    kept = request.session[ENTERING]
    request.session[ENTERING] = kept | {"proofs": [*kept["proofs"], proof]}


def renew_hash(request: HttpRequest, user: User) -> None:
    request.session[ENTERING] = request.session[ENTERING] | {"hash": user.get_session_auth_hash()}


def next_step(found: Entering, *, now: datetime) -> str:
    """Return the address by name of the step that comes next; empty when nothing more is asked.

    The factor comes before the new password: who has stolen the old one sets none.
    """
    rules = rules_for(found.user, installation=installation_rules())
    has_one = has_factor(found.user.pk)
    if has_one and not found.has_shown_a_factor:
        return "access:second_step"
    if PASSWORD in found.proofs and password_is_due(found.user, rules=rules, now=now):
        return "access:new_password"
    if not has_one and not found.has_shown_a_factor and needs_factor(found.user, rules=rules):
        return "access:add_factor"
    return ""


def finish(request: HttpRequest, found: Entering, *, now: datetime) -> None:
    request.session.pop(ENTERING, None)
    open_session(request, found.user, proofs=found.proofs, now=now)
