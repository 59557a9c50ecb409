"""The follower that keeps cases and daily sums: reads each log from where it stopped, and folds what changed.

Cursor, cases and sums are committed together, so every fact is counted once,
after any crash. One follower works at a time.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import chain
from uuid import UUID

from django.db import connection, transaction

from audit.log.queries import entries_after, organisations_in_log
from monitoring.cases.actions import Counter, forget_cases, recount
from monitoring.cases.facts import CountedCase
from monitoring.rollups.binning import Scale, scale_of
from monitoring.rollups.folding import Delta, ScaleOf, fold
from monitoring.rollups.models import Cursor
from monitoring.rollups.storing import add_to_sums, forget_sums
from monitoring.rollups.touching import Stretch, products_touched, studies_of_products, studies_touched

FOLLOWER = "rollups"
BATCH_ENTRIES = 50_000
CHUNK_STUDIES = 500
MOST_SLICES = 100_000
LOCK = 0x5244_524F

logger = logging.getLogger(__name__)


def follow(*, now: datetime) -> int:
    """Fold everything the logs hold after the cursors and return how many entries that were."""
    return sum(follow_organisation(organisation) for organisation in organisations_in_log())


def follow_organisation(organisation: str) -> int:
    folded = 0
    while read := follow_batch(organisation):
        folded += read
        logger.info("entries folded: organisation=%s entries=%d", organisation, read)
    return folded


@transaction.atomic
def follow_batch(organisation: str) -> int:
    """Fold one batch of a log, cursor included, and return its size."""
    wait_for_turn()
    cursor, _ = Cursor.objects.get_or_create(follower=FOLLOWER, organisation=organisation)
    waiting = entries_after(organisation=organisation, position=cursor.position, limit=BATCH_ENTRIES)
    positions = list(waiting.values_list("position", flat=True))
    if not positions:
        return 0
    stretch = Stretch(organisation=organisation, first=cursor.position, end=int(positions[-1] or 0) + 1)
    fold_stretch(stretch)
    cursor.position = stretch.end
    cursor.save(update_fields=["position"])
    return len(positions)


def fold_stretch(stretch: Stretch) -> None:
    products = products_touched(stretch)
    studies = chain(chunks(studies_touched(stretch)), chunks_of_products(products))
    counter = Counter.load()
    delta: Delta = {}
    scale = scales(counter)
    with collection_paused():
        for chunk in studies:
            fold(recount(chunk, counter=counter), scale_of=scale, into=delta)
            if len(delta) > MOST_SLICES:
                add_to_sums(delta)
                delta.clear()
        add_to_sums(delta)


@contextmanager
def collection_paused() -> Iterator[None]:
    """Let no garbage be looked for: the values of a fold have no cycles, and there are very many of them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def chunks_of_products(products: set[str]) -> Iterator[Sequence[UUID]]:
    after = None
    while products and (some := studies_of_products(products, after=after, limit=CHUNK_STUDIES)):
        yield some
        after = some[-1]


def scales(counter: Counter) -> ScaleOf:
    def scale(case: CountedCase) -> Scale:
        finding = counter.deployments[case.deployment_id].findings.get(case.finding)
        return scale_of(finding.scale, finding.range) if finding else scale_of("raw", None)

    return scale


def chunks(studies: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(studies), CHUNK_STUDIES):
        yield studies[start : start + CHUNK_STUDIES]


def wait_for_turn() -> None:
    """Take the follower's lock until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


@transaction.atomic
def rebuild() -> None:
    """Make cases and sums again from the facts; the cursors stand at the end of each log."""
    wait_for_turn()
    forget_cases()
    forget_sums()
    Cursor.objects.filter(follower=FOLLOWER).delete()
    for organisation in organisations_in_log():
        while follow_batch(organisation):
            pass
