"""Waiting for a run: calls workers again where leases ran out, and scores here when no worker comes.

A run counts as left alone when for `patience` nothing of it was leased or
closed; then this process takes what is left as any worker would.
"""

import time
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from inference.rescoring.actions import finish_run
from inference.rescoring.models import RescoreRun
from inference.rescoring.queries import Progress, progress_of, runs_that_need_workers
from inference.rescoring.tasks import call_workers

PATIENCE = timedelta(seconds=20)
LOOK_EVERY_SECONDS = 1.0
CALL_EVERY = timedelta(seconds=10)


def wait_for(
    run: RescoreRun,
    *,
    progressed: Callable[[Progress], None],
    left_alone: Callable[[], None],
    patience: timedelta = PATIENCE,
) -> Progress:
    """Return how the run ended. `left_alone` is told before this process scores anything itself."""
    closed, moved_at = -1, timezone.now()
    called_at = moved_at
    while True:
        now = timezone.now()
        progress = progress_of(run, now=now)
        progressed(progress)
        if progress.closed == progress.items:
            return settled(run)
        if progress.closed > closed or progress.workers:
            closed, moved_at = progress.closed, now
        if now - moved_at >= patience:
            left_alone()
            score_here(run, progressed=progressed)
            moved_at = timezone.now()
        elif now - called_at >= CALL_EVERY and run.pk in runs_that_need_workers(now=now):
            call_workers(run_id=run.pk, calls=1)
            called_at = now
        time.sleep(LOOK_EVERY_SECONDS)


def score_here(run: RescoreRun, *, progressed: Callable[[Progress], None]) -> None:
    # The one late import we allow: it keeps torch out of processes that only wait.
    from inference.rescoring.scoring import score_run, worker_name  # noqa: PLC0415

    while score_run(run_id=run.pk, worker=worker_name(), until=timezone.now()):
        progress = progress_of(run, now=timezone.now())
        progressed(progress)
        if not progress.waiting:
            return


def settled(run: RescoreRun) -> Progress:
    """Close the run if its last worker died before it could."""
    finish_run(run_id=run.pk, now=timezone.now())
    run.refresh_from_db()
    return progress_of(run, now=timezone.now())
