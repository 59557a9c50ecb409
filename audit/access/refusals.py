"""Every refused attempt stands in a log: what was asked for by its route, by whom, and why not; never what was typed.

The first ones of a window are entries of their own; the rest is counted and
becomes one entry with the sum. Strangers have a small budget together, people
and tokens one each: a flood fills no disk, and hides nobody's attempt.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.views.csrf import csrf_failure

from audit.access.actions import home_of
from audit.access.attempts import client_address
from audit.access.decisions import NotVisibleError
from audit.access.models import RefusalCount, Token, User
from audit.access.secrets import token_digest
from audit.log.actions import OPERATOR, record_act
from audit.log.models import plain

logger = logging.getLogger(__name__)

REFUSED, COUNTED = "access_refused", "refusals_counted"
WINDOW = timedelta(minutes=10)
TOLD_EACH, TOLD_OF_A_STRANGER = 10, 3  # entries of their own, of one reason in one window
STRANGERS, OTHERS = 20, "visitor/others"  # counted apart in one window; whoever comes later is counted together
FRONT_DOOR = "dashboards:overview"

NOT_VISIBLE, FORGED, NO_SESSION, SESSION_OVER, NO_TOKEN, FORBIDDEN = (
    "not_visible", "forged_form", "not_logged_in", "session_over", "token_refused", "forbidden",
)  # fmt: skip
REASONS = {
    NOT_VISIBLE: "not there, or not theirs (404)",
    FORGED: "a form from elsewhere, or too old (403)",
    NO_SESSION: "not logged in (sent to log in)",
    SESSION_OVER: "the session is over (sent to log in)",
    NO_TOKEN: "no token in force (401)",
    FORBIDDEN: "not for them (403)",
}

OwnerOf = Callable[[Token], str]
OWNERS: list[OwnerOf] = []


def tell_owner(owner: OwnerOf) -> None:
    """Let a package above say whose log the refusals of a deployment's or a site's token belong to."""
    if owner not in OWNERS:
        OWNERS.append(owner)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One refused attempt. `who` is a user, a token, or a stranger under a keyed hash of their network address."""

    organisation: str
    who: str
    reason: str
    route: str
    method: str

    @property
    def is_of_a_stranger(self) -> bool:
        return self.who.startswith("visitor")


class LogRefusals:
    """Middleware: note each answer that refuses."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        reason = reason_of(request, response)
        if reason:
            try:
                note_refusal(refusal_of(request, reason=reason), now=timezone.now())
            except DatabaseError:
                logger.exception("a refusal could not be noted: reason=%s", reason)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        known = isinstance(getattr(request, "user", None), User)
        if isinstance(exception, NotVisibleError) or (known and isinstance(exception, Http404)):
            request.refused_because = NOT_VISIBLE  # type: ignore[attr-defined]


def forged_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that did not come from one of our pages."""
    request.refused_because = FORGED  # type: ignore[attr-defined]
    return csrf_failure(request, reason=reason, template_name="403_csrf.html")


def reason_of(request: HttpRequest, response: HttpResponseBase) -> str:
    """Return why an answer refuses, empty where it does not."""
    if said := getattr(request, "refused_because", ""):
        return str(said)
    if response.status_code == 401:
        return NO_TOKEN
    if response.status_code == 403:
        return FORBIDDEN
    if response.status_code != 302 or not is_sent_to_log_in(request, response):
        return ""
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        return SESSION_OVER
    return "" if route_of(request) == FRONT_DOOR else NO_SESSION


def is_sent_to_log_in(request: HttpRequest, response: HttpResponseBase) -> bool:
    if isinstance(getattr(request, "user", None), User) or route_of(request).startswith("access:"):
        return False
    return response.headers.get("Location", "").split("?")[0] == reverse(settings.LOGIN_URL)


def route_of(request: HttpRequest) -> str:
    match = request.resolver_match
    return match.view_name if match else "no such address"


def refusal_of(request: HttpRequest, *, reason: str) -> Refusal:
    organisation, who = asker_of(request)
    return Refusal(
        organisation=organisation or OPERATOR,
        who=who,
        reason=reason,
        route=route_of(request),
        method=request.method if request.method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE") else "another",
    )


