"""Runs the monitors, raises what they find, and lets people take and close it. Each step is an entry of the log.

Running again over the same facts changes nothing: a design is frozen, a signal has the uid of its monitor and
alarm, and an alarm that belongs to a stored signal only brings that one up to date.
"""

import logging
from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max

from audit.access.models import User
from audit.log.actions import record_act
from inference.registry.models import Configuration, Deployment
from inference.results.models import Inference
from monitoring.errors import SignalStateError
from monitoring.rollups.models import Cursor
from monitoring.signals.episodes import Episode
from monitoring.signals.feeding import feed_of
from monitoring.signals.models import Monitor, Signal
from monitoring.signals.telling import Told, tell
from monitoring.signals.verifying import design_digest
from monitoring.signals.watching import LASTING, Feed, Scope, design_for, episodes_for, scopes_of

logger = logging.getLogger(__name__)

ACTOR = "radvigil:monitors"
FOLLOWER = "monitors"
LOCK = 0x5D6E_A15  # one run at a time, for the installation


def run_monitors(*, now: datetime) -> int:
    """Look at every live deployment whose log has moved, or whose day has changed, and return the signals raised."""
    with transaction.atomic():
        if not _take_lock():
            return 0
        deployments = _moved(now=now)
        raised = sum(watch_deployment(deployment=each, now=now) for each in deployments)
        _remember(now=now)
    return raised


def _take_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _moved(*, now: datetime) -> list[Deployment]:
    """Return the live deployments of organisations whose cases have moved since the last run; all on a new day."""
    live = Configuration.objects.filter(mode=Configuration.Mode.LIVE).values("deployment_id")
    found = Deployment.objects.filter(pk__in=live).select_related("site").order_by("key")
    seen = dict(Cursor.objects.filter(follower=FOLLOWER).values_list("organisation", "position"))
    if seen.get("", 0) != now.toordinal():
        return list(found)
    return [
        each for each in found if seen.get(each.site.organisation_id) != _positions().get(each.site.organisation_id)
    ]


def _positions() -> dict[str, int]:
    """Return how far the cases of each organisation follow its log."""
    rows = Cursor.objects.exclude(follower=FOLLOWER).values_list("organisation", "position")
    found: dict[str, int] = {}
    for organisation, position in rows:
        found[organisation] = max(position, found.get(organisation, 0))
    return found


def _remember(*, now: datetime) -> None:
    for organisation, position in (_positions() | {"": now.toordinal()}).items():
        Cursor.objects.update_or_create(follower=FOLLOWER, organisation=organisation, defaults={"position": position})


def heard_until() -> date | None:
    """Return the day after which silence means nothing: the demo's hospitals end with the data that was made."""
    return Inference.objects.aggregate(last=Max("acquired_at__date"))["last"] if settings.RADVIGIL_DEMO else None


def watch_deployment(*, deployment: Deployment, now: datetime) -> int:
    """Design what can be designed, run every monitor of a deployment, and return how many signals are new."""
    feed = feed_of(deployment, now=now, heard_until=heard_until())
    if not feed.runs and not feed.losses:
        return 0
    monitors = {each.key: each for each in Monitor.objects.filter(deployment_id=deployment.pk)}
    raised = 0
    for scope in scopes_of(feed):
        monitor = monitors.get(scope.key(feed)) or _switch_on(scope, feed, monitors=monitors, now=now)
        if monitor is not None:
            monitors[monitor.key] = monitor
            raised += _settle(monitor, scope, feed, now=now)
    return raised


def _switch_on(scope: Scope, feed: Feed, *, monitors: dict[str, Monitor], now: datetime) -> Monitor | None:
    """Freeze a design, once its reference is complete."""
    design = design_for(scope, feed, designs={key: each.design for key, each in monitors.items()})
    if design is None:
        return None
    monitor = Monitor.objects.create(
        key=scope.key(feed),
        organisation=feed.organisation,
        site_id=feed.site,
        product_id=feed.product,
        deployment_id=feed.deployment,
        version=scope.era.version if scope.era else "",
        finding=scope.finding,
        kind=scope.kind,
        design=design,
        designed_at=now,
    )
    details: dict[str, Any] = {name: design[name] for name in ("method", "statement", "reference") if name in design}
    monitor.refresh_from_db(fields=["design"])  # as the database gives it back, so that it can be held to its digest
    details["design_sha256"] = design_digest(monitor.design)
    record_act(
        "monitor.designed",
        organisation=feed.organisation,
        subject=f"monitor/{monitor.key}",
        actor=ACTOR,
        at=now,
        details=details,
    )
    return monitor


def _settle(monitor: Monitor, scope: Scope, feed: Feed, *, now: datetime) -> int:
    """Bring stored signals up to date with what the monitor finds today, and raise what is new."""
    stored = list(monitor.signals.select_related("monitor").order_by("alarm_on"))
    found: set[int] = set()
    raised = 0
    for arm, episode in episodes_for(scope, feed, design=monitor.design, closed_on=_closed_on(stored)):
        signal = _match(episode, arm=arm, stored=stored)
        told = tell(scope, feed, design=monitor.design, arm=arm, episode=episode)
        if signal is None:
            signal = _raise_signal(monitor, arm=arm, episode=episode, told=told, now=now)
            stored.append(signal)
            raised += 1
        else:
            _update(signal, episode=episode, told=told)
        found.add(signal.pk)
    _note_unfound([each for each in stored if each.pk not in found])
    return raised


