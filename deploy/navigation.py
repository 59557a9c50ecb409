"""What the frame of every page shows: the way around, as far as this user's rights go.

An entry whose page does not exist in this installation is left out.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from audit.access.decisions import may
from audit.access.models import User

WARNED_BEFORE = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry of the navigation: its words, its page, the action that lets somebody in."""

    label: str
    url_name: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    label: str
    href: str
    is_current: bool


ITEMS = (
    Item(label="Overview", url_name="dashboards:overview", action="see_overview"),
    Item(label="Worklist", url_name="reads:worklist", action="see_worklist"),
    Item(label="Truth", url_name="truth:queue", action="settle_truth"),
    Item(label="Signals", url_name="signals:list", action="see_signals"),
    Item(label="Cases", url_name="dashboards:cases", action="see_rows"),
    Item(label="Disagreement", url_name="disagreement:page", action="see_disagreement"),
    Item(label="Feeds", url_name="feeds:page", action="see_signals"),
    Item(label="Drift report", url_name="drift:report", action="see_signals"),
    Item(label="Re-scoring", url_name="rescoring:list", action="see_rescoring"),
    Item(label="Intake", url_name="connectors:intake", action="see_intake"),
    Item(label="Messages", url_name="messages:queue", action="manage_rules"),
    Item(label="Identities", url_name="studies:resolve", action="resolve_identity"),
    Item(label="Registry", url_name="registry:index", action="see_registry"),
    Item(label="Evidence", url_name="evidence:index", action="see_evidence"),
    Item(label="Portal", url_name="portal:index", action="see_portal"),
    Item(label="Log", url_name="log:index", action="see_log"),
    Item(label="Users", url_name="registry:users", action="manage_users"),
    Item(label="Refusals", url_name="refused:page", action="see_refusals"),
    Item(label="Tokens", url_name="registry:tokens", action="manage_tokens"),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of base.html."""
    user = getattr(request, "user", None)
    return {
        "is_demo": settings.RADVIGIL_DEMO,
        "navigation": navigation(user, path=request.path) if isinstance(user, User) else [],
        "user_roles": roles_of(user) if isinstance(user, User) else "",
        "has_bell": isinstance(user, User) and may(user, "see_quarantine"),
        "has_comments_bell": isinstance(user, User) and may(user, "answer_comment"),
        "has_alarm": isinstance(user, User) and may(user, "review_break_glass"),
        "emergencies": [grant for grant in user.live_grants if grant.is_emergency] if isinstance(user, User) else [],
        "ends_soon": ends_soon(user) if isinstance(user, User) else [],
        "has_ended": has_ended(user) if isinstance(user, User) else None,
        "may_break_glass": isinstance(user, User) and may(user, "break_glass"),
        "shown_zone": timezone.get_current_timezone_name(),
    }


def navigation(user: User, *, path: str) -> list[Shown]:
    """Return the entries this user may open; the longest address that this page lies below is the current one."""
    open_to_user = [(item.label, href) for item in ITEMS if may(user, item.action) and (href := address(item))]
    below = [href for _, href in open_to_user if path == href or (href != "/" and path.startswith(href))]
    current = max(below, key=len, default="")
    return [Shown(label=label, href=href, is_current=href == current) for label, href in open_to_user]


def address(item: Item) -> str:
    try:
        return reverse(item.url_name)
    except NoReverseMatch:
        return ""


def ends_soon(user: User) -> list[Any]:
    """Return the grants of a person that expire within two weeks; an emergency's hour has its own banner."""
    soon = timezone.now() + WARNED_BEFORE
    return [each for each in user.live_grants if each.expires_at and each.expires_at < soon and not each.is_emergency]


def has_ended(user: User) -> Any:
    """Return the grant of a person that expired last, where none is in force: it says why they see nothing."""
    if user.live_grants:
        return None
    return user.grants.filter(ended_at=None, expires_at__isnull=False).order_by("expires_at").last()


def roles_of(user: User) -> str:
    """Return a user's roles in words, with what they are bound to."""
    return "; ".join(dict.fromkeys(role_in_words(grant) for grant in user.live_grants)) or "no role"


def role_in_words(grant: Any) -> str:
    bound = ", ".join(key for key in (grant.organisation, grant.site, grant.product) if key)
    return f"{grant.get_role_display()} ({bound})" if bound else str(grant.get_role_display())
