"""Reads of signals: what a user may see of them, a deployment's status, and the acts of one signal.

The worst signal that nobody has closed decides the status: performance and
unregistered versions are `act`, drift is `watch`. Without a monitor nothing is known.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Case as FirstOf
from django.db.models import IntegerField, Q, QuerySet, Value, When

from audit.access.decisions import NotVisibleError, Visitor
from audit.log.models import Act
from inference.registry.visibility import scope_of, visible_deployments
from monitoring.signals.models import Monitor, Signal

SORTS = {
    "worst": ("rank", "-alarm_on", "uid"),
    "newest": ("-alarm_on", "rank", "uid"),
    "oldest": ("alarm_on", "rank", "uid"),
    "exposed": ("-exposed_patients", "rank", "uid"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How a deployment stands: `ok`, `watch`, `act` or `unknown`, why, and since when."""

    state: str
    reason: str
    signal_uid: str = ""
    since: date | None = None
    open_signals: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a list of signals is narrowed to; an empty value narrows nothing."""

    state: str = "unclosed"
    status: str = ""
    kind: str = ""
    site: str = ""
    product: str = ""
    sort: str = "worst"


def visible_signals(user: Visitor, *, now: datetime) -> QuerySet[Signal]:
    """Return the signals of every deployment whose signals the user may see."""
    deployments = visible_deployments(user, "see_signals", now=now).order_by().values("pk")
    return Signal.objects.filter(monitor__deployment_id__in=deployments).select_related("monitor")


def listed_signals(user: Visitor, *, filters: Filters, now: datetime) -> QuerySet[Signal]:
    found = visible_signals(user, now=now).annotate(rank=_rank())
    if filters.state == "unclosed":
        found = found.exclude(state=Signal.State.CLOSED)
    elif filters.state:
        found = found.filter(state=filters.state)
    narrowed = {
        "status": filters.status,
        "monitor__kind": filters.kind,
        "monitor__site_id": filters.site,
        "monitor__product_id": filters.product,
    }
    found = found.filter(**{name: value for name, value in narrowed.items() if value})
    return found.order_by(*SORTS.get(filters.sort, SORTS["worst"]))


def _rank() -> FirstOf:
    """Open before taken before closed; what needs action before what needs a look."""
    return FirstOf(
        When(state=Signal.State.CLOSED, then=Value(4)),
        When(status=Signal.Status.ACT, state=Signal.State.OPEN, then=Value(0)),
        When(status=Signal.Status.ACT, then=Value(1)),
        When(state=Signal.State.OPEN, then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )


def founded(signals: QuerySet[Signal]) -> QuerySet[Signal]:
    """Leave out the signals whose ground a later truth took away."""
    return signals.filter(Q(latest__is_unfounded__isnull=True) | Q(latest__is_unfounded=False))


def get_signal_for(user: Visitor, action: str, uid: str, *, now: datetime) -> Signal:
    """Return a signal, or raise NotVisibleError where the user may not take the action on its deployment."""
    deployments = visible_deployments(user, action, now=now).order_by().values("pk")
    found = Signal.objects.filter(uid=uid, monitor__deployment_id__in=deployments).select_related("monitor").first()
    if found is None:
        raise NotVisibleError
    return found


def may_review(user: Visitor, signal: Signal, *, now: datetime) -> bool:
    return visible_deployments(user, "review_signal", now=now).filter(pk=signal.monitor.deployment_id).exists()


def minimum_count(user: Visitor, signal: Signal, *, now: datetime) -> int:
    """Return the smallest count of this signal that the user may be shown."""
    monitor = signal.monitor
    return scope_of(user, "see_signals", now=now).minimum_count_at(
        organisation=monitor.organisation, site=monitor.site_id, product=monitor.product_id
    )


def acts_of(signal: Signal) -> list[Act]:
    """Return what happened to a signal, oldest first: raised, acknowledged, closed."""
    acts = Act.objects.filter(organisation=signal.monitor.organisation, subject=signal.subject)
    return list(acts.select_related("entry").order_by("pk"))


def statuses_of(deployments: Iterable[str]) -> Mapping[str, Status]:
    """Return the status of each deployment, by key, in two queries."""
    keys = list(deployments)
    watched: dict[str, set[str]] = {key: set() for key in keys}
    for deployment, kind in Monitor.objects.filter(deployment_id__in=keys).values_list("deployment_id", "kind"):
        watched[deployment].add(kind)
    unclosed: dict[str, list[Any]] = {key: [] for key in keys}
    rows = Signal.objects.filter(monitor__deployment_id__in=keys).exclude(state=Signal.State.CLOSED)
    for row in (
        rows.annotate(rank=_rank())
        .order_by("rank", "-alarm_on", "uid")
        .values_list("monitor__deployment_id", "status", "title", "uid", "began_on", "latest")
    ):
        unclosed[row[0]].append(row)
    return {key: _status(unclosed[key], kinds=watched[key]) for key in keys}


def status_of(deployment: str) -> Status:
    return statuses_of([deployment])[deployment]


def _status(signals: list[Any], *, kinds: set[str]) -> Status:
    founded = [row for row in signals if not row[5].get("is_unfounded")]
    if founded:
        _, status, title, uid, began_on, _ = founded[0]
        return Status(state=status, reason=title, signal_uid=uid, since=began_on, open_signals=len(signals))
    if Monitor.Kind.PERFORMANCE in kinds:
        return Status(state="ok", reason="No monitor has an open signal.", open_signals=len(signals))
    if kinds & {Monitor.Kind.SCORE, Monitor.Kind.SILENCE}:
        reason = (
            "The feed is watched, performance is not: too few truths for a reference, or no yes-or-no call to judge."
        )
        return Status(state="unknown", reason=reason, open_signals=len(signals))
    return Status(state="unknown", reason="No monitor runs yet: the reference is not complete.")
