"""Workers of the queue `gpu` take a share of a run; a sweep calls for help where a worker fell silent.

The broker is only a hint: a lost message loses nothing, a second one doubles
nothing, since leases in the database say what is to be done.
"""

import logging
from datetime import timedelta

from celery import shared_task
from django.db import OperationalError
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from inference.rescoring.queries import runs_that_need_workers, waiting_items

logger = logging.getLogger(__name__)

SHARE = timedelta(seconds=20)  # after which a worker lets other tasks of its queue have a turn
ITEMS_PER_CALL = 64
MOST_CALLS = 8


@shared_task(queue="gpu", acks_late=True, autoretry_for=(OperationalError,), retry_backoff=True)
def rescore_run_task(*, run_id: int) -> None:
    # The one late import we allow: it keeps torch out of the web process.
    from inference.rescoring.scoring import score_run, worker_name  # noqa: PLC0415

    more = score_run(run_id=run_id, worker=worker_name(), until=timezone.now() + SHARE)
    if more and waiting_items(run_id=run_id):
        rescore_run_task.delay(run_id=run_id)


@shared_task(queue="default")
def sweep_task() -> None:
    """Call workers for runs whose items wait or whose leases have run out."""
    for run_id in runs_that_need_workers(now=timezone.now()):
        call_workers(run_id=run_id, calls=1)


def call_workers(*, run_id: int, calls: int | None = None) -> bool:
    """Ask workers to take their share; return whether the broker could be told."""
    if calls is None:
        calls = min(MOST_CALLS, 1 + waiting_items(run_id=run_id) // ITEMS_PER_CALL)
    try:
        for _ in range(calls):
            rescore_run_task.delay(run_id=run_id)
    except (BrokerError, OSError) as problem:
        logger.warning("no broker for run %d: %s", run_id, type(problem).__name__)
        return False
    return True