def asker_of(request: HttpRequest) -> tuple[str, str]:
    """Return whose log an attempt belongs to and who made it, as far as either can be told."""
    user = getattr(request, "user", None)
    if isinstance(user, User):
        return home_of(user), user.actor
    token = token_shown(request)
    if token is None:
        return "", stranger(request)
    if token.user:
        return home_of(token.user), token.actor
    return next((found for owner in OWNERS if (found := owner(token))), ""), token.actor


def token_shown(request: HttpRequest) -> Token | None:
    """Return the token whose secret was sent, in force or not."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        return None
    return Token.objects.select_related("user").filter(digest=token_digest(secret.strip())).first()


def stranger(request: HttpRequest) -> str:
    named = salted_hmac("radvigil network addresses", client_address(request), algorithm="sha256")
    return f"visitor/{named.hexdigest()[:12]}"


COUNT = """
    INSERT INTO audit_refusalcount (organisation, who, reason, since, last_at, count, routes)
    VALUES (%(organisation)s, %(who)s, %(reason)s, %(since)s, %(now)s, 1, jsonb_build_object(%(route)s::text, 1))
    ON CONFLICT (since, organisation, who, reason) DO UPDATE SET
        last_at = excluded.last_at, count = audit_refusalcount.count + 1,
        routes = audit_refusalcount.routes || jsonb_build_object(
            %(route)s::text, coalesce((audit_refusalcount.routes ->> %(route)s)::int, 0) + 1)
    RETURNING count
"""


@transaction.atomic
def note_refusal(refusal: Refusal, *, now: datetime) -> None:
    """Count an attempt, and log it where it is one of the window's first."""
    since = datetime.fromtimestamp(now.timestamp() // WINDOW.total_seconds() * WINDOW.total_seconds(), tz=now.tzinfo)
    who = counted_as(refusal, since=since)
    number = count_one(refusal, who=who, since=since, now=now)
    if number == 1:
        tell_refusals(before=since, now=now)
    if number > (TOLD_OF_A_STRANGER if refusal.is_of_a_stranger else TOLD_EACH):
        return
    record_act(
        REFUSED,
        organisation=refusal.organisation,
        subject=refusal.route,
        actor=who,
        at=now,
        details={"reason": refusal.reason, "method": refusal.method},
    )


def counted_as(refusal: Refusal, *, since: datetime) -> str:
    """Return under whom an attempt is counted: a stranger who comes late in a crowded window, with the others."""
    if not refusal.is_of_a_stranger:
        return refusal.who
    strangers = RefusalCount.objects.filter(since=since, organisation=refusal.organisation, who__startswith="visitor")
    if strangers.filter(who=refusal.who, reason=refusal.reason).exists() or strangers.count() < STRANGERS:
        return refusal.who
    return OTHERS


def count_one(refusal: Refusal, *, who: str, since: datetime, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            COUNT,
            {
                "organisation": refusal.organisation,
                "who": who,
                "reason": refusal.reason,
                "since": since,
                "now": now,
                "route": refusal.route,
            },
        )
        return int(cursor.fetchone()[0])


@transaction.atomic
def tell_refusals(*, before: datetime, now: datetime) -> int:
    """Log what the windows that began before a moment held beyond their first attempts, and forget them."""
    over = RefusalCount.objects.select_for_update(skip_locked=True).filter(since__lt=before).order_by("id")
    told = 0
    for row in over:
        if row.count > (TOLD_OF_A_STRANGER if row.who.startswith("visitor") else TOLD_EACH):
            record_act(
                COUNTED, organisation=row.organisation, subject=row.who, actor="system", at=now, details=sum_of(row)
            )
            told += 1
        row.delete()
    return told


def sum_of(row: RefusalCount) -> dict[str, Any]:
    return {
        "who": row.who,
        "reason": row.reason,
        "attempts": row.count,
        "since": plain(row.since),
        "last_at": plain(row.last_at),
        "routes": row.routes,
    }
