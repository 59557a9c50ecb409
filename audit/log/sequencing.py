"""The sequencer: gives committed entries their place and grows each organisation's tree.

One tree, one lock and one frontier per organisation. Positions, tiles and tree
change in one transaction, so a crash at any statement leaves either all or nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.db import connections, transaction

from audit.errors import ForkedLogError
from audit.log.models import Entry, Tree
from audit.log.signing import signer_for, using
from audit.proofs.tiles import WIDTH, Growth, TileError, grow

BATCH_ENTRIES = 16_384
LOCK_SPACE = 0x52414456  # "RADV": the first half of every lock that a sequencer takes

TAKE_LOCK = "SELECT pg_advisory_xact_lock(%s, hashtext(%s))"

FIND_WAITING = """
    SELECT id, leaf_hash FROM audit_entry WHERE organisation = %s AND position IS NULL ORDER BY id LIMIT %s
"""

# Entries come in blocks, so most of a batch are a few runs of neighbouring ids, each moved by one shift.
GIVE_POSITIONS = """
    UPDATE audit_entry SET position = audit_entry.id + run.shift
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS run (first, last, shift)
    WHERE audit_entry.id BETWEEN run.first AND run.last
        AND audit_entry.organisation = %s AND audit_entry.position IS NULL
"""

READ_TILES = """
    SELECT tile.level, tile.hashes FROM audit_tile AS tile
    JOIN unnest(%s::smallint[], %s::bigint[]) AS edge (level, index) USING (level, index)
    WHERE tile.organisation = %s
"""

WRITE_TILES = """
    INSERT INTO audit_tile (organisation, level, index, hashes)
    SELECT %s, * FROM unnest(%s::smallint[], %s::bigint[], %s::bytea[])
    ON CONFLICT (organisation, level, index) DO UPDATE SET hashes = EXCLUDED.hashes
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequenced:
    """What one batch did: how many entries got their place, and whether more may be waiting."""

    count: int
    is_full: bool


def sequence(*, now: datetime) -> int:
    """Give every committed entry without a position its place, and return how many got one.

    Entries that are written meanwhile may wait for the next call. Where another sequencer is
    at work this one waits for its batch: afterwards nothing that was committed before has no place.
    """
    return sum(sequence_log(organisation, now=now) for organisation in waiting_organisations())


def waiting_organisations() -> list[str]:
    entries = Entry.objects.using(using()).filter(position=None)
    return sorted(entries.values_list("organisation", flat=True).distinct())


def sequence_log(organisation: str, *, now: datetime) -> int:
    total = 0
    while True:
        batch = sequence_batch(organisation, now=now)
        total += batch.count
        if not batch.is_full:
            return total


def sequence_batch(organisation: str, *, now: datetime) -> Sequenced:
    """Place one batch of one log, in one transaction."""
    with transaction.atomic(using=using()):
        take_lock(organisation)
        tree = tree_of(organisation, now=now)
        leaves = give_positions(organisation, first=tree.size)
        if leaves:
            growth = grown(tree, leaves=leaves)
            write_tiles(organisation, tiles=growth.tiles)
            write_tree(organisation, growth=growth)
    return Sequenced(count=len(leaves), is_full=len(leaves) == BATCH_ENTRIES)


def take_lock(organisation: str) -> None:
    with connections[using()].cursor() as cursor:
        cursor.execute(TAKE_LOCK, [LOCK_SPACE, organisation])


def tree_of(organisation: str, *, now: datetime) -> Tree:
    """Return the log's tree; its first entry is the key that will sign it."""
    trees = Tree.objects.using(using())
    tree = trees.filter(organisation=organisation).first()
    if tree is None:
        signer_for(organisation, now=now)
        tree = trees.create(organisation=organisation)
    return tree


def give_positions(organisation: str, *, first: int) -> list[bytes]:
    """Number the oldest waiting entries from `first` on and return their leaf hashes in order."""
    with connections[using()].cursor() as cursor:
        # Where statistics take the log for empty, it would be read whole for every batch.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(FIND_WAITING, [organisation, BATCH_ENTRIES])
        waiting = cursor.fetchall()
        if waiting:
            runs = runs_of([pk for pk, _ in waiting], first=first)
            cursor.execute(GIVE_POSITIONS, [*map(list, zip(*runs, strict=True)), organisation])
            if cursor.rowcount != len(waiting):
                raise ForkedLogError(organisation)
        cursor.execute("SET LOCAL enable_seqscan = on")
    return [bytes(leaf) for _, leaf in waiting]


def runs_of(ids: Sequence[int], *, first: int) -> list[tuple[int, int, int]]:
    """Return the runs of neighbours in ascending ids, each with what makes positions from `first` on of its ids."""
    runs: list[tuple[int, int, int]] = []
    for shift, together in groupby(enumerate(ids, start=first), key=lambda pair: pair[0] - pair[1]):
        members = [pk for _, pk in together]
        runs.append((members[0], members[-1], shift))
    return runs


def grown(tree: Tree, *, leaves: list[bytes]) -> Growth:
    try:
        return grow(size=tree.size, leaves=leaves, edge=read_edge(tree))
    except TileError as error:
        raise ForkedLogError(tree.organisation) from error


def read_edge(tree: Tree) -> Mapping[int, bytes]:
    """Return the partial tile of each level, in one query."""
    edge: list[tuple[int, int]] = []
    level, count = 0, tree.size
    while count:
        if count % WIDTH:
            edge.append((level, count // WIDTH))
        level, count = level + 1, count // WIDTH
    if not edge:
        return {}
    levels, indexes = zip(*edge, strict=True)
    with connections[using()].cursor() as cursor:
        cursor.execute(READ_TILES, [list(levels), list(indexes), tree.organisation])
        return {level: bytes(hashes) for level, hashes in cursor.fetchall()}


def write_tiles(organisation: str, *, tiles: Mapping[tuple[int, int], bytes]) -> None:
    levels, indexes = zip(*tiles, strict=True)
    with connections[using()].cursor() as cursor:
        cursor.execute(WRITE_TILES, [organisation, list(levels), list(indexes), list(tiles.values())])


def write_tree(organisation: str, *, growth: Growth) -> None:
    tree = Tree.objects.using(using()).filter(organisation=organisation)
    tree.update(size=growth.size, frontier=b"".join(growth.frontier))
