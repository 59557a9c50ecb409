"""Verifies a log from the facts up: leaves, tree, tiles, checkpoints, order, completeness.

Streams in batches, so memory stays flat. Whatever is wrong becomes a sentence
that names it; what is right says nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from django.db import DEFAULT_DB_ALIAS, connections

from audit.log.findings import Problem, Verification, Witnessed
from audit.log.keyhistory import check_keys
from audit.log.models import Entry, LogKey, Tile, Tree
from audit.log.queries import fact_tables
from audit.log.rebuilding import Rebuilder, differences
from audit.log.stated import Marks, stated_sizes
from audit.log.stored import EntryRow, FactRow, placed_entries, waiting_entries
from audit.proofs import notes
from audit.proofs.canonical import CanonicalError
from audit.proofs.merkle import leaf_hash
from audit.proofs.tiles import WIDTH, Growth, TileError, grow, hashes_in

BATCH_ENTRIES = 16 * WIDTH
CLOCK_TOLERANCE, MICROSECOND = timedelta(hours=1), timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def verify_log(
    organisation: str,
    *,
    witnessed: Sequence[Witnessed] = (),
    using: str = DEFAULT_DB_ALIAS,
    advance: Callable[[int], None] = lambda count: None,
) -> Iterator[Problem]:
    """Yield everything that is wrong with one organisation's log, in the order it is found."""
    tree = Tree.objects.using(using).filter(organisation=organisation).first()
    check = Verification(organisation=organisation, using=using, advance=advance)
    keys = [notes.PublicKey(name=key.origin, key=bytes(key.public_key)) for key in keys_of(check)]
    yield from check_keys(organisation, using=using)
    rebuilder = Rebuilder(using=using)
    marks = Marks(check=check, stated=stated_sizes(check, keys=keys, witnessed=witnessed))
    for first in range(0, tree.size if tree else 0, BATCH_ENTRIES):
        last = min(first + BATCH_ENTRIES, tree.size if tree else 0)
        leaves = read_leaves(check, rebuilder=rebuilder, first=first, last=last)
        marks.pass_by(leaves)
        compare_tiles(check, leaves=leaves)
        yield from drained(check)
    marks.finish()
    compare_tree(check, tree=tree)
    check_waiting(check, rebuilder=rebuilder)
    yield from drained(check)


def drained(check: Verification) -> Iterator[Problem]:
    found, check.problems = check.problems, []
    yield from found


def keys_of(check: Verification) -> Iterable[LogKey]:
    return LogKey.objects.using(check.using).filter(organisation=check.organisation).order_by("id")


# 1. The leaves, from the facts.


def read_leaves(check: Verification, *, rebuilder: Rebuilder, first: int, last: int) -> list[bytes]:
    """Return the leaf hashes of these positions as the facts give them; where they cannot, as the tree has them."""
    leaves = leaves_in_tiles(check, first=first, last=last)
    batch = placed_entries(check.organisation, first=first, last=last, using=check.using)
    facts = rebuilder.facts_of(batch)
    for entry in batch:
        leaf = leaf_of(check, entry=entry, fact=facts.get(entry.pk), rebuilder=rebuilder)
        settle_leaf(check, entry=entry, leaf=leaf, in_tree=leaves[(entry.position or 0) - first])
        check_clock(check, entry=entry)
    if len(batch) != last - first:
        for missing in sorted(set(range(first, last)) - {entry.position for entry in batch}):
            check.wrong(f"The entry at {check.place(missing)} is missing: it was deleted.", position=missing)
    check.advance(len(batch))
    return leaves