def _closed_on(stored: Sequence[Signal]) -> dict[str, date]:
    """Return the day on which each arm was last closed; not where another signal of it was open then and still is."""
    days: dict[str, date] = {}
    for each in stored:
        if each.closed_at is not None:
            days[each.arm] = max(each.closed_at.date(), days.get(each.arm, date.min))
    going_on = {each.arm for each in stored if each.closed_at is None and each.alarm_on <= days.get(each.arm, date.min)}
    return {arm: day for arm, day in days.items() if arm not in going_on}


def _match(episode: Episode, *, arm: str, stored: Sequence[Signal]) -> Signal | None:
    """Return the stored signal that overlaps the episode, the one with the same alarm first."""
    overlapping = [each for each in stored if each.arm == arm and _overlap(each, episode)]
    return min(overlapping, key=lambda each: (each.alarm_on != episode.alarm_on, each.alarm_on), default=None)


def _overlap(signal: Signal, episode: Episode) -> bool:
    """A closed drift is accepted and goes on as the same signal; what else is closed ends on that day."""
    ended_on = signal.ended_on
    if signal.closed_at is not None and signal.monitor.kind in LASTING:
        ended_on = min(signal.closed_at.date(), ended_on or date.max)
    last = max(signal.last_alarm_on, ended_on or date.max)
    return signal.began_on <= max(episode.last_alarm_on, episode.ended_on or date.max) and episode.began_on <= last


def uid_of(monitor: Monitor, *, arm: str, episode: Episode) -> str:
    """Return the same uid for the same alarm, however often monitors run."""
    return sha256(f"{monitor.key}|{arm}|{episode.alarm_on}".encode()).hexdigest()[:20]


def _raise_signal(monitor: Monitor, *, arm: str, episode: Episode, told: Told, now: datetime) -> Signal:
    signal = Signal.objects.create(
        uid=uid_of(monitor, arm=arm, episode=episode),
        monitor=monitor,
        arm=arm,
        status=told.status,
        title=told.title,
        summary=told.summary,
        began_on=episode.began_on,
        alarm_on=episode.alarm_on,
        last_alarm_on=episode.last_alarm_on,
        ended_on=episode.ended_on,
        raised_at=now,
        exposed_studies=told.exposed_studies,
        exposed_patients=told.exposed_patients,
        evidence=told.evidence,
        latest={},
    )
    _record(signal, "raised", actor=ACTOR, now=now, details=_as_fired(signal))
    logger.info("signal raised: monitor=%s uid=%s", monitor.key, signal.uid)
    return signal


def _as_fired(signal: Signal) -> dict[str, Any]:
    return {
        "title": signal.title,
        "status": signal.status,
        "began_on": signal.began_on.isoformat(),
        "alarm_on": signal.alarm_on.isoformat(),
        "exposed_studies": signal.exposed_studies,
        "exposed_patients": signal.exposed_patients,
    }


def _update(signal: Signal, *, episode: Episode, told: Told) -> None:
    """Keep what fired as it fired; bring the rest to what is known today."""
    changes: dict[str, Any] = {
        "title": told.title,
        "summary": told.summary,
        "last_alarm_on": max(signal.last_alarm_on, episode.last_alarm_on),
        "ended_on": episode.ended_on,
        "exposed_studies": told.exposed_studies,
        "exposed_patients": told.exposed_patients,
        "latest": {}
        if told.evidence == signal.evidence
        else told.evidence | {"began_on": episode.began_on.isoformat()},
    }
    changed = [name for name, value in changes.items() if getattr(signal, name) != value]
    for name in changed:
        setattr(signal, name, changes[name])
    if changed:
        signal.save(update_fields=changed)


def _note_unfound(signals: Sequence[Signal]) -> None:
    """Say of a signal that later truth took its ground away; it stays, as it fired."""
    for signal in signals:
        if not signal.latest.get("is_unfounded"):
            signal.latest = {"is_unfounded": True}
            signal.save(update_fields=["latest"])


@transaction.atomic
def acknowledge_signal(*, signal: Signal, by: User, note: str, now: datetime) -> Signal:
    """Take responsibility for a signal. Only an open one can be acknowledged."""
    taken = Signal.objects.filter(pk=signal.pk, state=Signal.State.OPEN).update(
        state=Signal.State.ACKNOWLEDGED, owner=by.username, acknowledged_at=now
    )
    if not taken:
        raise SignalStateError(signal.uid)
    _record(signal, "acknowledged", actor=by.actor, now=now, details={"note": note})
    return Signal.objects.select_related("monitor").get(pk=signal.pk)


@transaction.atomic
def close_signal(*, signal: Signal, by: User, reason: str, now: datetime) -> Signal:
    """Say what became of a signal. It can be closed once, with a reason."""
    unclosed = Signal.objects.filter(pk=signal.pk).exclude(state=Signal.State.CLOSED)
    taken = unclosed.update(state=Signal.State.CLOSED, closed_at=now, closed_reason=reason, owner=by.username)
    if not taken:
        raise SignalStateError(signal.uid)
    _record(signal, "closed", actor=by.actor, now=now, details={"reason": reason})
    return Signal.objects.select_related("monitor").get(pk=signal.pk)


def _record(signal: Signal, verb: str, *, actor: str, now: datetime, details: dict[str, Any]) -> None:
    record_act(
        f"signal.{verb}",
        organisation=signal.monitor.organisation,
        subject=signal.subject,
        actor=actor,
        at=now,
        details=details,
    )
