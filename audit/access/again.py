"""Acts that matter ask who is there once more, when that was last shown a while ago (a screen left open)."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from audit.access.session_store import OPENED
from audit.access.sessions import AUTHENTICATED

FRESH_SECONDS = 15 * 60

View = Callable[..., HttpResponseBase]


def is_fresh(request: HttpRequest, *, seconds: float) -> bool:
    shown_at = request.session.get(AUTHENTICATED, request.session.get(OPENED, 0.0))
    return seconds - shown_at < FRESH_SECONDS


def freshly_authenticated(view: View) -> View:
    """Send to `log-in/again/` first whoever showed who they are more than fifteen minutes ago."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated or is_fresh(request, seconds=timezone.now().timestamp()):
            return view(request, *args, **kwargs)
        return redirect(f"{reverse('access:again')}?{urlencode({'next': address_back(request)})}")

    return guarded


def address_back(request: HttpRequest) -> str:
    """Return the page to come back to: what was sent is lost, so the form is shown anew."""
    if request.method == "GET":
        return request.get_full_path()
    came_from = urlsplit(request.headers.get("Referer", ""))
    return came_from.path if came_from.netloc == request.get_host() else reverse("access:account")