def leaves_in_tiles(check: Verification, *, first: int, last: int) -> list[bytes]:
    tiles = Tile.objects.using(check.using).filter(organisation=check.organisation, level=0)
    wanted = tiles.filter(index__gte=first // WIDTH, index__lt=-(-last // WIDTH)).order_by("index")
    held = {tile.index: hashes_in(bytes(tile.hashes)) for tile in wanted}
    absent = [b"\0" * 32] * WIDTH
    leaves: list[bytes] = []
    for index in range(first // WIDTH, -(-last // WIDTH)):
        leaves += (held.get(index, []) + absent)[:WIDTH]
    return leaves[first % WIDTH :][: last - first]


def leaf_of(check: Verification, *, entry: EntryRow, fact: FactRow | None, rebuilder: Rebuilder) -> bytes | None:
    """Return the leaf hash that the entry's fact gives, or nothing when it has none; say what differs."""
    if fact is None:
        sentence = f"The entry {entry.kind} {entry.uid} at {where(check, entry)} has no fact: it was deleted."
        check.wrong(sentence, position=entry.position)
        return None
    name = f"The fact {entry.kind} ({fact.name}, uid {entry.uid}) at {where(check, entry)}"
    try:
        rebuilt = rebuilder.body_of(fact, entry=entry)
    except CanonicalError as error:
        check.wrong(f"{name} was changed: it holds what no entry can, {error}.", position=entry.position)
        return None
    if rebuilt != entry.body:
        said = "; ".join(str(each) for each in differences(in_log=entry.body, in_table=rebuilt))
        check.wrong(f"{name} was changed: {said}.", position=entry.position)
        return None
    if fact.received_at != entry.at:
        sentence = f"{name} was received at {fact.received_at}, but the row of its entry says {entry.at}."
        check.wrong(sentence, position=entry.position)
    return leaf_hash(rebuilt)


def where(check: Verification, entry: EntryRow) -> str:
    return f"the log of {check.organisation}, waiting" if entry.position is None else check.place(entry.position)


def settle_leaf(check: Verification, *, entry: EntryRow, leaf: bytes | None, in_tree: bytes) -> None:
    """Compare a leaf with the tree's. A wrong one was named, so that the tree is followed with its own."""
    if (leaf or leaf_hash(entry.body)) != entry.leaf_hash:
        sentence = f"The entry at {where(check, entry)} does not have the hash beside it."
        check.wrong(sentence, position=entry.position)
    if leaf is not None and leaf != in_tree:
        sentence = (
            f"The entry {entry.kind} {entry.uid} at {where(check, entry)} is not the leaf in the tree: "
            "fact and entry were changed together, or entries changed places."
        )
        check.wrong(sentence, position=entry.position)


def check_clock(check: Verification, *, entry: EntryRow) -> None:
    if entry.microseconds < check.latest - CLOCK_TOLERANCE // MICROSECOND:
        latest = EPOCH + check.latest * MICROSECOND
        sentence = (
            f"The entry {entry.kind} {entry.uid} at {where(check, entry)} says "
            f"{(EPOCH + entry.microseconds * MICROSECOND).isoformat()}, before an earlier entry's "
            f"{latest.isoformat()}: a clock was set back, or it was put in later."
        )
        check.wrong(sentence, position=entry.position)
    check.latest = max(check.latest, entry.microseconds)


# 2. The tree and its tiles.


def compare_tiles(check: Verification, *, leaves: Sequence[bytes]) -> None:
    """Grow the tiles from the leaves and compare them with the stored ones."""
    try:
        growth = grow(size=check.size - len(leaves), leaves=leaves, edge=check.edge)
    except TileError as error:
        check.wrong(f"The tiles of the log of {check.organisation} do not fit together: {error}.")
        return
    check.edge |= {level: hashes for (level, _), hashes in growth.tiles.items()}
    check.edge = {level: hashes for level, hashes in check.edge.items() if len(hashes) < WIDTH * 32}
    for (level, index), hashes in stored_tiles(check, growth=growth).items():
        made = growth.tiles[level, index]
        if hashes[: len(made)] != made:
            check.wrong(f"The tile {level}/{index} of the log of {check.organisation} is not that of its entries.")


def stored_tiles(check: Verification, *, growth: Growth) -> dict[tuple[int, int], bytes]:
    levels, indexes = zip(*growth.tiles, strict=True)
    statement = """
        SELECT made.level, made.index, COALESCE(tile.hashes, ''::bytea)
        FROM unnest(%s::smallint[], %s::bigint[]) AS made (level, index)
        LEFT JOIN audit_tile AS tile
            ON tile.organisation = %s AND tile.level = made.level AND tile.index = made.index
    """
    with connections[check.using].cursor() as cursor:
        cursor.execute(statement, [list(levels), list(indexes), check.organisation])
        return {(level, index): bytes(hashes) for level, index, hashes in cursor.fetchall()}


def compare_tree(check: Verification, *, tree: Tree | None) -> None:
    last = Entry.objects.using(check.using).filter(organisation=check.organisation, position__gte=check.size)
    newest = Tree.objects.using(check.using).filter(organisation=check.organisation).first()
    grown = newest.size if newest else 0
    beyond = list(last.filter(position__gte=grown).order_by("position").values_list("position", flat=True)[:1])
    if beyond:
        check.wrong(
            f"The log of {check.organisation} has an entry at position {beyond[0]}, beyond its tree of {grown}."
        )
    if tree and b"".join(check.frontier) != bytes(tree.frontier):
        check.wrong(f"The frontier of the log of {check.organisation} is not that of its {tree.size} entries.")


# 3. What waits, and what has no entry.


def check_waiting(check: Verification, *, rebuilder: Rebuilder) -> None:
    """Entries that have no place yet are held to their facts as well."""
    after = 0
    while batch := waiting_entries(check.organisation, after=after, limit=BATCH_ENTRIES, using=check.using):
        facts = rebuilder.facts_of(batch)
        for entry in batch:
            leaf_of(check, entry=entry, fact=facts.get(entry.pk), rebuilder=rebuilder)
        check.advance(len(batch))
        after = batch[-1].pk


def facts_without_entry(*, using: str = DEFAULT_DB_ALIAS) -> Iterator[Problem]:
    """Yield the facts of all tables that no entry proves, and those that name another organisation than theirs."""
    for table in fact_tables():
        name = table._meta.db_table
        statement = (
            f"SELECT fact.id, fact.organisation, entry.id IS NULL FROM {name} AS fact "  # noqa: S608
            "LEFT JOIN audit_entry AS entry ON entry.id = fact.entry_id "
            "WHERE entry.id IS NULL OR entry.organisation <> fact.organisation ORDER BY fact.id"
        )
        with connections[using].cursor() as cursor:
            cursor.execute(statement)
            for pk, organisation, is_bare in cursor.fetchall():
                state = (
                    "has no entry: it was put in past the log" if is_bare else "stands in another organisation's log"
                )
                yield Problem(organisation=organisation, sentence=f"The fact {name} row {pk} {state}.")


def facts_sharing_an_entry(*, using: str = DEFAULT_DB_ALIAS) -> Iterator[Problem]:
    """Yield the entries that facts of two tables claim; within one table a constraint forbids it."""
    tables = [table._meta.db_table for table in fact_tables()]
    facts = " UNION ALL ".join(f"SELECT entry_id, '{name}' AS name FROM {name}" for name in tables)  # noqa: S608
    statement = f"""
        SELECT entry.organisation, entry.position, string_agg(fact.name, ' and ' ORDER BY fact.name)
        FROM ({facts}) AS fact JOIN audit_entry AS entry ON entry.id = fact.entry_id
        GROUP BY entry.id HAVING count(*) > 1 ORDER BY entry.id
    """  # noqa: S608
    with connections[using].cursor() as cursor:
        cursor.execute(statement)
        for organisation, position, names in cursor.fetchall():
            sentence = f"The entry at position {position} of the log of {organisation} has facts in {names}."
            yield Problem(organisation=organisation, sentence=sentence, position=position)
