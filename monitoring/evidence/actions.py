"""Asking for a package, and making it: the row says how far it is, the logs say that it was made."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import uuid4

from django.db import connection

from audit.access.models import User
from audit.errors import AuditError
from monitoring.errors import MonitoringError, PackageCancelledError, PackageStateError
from monitoring.evidence.making import make_package
from monitoring.evidence.models import Package
from monitoring.evidence.queries import path_of, path_of_uid
from monitoring.evidence.scopes import Wanted, scope_of
from monitoring.evidence.under_way import Making

LOCK_SPACE = 0x52445650
UNFINISHED = (Package.State.WAITING, Package.State.MAKING)

logger = logging.getLogger(__name__)


def request_package(wanted: Wanted, *, by: User, now: datetime, previous: str = "") -> Package:
    """Write down what is wanted; a worker makes it. `previous` is the uid of the package that it follows on.

    Raises:
        UnknownScopeError: the product runs nowhere in this scope.
    """
    scope = scope_of(wanted)
    return Package.objects.create(
        uid=uuid4().hex,
        product_id=wanted.product,
        site_id=wanted.site,
        study_id=wanted.study,
        signal=wanted.signal,
        change=wanted.change,
        deployments=list(scope.keys),
        since=wanted.since,
        until=wanted.until,
        as_of=wanted.as_of,
        level=wanted.level,
        minimum_count=wanted.minimum_count,
        purpose=wanted.purpose,
        recipient=wanted.recipient,
        renditions=list(wanted.renditions),
        previous=previous,
        requested_by=by.actor,
        requested_at=now,
    )


def cancel_package(package: Package) -> None:
    """Stop a package that is not finished; the worker at it sees so when it next says how far it is."""
    stopped = Package.objects.filter(pk=package.pk, state__in=UNFINISHED).update(state=Package.State.CANCELLED, step="")
    if not stopped:
        raise PackageStateError(package.uid)


def request_again(package: Package, *, by: User, now: datetime) -> Package:
    """Ask for the same scope once more, with what is known by now unless an instant was asked for."""
    return request_package(wanted_of(package), by=by, now=now, previous=package.previous)


def make_requested(package: Package, *, now: datetime) -> None:
    """Make a package, unless it is done or another worker is at it. What a dead worker left is begun again."""
    with turn_at(package) as is_ours:
        unfinished = Package.objects.filter(pk=package.pk, state__in=UNFINISHED)
        if is_ours and unfinished.update(state=Package.State.MAKING):
            make_in_turn(package, now=now)


@contextmanager
def turn_at(package: Package) -> Iterator[bool]:
    """Hold the package's lock as long as this session lives; answer whether it is ours."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_SPACE, package.pk % 2**31])
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_SPACE, package.pk % 2**31])


def make_in_turn(package: Package, *, now: datetime) -> None:
    path = path_of(package)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    making = Making(
        uid=package.uid,
        scope=scope_of(wanted_of(package)),
        actor=package.requested_by,
        now=now,
        tell=lambda step, done, of: tell(package, step=step, done=done, of=of),
    )
    try:
        made = make_package(making, path=path)
    except PackageCancelledError:
        logger.info("package cancelled: uid=%s", package.uid)
        return
    except (MonitoringError, AuditError, OSError) as problem:
        logger.exception("package failed: uid=%s", package.uid)
        end(package, state=Package.State.FAILED, reason=str(problem)[:300], finished_at=now)
        return
    end(
        package,
        state=Package.State.READY,
        finished_at=now,
        sha256=made.sha256,
        size=made.size,
        cases=made.cases,
        keys=dict(made.keys),
    )


def tell(package: Package, *, step: str, done: int, of: int) -> None:
    """Say how far a package is.

    Raises:
        PackageCancelledError: nobody wants it any more.
    """
    making = Package.objects.filter(pk=package.pk, state=Package.State.MAKING)
    if not making.update(step=step[:80], done=done, of=of):
        raise PackageCancelledError(package.uid)


def end(package: Package, **values: object) -> None:
    Package.objects.filter(pk=package.pk, state=Package.State.MAKING).update(step="", **values)


def wanted_of(package: Package) -> Wanted:
    return Wanted(
        product=package.product_id,
        site=package.site_id,
        study=package.study_id,
        signal=package.signal,
        change=package.change,
        since=package.since,
        until=package.until,
        as_of=package.as_of,
        level=package.level,
        minimum_count=package.minimum_count,
        deployments=tuple(package.deployments),
        purpose=package.purpose,
        recipient=package.recipient,
        renditions=tuple(package.renditions),
        previous=path_of_uid(package.previous) if package.previous else None,
    )
