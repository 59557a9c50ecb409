"""Who works on what: items are leased in batches, and a lease runs out unless its worker renews it.

A worker that dies leaves its items leased; once the lease is over, whoever
asks next gets them. Two workers never hold the same item: rows that another
transaction is taking are skipped.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from inference.rescoring.models import RescoreItem

LEASE = timedelta(seconds=30)
RENEW_EVERY = timedelta(seconds=8)
MOST_ATTEMPTS = 5
State = RescoreItem.State


def leasable(items: QuerySet[RescoreItem], *, now: datetime) -> QuerySet[RescoreItem]:
    """Return the items that wait, or whose worker has been silent for a lease; worn-out ones no longer."""
    return abandoned(items, now=now).filter(attempts__lt=MOST_ATTEMPTS)


def abandoned(items: QuerySet[RescoreItem], *, now: datetime) -> QuerySet[RescoreItem]:
    return items.filter(Q(state=State.WAITING) | Q(state=State.LEASED, leased_until__lt=now))


@transaction.atomic
def lease(*, run_id: int, worker: str, size: int, now: datetime) -> Sequence[int]:
    """Take up to `size` items for a worker and return their ids."""
    free = leasable(RescoreItem.objects.filter(run_id=run_id), now=now).order_by("pk")
    taken = list(free.select_for_update(skip_locked=True).values_list("pk", flat=True)[:size])
    RescoreItem.objects.filter(pk__in=taken).update(
        state=State.LEASED, worker=worker, leased_until=now + LEASE, attempts=F("attempts") + 1
    )
    return taken


def fail_worn_out(*, run_id: int, now: datetime) -> int:
    """Close the items that took down every worker that tried, and return how many."""
    worn = abandoned(RescoreItem.objects.filter(run_id=run_id), now=now).filter(attempts__gte=MOST_ATTEMPTS)
    reason = f"{MOST_ATTEMPTS} workers tried and none came back with a result"
    return worn.update(state=State.FAILED, reason=reason, leased_until=None, finished_at=now)


def renew(*, items: Sequence[int], worker: str, now: datetime) -> int:
    """Keep the items that are still this worker's and return how many are."""
    own = RescoreItem.objects.filter(pk__in=items, worker=worker, state=State.LEASED)
    return own.update(leased_until=now + LEASE)


def give_up(*, items: Sequence[int], worker: str) -> None:
    """Put the items back that a worker took and will not finish."""
    own = RescoreItem.objects.filter(pk__in=items, worker=worker, state=State.LEASED)
    own.update(state=State.WAITING, worker="", leased_until=None)


@contextmanager
def heartbeat(*, items: Sequence[int], worker: str) -> Iterator[None]:
    """Renew the leases from a thread of its own while the block runs, however long it computes."""
    stop = threading.Event()
    thread = threading.Thread(target=_beat, kwargs={"items": items, "worker": worker, "stop": stop}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _beat(*, items: Sequence[int], worker: str, stop: threading.Event) -> None:
    try:
        while not stop.wait(RENEW_EVERY.total_seconds()):
            renew(items=items, worker=worker, now=timezone.now())
    finally:
        connection.close()
