"""The follower that keeps cases and daily sums: reads each log from where it stopped, and folds what changed.

Cursor, cases and sums are committed together, so every fact is counted once,
after any crash. One follower works at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from audit.log.models import Entry
from audit.log.queries import entries_after, organisations_in_log
from monitoring.cases.actions import Counter, forget_cases, recount
from monitoring.cases.facts import CountedCase
from monitoring.rollups.binning import Scale, scale_of
from monitoring.rollups.folding import Delta, ScaleOf, fold
from monitoring.rollups.models import Cursor
from monitoring.rollups.storing import add_to_sums, forget_sums
from monitoring.rollups.touching import products_touched, studies_of_products, studies_touched

FOLLOWER = "rollups"
BATCH_ENTRIES = 5_000
CHUNK_STUDIES = 500
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
    batch = list(
        entries_after(organisation=organisation, position=cursor.position, limit=BATCH_ENTRIES).only(
            "id", "kind", "position"
        )
    )
    if not batch:
        return 0
    fold_batch(batch)
    cursor.position = int(batch[-1].position or 0) + 1
    cursor.save(update_fields=["position"])
    return len(batch)


def fold_batch(batch: Sequence[Entry]) -> None:
    studies = studies_touched(batch)
    products = products_touched(batch)
    if studies or products:
        counter = Counter.load()
        for chunk in chunks(studies):
            fold_studies(chunk, counter=counter)
        if products:
            fold_products(products, counter=counter)


def fold_products(products: set[str], *, counter: Counter) -> None:
    after = None
    while some := studies_of_products(products, after=after, limit=CHUNK_STUDIES):
        fold_studies(some, counter=counter)
        after = some[-1]


def fold_studies(studies: Sequence[UUID], *, counter: Counter) -> None:
    delta: Delta = {}
    fold(recount(studies, counter=counter), scale_of=scales(counter), into=delta)
    add_to_sums(delta)


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
