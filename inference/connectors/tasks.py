"""Workers send groups of set-aside rows again; a sweep goes on with those whose message was lost.

The broker is only a hint: how far a repair has come stands in the database.
"""

import logging
from datetime import timedelta

from celery import shared_task
from django.db import OperationalError
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from inference.connectors.repairs import repair_some, unfinished_repairs

logger = logging.getLogger(__name__)
SHARE = timedelta(seconds=20)  # after which a worker lets other tasks of its queue have a turn


@shared_task(queue="default", acks_late=True, autoretry_for=(OperationalError,), retry_backoff=True)
def repair_task(*, repair_id: int) -> None:
    until = timezone.now() + SHARE
    while more := repair_some(repair_id=repair_id, now=timezone.now()):
        if timezone.now() > until:
            break
    if more:
        repair_task.delay(repair_id=repair_id)


@shared_task(queue="default")
def sweep_repairs_task() -> None:
    for repair_id in unfinished_repairs():
        call_worker(repair_id=repair_id)


def call_worker(*, repair_id: int) -> bool:
    """Ask a worker to go on with a repair; return whether the broker could be told."""
    try:
        repair_task.delay(repair_id=repair_id)
    except (BrokerError, OSError) as problem:
        logger.warning("no broker for repair %d: %s", repair_id, type(problem).__name__)
        return False
    return True
