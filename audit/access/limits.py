"""Sessions end by themselves: after a while without a request, and after a longest time whatever happens."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from audit.access.actions import log_user
from audit.access.models import User
from audit.access.rules import installation_rules
from audit.access.session_store import OPENED, SEEN

IDLE, LONGEST = "idle_seconds", "longest_seconds"
NOTED_EVERY_SECONDS = 60.0
WORDS = {"idle": "after a time without a click", "longest": "since the longest time of one log-in is over"}


def hold_to_limits(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: log out whose session is over, and note that the others were seen."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if SESSION_KEY in request.session:
            hold(request, seconds=timezone.now().timestamp())
        return get_response(request)

    return answer


def hold(request: HttpRequest, *, seconds: float) -> None:
    why = over(request.session, seconds=seconds)
    if why:
        user = request.user
        logout(request)
        if isinstance(user, User):
            log_user("session_ended", user=user, by="system", now=timezone.now(), details={"why": why})
        messages.info(request, f"You were logged out {WORDS[why]}.")
    elif seconds - request.session[SEEN] >= NOTED_EVERY_SECONDS:
        request.session[SEEN] = seconds


def over(session: Mapping[str, Any], *, seconds: float) -> str:
    """Return why a session is over, `idle` or `longest`; empty while it is not. One without its times is over."""
    rules = installation_rules()
    if seconds - session.get(SEEN, 0.0) >= session.get(IDLE, rules.idle_minutes * 60):
        return "idle"
    if seconds - session.get(OPENED, 0.0) >= session.get(LONGEST, rules.longest_hours * 3600):
        return "longest"
    return ""
