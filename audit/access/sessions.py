"""A password tried, a session opened, listed and ended: each an act in the log.

An attempt for a name that does not exist leaves nothing of what was typed:
it may be a password. It is counted all the same, here and by django-axes.
"""

from datetime import datetime, timedelta
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from audit.access import devices
from audit.access.actions import Actor, home_of, log_user
from audit.access.counting import counted, failures_since, keyed, note_failure
from audit.access.limits import IDLE, LONGEST
from audit.access.models import Session, User
from audit.access.rules import first_password_is_over, installation_rules, rules_for
from audit.access.secrets import DEMO_PASSWORD
from audit.access.session_store import AGENT, row_key

BACKEND = "django.contrib.auth.backends.ModelBackend"
AUTHENTICATED = "authenticated_at"  # seconds since 1970: when the person last proved who they are
WITH = "logged_in_with"
AN_HOUR = timedelta(hours=1)
FAILED = "log_in_failed"
AGENT_CHARACTERS = 200


def is_locked(request: HttpRequest, *, username: str, now: datetime) -> bool:
    """Return whether a name must wait: it failed too often from here, or very often from anywhere.

    The second holds for browsers alone that the person never logged in with, so that nobody is locked out from afar.
    """
    if AxesProxyHandler.is_locked(request, {"username": username}):
        return True
    if devices.is_known(request, username=username):
        return False
    often = failures_since(now - AN_HOUR, kind=FAILED, subject=keyed(username))
    return often >= settings.RADVIGIL_LOGIN_FAILURES_OF_A_NAME


def check_password(request: HttpRequest, *, username: str, password: str, now: datetime) -> User | None:
    """Return who this is, or note the failure and return None."""
    known = None if password == DEMO_PASSWORD and not settings.RADVIGIL_DEMO else password
    user = authenticate(request, username=username, password=known if known is not None else "")
    if isinstance(user, User) and may_log_in_by_password(user, now=now):
        return user
    log_failure(request, username=username, now=now)
    return None


def may_log_in_by_password(user: User, *, now: datetime) -> bool:
    return not user.logs_in_elsewhere and not first_password_is_over(user, rules=installation_rules(), now=now)


def log_failure(request: HttpRequest, *, username: str, now: datetime) -> None:
    counted(FAILED, organisation="", subject=keyed(username), now=now)
    named = User.objects.filter(username=username).first()
    if named is None:
        note_failure(FAILED, organisation="", subject="log-in", actor="visitor", now=now, details={"name": "unknown"})
        return
    home, subject = home_of(named), f"user/{named.username}"
    note_failure(FAILED, organisation=home, subject=subject, actor="visitor", now=now)
    if getattr(request, "axes_locked_out", False):
        note_failure("locked_out", organisation=home, subject=subject, actor="system", now=now)


@transaction.atomic
def open_session(request: HttpRequest, user: User, *, proofs: list[str], now: datetime) -> None:
    """Open a session, under another key than the visitor had, for a person who has shown all that is asked."""
    rules = rules_for(user, installation=installation_rules())
    login(request, user, backend=BACKEND)
    request.session[AGENT] = request.headers.get("User-Agent", "")[:AGENT_CHARACTERS]
    request.session[IDLE], request.session[LONGEST] = rules.idle_minutes * 60, rules.longest_hours * 3600
    request.session[AUTHENTICATED] = now.timestamp()
    request.session[WITH] = proofs
    log_user("logged_in", user=user, by=user, now=now, details={"with": proofs})


def log_out(request: HttpRequest, *, now: datetime) -> None:
    user = request.user
    if isinstance(user, User):
        log_user("logged_out", user=user, by=user, now=now)
    logout(request)


def sessions_of(user: User, *, now: datetime) -> QuerySet[Session]:
    """Return the sessions of a person that are open, the last seen first."""
    return Session.objects.filter(user=user, expire_date__gt=now).order_by("-seen_at")


def is_this(session: Session, request: HttpRequest) -> bool:
    return session.pk == row_key(request.session.session_key)


@transaction.atomic
def end_sessions(user: User, *, by: Actor, now: datetime, why: str, only: str = "", but: str | None = None) -> int:
    """End sessions of a person: one, all but one, or all. Return how many."""
    found: Any = Session.objects.filter(user=user)
    if only:
        found = found.filter(pk=only)
    if but:
        found = found.exclude(pk=row_key(but))
    ended, _ = found.delete()
    if ended:
        log_user("session_ended", user=user, by=by, now=now, details={"why": why, "sessions": ended})
    return ended
