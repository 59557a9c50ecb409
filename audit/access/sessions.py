"""Logging in and out, each an act in the log.

An attempt for a name that does not exist leaves no act: what was typed may be
a password. django-axes counts it all the same.
"""

from datetime import datetime

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest

from audit.access.actions import log_user
from audit.access.models import User
from audit.access.secrets import DEMO_PASSWORD


def is_locked(request: HttpRequest, *, username: str) -> bool:
    """Return whether this name has failed too often from here and must wait."""
    return bool(AxesProxyHandler.is_locked(request, {"username": username}))


def log_in(request: HttpRequest, *, username: str, password: str, now: datetime) -> User | None:
    """Open a session, or note the failure and return None."""
    known = None if password == DEMO_PASSWORD and not settings.RADVIGIL_DEMO else password
    user = authenticate(request, username=username, password=known if known is not None else "")
    if isinstance(user, User):
        login(request, user)
        log_user("logged_in", user=user, by=user, now=now)
        return user
    log_failure(request, username=username, now=now)
    return None


def log_failure(request: HttpRequest, *, username: str, now: datetime) -> None:
    named = User.objects.filter(username=username).first()
    if named is None:
        return
    log_user("log_in_failed", user=named, by="visitor", now=now)
    if getattr(request, "axes_locked_out", False):
        log_user("locked_out", user=named, by="system", now=now)


def log_out(request: HttpRequest, *, now: datetime) -> None:
    user = request.user
    if isinstance(user, User):
        log_user("logged_out", user=user, by=user, now=now)
    logout(request)
