"""The follower that keeps cases and their sums: reads each log from where it stopped, and folds what changed.

Cursor, cases and sums are committed together, so every fact is counted once,
after any crash. One follower works at a time.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max

from audit.log.actions import record_facts
from audit.log.models import Act, Entry
from audit.log.queries import organisations_in_log
from monitoring.cases.actions import Counter, forget_cases, recount
from monitoring.rollups.binning import DESIGN, Scale, scale_of
from monitoring.rollups.folding import Delta, fold
from monitoring.rollups.models import Cursor
from monitoring.rollups.storing import ScaleOf, add_to_sums, forget_sums
from monitoring.rollups.touching import Stretch, products_touched, studies_of_products, studies_touched

FOLLOWER = "rollups"
BATCH_ENTRIES = 50_000
CHUNK_STUDIES = 2_000
MOST_WAITING = 120_000
MOST_SEEN = 200_000
LOCK = 0x5244_524F

logger = logging.getLogger(__name__)


def follow(*, now: datetime) -> int:
    """Fold everything the logs hold after the cursors and return how many entries that were.

    What registrations change comes first, so that no study is counted twice for it. Sums of another design
    are made again before anything.
    """
    if Cursor.objects.filter(follower=FOLLOWER).exclude(design=DESIGN).exists():
        logger.info("rollups of another design: made again from the facts as design %d", DESIGN)
        rebuild()
    ends = {organisation: log_size(organisation) for organisation in organisations_in_log()}
    waiting = [stretch_of(organisation, end=end) for organisation, end in ends.items()]
    recount_products(set().union(*(products_touched(stretch) for stretch in waiting)))
    return sum(follow_organisation(organisation, end=end) for organisation, end in ends.items())


def note_design(organisations: Iterable[str], *, now: datetime) -> None:
    """Log by which design the sums of organisations are kept, once for each design; before they are first followed."""
    kept = set(Cursor.objects.filter(follower=FOLLOWER, design=DESIGN).values_list("organisation", flat=True))
    for organisation in sorted(set(organisations) - kept):
        act = Act(organisation=organisation, subject="rollups", details={"design": DESIGN}, received_at=now)
        uid = f"{FOLLOWER}-{DESIGN}"
        record_facts([(act, uid)], scope=f"organisation/{organisation}", kind="rollup.designed", actor="system")


def follow_organisation(organisation: str, *, end: int) -> int:
    folded, seen = 0, Seen()
    while read := follow_batch(organisation, end=end, seen=seen):
        folded += read
        logger.info("entries folded: organisation=%s entries=%d", organisation, read)
    return folded


def stretch_of(organisation: str, *, end: int) -> Stretch:
    cursor = Cursor.objects.filter(follower=FOLLOWER, organisation=organisation).first()
    return Stretch(organisation=organisation, first=cursor.position if cursor else 0, end=end)


def recount_products(products: set[str]) -> None:
    """Count the studies of products again, a chunk in each transaction: doing it twice changes nothing."""
    after = None
    while products and (some := studies_of_products(products, after=after, limit=CHUNK_STUDIES)):
        with transaction.atomic():
            wait_for_turn()
            fold_studies(some)
        after = some[-1]


@dataclass(slots=True)
class Seen:
    """How long the log was when a study was last counted: entries below that were in the count already."""

    sizes: dict[UUID, int] = field(default_factory=dict)

    def fresh(self, places: Mapping[UUID, int]) -> list[UUID]:
        """Return the studies with an entry that their last count may not have known."""
        return [study for study, place in places.items() if place >= self.sizes.get(study, 0)]

    def note(self, studies: Sequence[UUID], *, size: int) -> None:
        if len(self.sizes) > MOST_SEEN:
            self.sizes.clear()
        self.sizes.update(dict.fromkeys(studies, size))


@transaction.atomic
def follow_batch(organisation: str, *, end: int, seen: Seen) -> int:
    """Fold one batch of a log, cursor included, and return its size."""
    wait_for_turn()
    cursor, _ = Cursor.objects.get_or_create(follower=FOLLOWER, organisation=organisation, defaults={"design": DESIGN})
    size, last = log_size(organisation), min(end, cursor.position + BATCH_ENTRIES)
    if cursor.position >= last:
        return 0
    stretch = Stretch(organisation=organisation, first=cursor.position, end=last)
    studies = seen.fresh(studies_touched(stretch))
    fold_studies(studies)
    seen.note(studies, size=size)
    cursor.position = last
    cursor.save(update_fields=["position"])
    return last - stretch.first


def fold_studies(studies: Sequence[UUID]) -> None:
    if not studies:
        return
    counter, delta = Counter.load(), Delta()
    scale = scales(counter)
    with collection_paused():
        for chunk in chunks(studies):
            fold(recount(chunk, counter=counter), into=delta)
            if delta.size > MOST_WAITING:
                add_to_sums(delta, scale_of=scale)
                delta.clear()
        add_to_sums(delta, scale_of=scale)


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


def scales(counter: Counter) -> ScaleOf:
    def scale(deployment: str, finding: str) -> Scale:
        found = counter.deployments[deployment].findings.get(finding)
        return scale_of(found.scale, found.range) if found else scale_of("raw", None)

    return scale


def chunks(studies: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(studies), CHUNK_STUDIES):
        yield studies[start : start + CHUNK_STUDIES]


def log_size(organisation: str) -> int:
    """Return how many entries of a log have a position; all of them are committed."""
    last = Entry.objects.filter(organisation=organisation, position__isnull=False).aggregate(last=Max("position"))
    return 0 if last["last"] is None else int(last["last"]) + 1


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
        follow_organisation(organisation, end=log_size(organisation))
