"""Under what django-axes counts failed log-ins: never the text that a stranger typed, and whose address it was."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from audit.access.counting import keyed
from audit.access.models import User


def counted_name(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """Return a name that exists as it is, and any other under a keyed hash: it may be a password, mistyped."""
    typed = str((credentials or {}).get("username") or request.POST.get("username", ""))
    if typed and User.objects.filter(username=typed).exists():
        return typed
    return keyed(typed)


def client_address(request: HttpRequest) -> str:
    """Return the address that a request came from.

    Behind our proxy it is the last of X-Forwarded-For, which the proxy wrote
    itself; a browser that sends the header with lies of its own changes nothing.
    """
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.RADVIGIL_TLS else ""
    return forwarded.rsplit(",", 1)[-1].strip() or request.META.get("REMOTE_ADDR", "")
