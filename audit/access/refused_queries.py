"""Which refused attempts an administrator may look through, and how each reads."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.timezone import get_current_timezone

from audit.access.decisions import Visitor, scope_for
from audit.access.refusals import COUNTED, REASONS, REFUSED
from audit.log.models import Act
from audit.log.queries import organisations_in_log

SEE = "see_refusals"
KINDS: Mapping[str, str] = {
    **REASONS,
    "log_in_failed": "a log-in that failed",
    "locked_out": "a log-in locked after failures",
    "signing.failed": "a signature that failed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """One line of the page. `attempts` is more than one where they were counted together."""

    at: datetime
    log: str
    who: str
    reason: str
    route: str
    method: str
    attempts: int
    since: str
    position: int | None


def organisations_seen(user: Visitor) -> list[str]:
    scope = scope_for(user, SEE)
    return [each for each in organisations_in_log() if scope.covers(organisation=each)] if scope else []


def refused_acts(organisations: Iterable[str], *, filters: Mapping[str, Any]) -> QuerySet[Act]:
    """Return the refused attempts in these logs that match, the latest first."""
    scopes = [f"organisation/{each}" for each in organisations if filters.get("log") in (None, each)]
    kinds = [REFUSED, COUNTED, *(kind for kind in KINDS if kind not in REASONS)]
    found = Act.objects.filter(entry__scope__in=scopes, entry__kind__in=kinds)
    if reason := filters.get("reason"):
        found = found.filter(details__reason=reason) if reason in REASONS else found.filter(entry__kind=reason)
    if who := filters.get("who"):
        named = Q(entry__actor__icontains=who) | Q(subject__icontains=who)
        found = found.filter(named)
    if route := filters.get("route"):
        found = found.filter(Q(subject__icontains=route) | Q(details__routes__has_key=route))
    if since := filters.get("since"):
        found = found.filter(received_at__gte=start_of(since))
    if until := filters.get("until"):
        found = found.filter(received_at__lt=start_of(until) + timedelta(days=1))
    return found.select_related("entry").order_by("-id")


def start_of(day: Any) -> datetime:
    return datetime.combine(day, time(), tzinfo=get_current_timezone())


def as_lines(acts: Iterable[Act]) -> Iterator[Refused]:
    for act in acts:
        yield line_of(act)


def line_of(act: Act) -> Refused:
    kind, said = act.entry.kind, act.details
    reason = said.get("reason", "") if kind in (REFUSED, COUNTED) else kind
    is_sum = kind == COUNTED
    return Refused(
        at=act.received_at,
        log=act.organisation,
        who=said.get("who", act.subject) if is_sum else who_of(act),
        reason=KINDS.get(reason, reason),
        route=routes_in_words(said.get("routes", {})) if is_sum else act.subject if kind == REFUSED else "",
        method=said.get("method", ""),
        attempts=said.get("attempts", 1) if is_sum else said.get("failures", 1),
        since=said.get("since", ""),
        position=act.entry.position,
    )


def who_of(act: Act) -> str:
    """Return who was refused: a failed log-in names its user as the subject."""
    return act.entry.actor if act.entry.kind == REFUSED else act.subject


def routes_in_words(routes: Mapping[str, int]) -> str:
    most = sorted(routes.items(), key=lambda each: (-each[1], each[0]))
    return ", ".join(f"{route} × {number}" for route, number in most[:5]) + (" and others" if len(most) > 5 else "")
