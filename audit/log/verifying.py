"""Verifies a log from the facts up: leaves, tree, tiles, checkpoints, order, completeness.

Streams in batches, so memory stays flat. Whatever is wrong becomes a sentence
that names it; what is right says nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta

from django.db import DEFAULT_DB_ALIAS, connections

from audit.log.findings import Problem, Verification, Witnessed
from audit.log.keyhistory import check_keys
from audit.log.models import Entry, Fact, LogKey, Tile, Tree
from audit.log.queries import fact_tables
from audit.log.rebuilding import Rebuilder, body_from, differences, named
from audit.log.stated import Marks, stated_sizes
from audit.proofs import notes
from audit.proofs.merkle import leaf_hash
from audit.proofs.tiles import WIDTH, Growth, TileError, grow, hashes_in

BATCH_ENTRIES = 16 * WIDTH
CLOCK_TOLERANCE = timedelta(hours=1)


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
    in_tree = leaves_in_tiles(check, first=first, last=last)
    entries = Entry.objects.using(check.using).filter(organisation=check.organisation)
    batch = list(entries.filter(position__gte=first, position__lt=last).order_by("position"))
    facts = rebuilder.facts_of(batch)
    leaves = dict(enumerate(in_tree, start=first))
    for entry in batch:
        leaf = leaf_of(check, entry=entry, fact=facts.get(entry.pk))
        settle_leaf(check, entry=entry, leaf=leaf, leaves=leaves)
        check_clock(check, entry=entry)
    for missing in sorted(set(range(first, last)) - {entry.position for entry in batch}):
        check.wrong(f"The entry at {check.place(missing)} is missing: it was deleted.", position=missing)
    check.advance(len(batch))
    return [leaves.get(position, b"\0" * 32) for position in range(first, last)]


def leaves_in_tiles(check: Verification, *, first: int, last: int) -> list[bytes]:
    tiles = Tile.objects.using(check.using).filter(organisation=check.organisation, level=0)
    wanted = tiles.filter(index__gte=first // WIDTH, index__lt=-(-last // WIDTH)).order_by("index")
    held = {tile.index: hashes_in(bytes(tile.hashes)) for tile in wanted}
    absent = [b"\0" * 32] * WIDTH
    return [(held.get(position // WIDTH, absent) + absent)[position % WIDTH] for position in range(first, last)]


def leaf_of(check: Verification, *, entry: Entry, fact: Fact | None) -> bytes | None:
    """Return the leaf hash that the entry's fact gives, or nothing when it has none; say what differs."""
    where = check.place(entry.position) if entry.position is not None else f"the log of {check.organisation}, waiting"
    if fact is None:
        sentence = f"The entry {entry.kind} {entry.uid} at {where} has no fact: it was deleted."
        check.wrong(sentence, position=entry.position)
        return None
    rebuilt = body_from(fact, entry=entry)
    if rebuilt != bytes(entry.body):
        said = "; ".join(str(each) for each in differences(in_log=bytes(entry.body), in_table=rebuilt))
        sentence = f"The fact {entry.kind} ({named(fact)}, uid {entry.uid}) at {where} was changed: {said}."
        check.wrong(sentence, position=entry.position)
        return None
    return leaf_hash(rebuilt)


def settle_leaf(check: Verification, *, entry: Entry, leaf: bytes | None, leaves: dict[int, bytes]) -> None:
    """Compare a leaf with the tree's. A wrong one was named, so that the tree is followed with its own."""
    position = entry.position
    assert position is not None
    if leaf_hash(bytes(entry.body)) != bytes(entry.leaf_hash):
        check.wrong(f"The entry at {check.place(position)} does not have the hash beside it.", position=position)
    if leaf is not None and leaf != leaves[position]:
        sentence = (
            f"The entry {entry.kind} {entry.uid} at {check.place(position)} is not the leaf in the tree: "
            "fact and entry were changed together, or entries changed places."
        )
        check.wrong(sentence, position=position)


def check_clock(check: Verification, *, entry: Entry) -> None:
    if check.latest and entry.at < check.latest - CLOCK_TOLERANCE:
        sentence = (
            f"The entry {entry.kind} {entry.uid} at {check.place(entry.position or 0)} says {entry.at.isoformat()}, "
            f"before an earlier entry's {check.latest.isoformat()}: a clock was set back, or it was put in later."
        )
        check.wrong(sentence, position=entry.position)
    check.latest = max(check.latest or entry.at, entry.at)


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
    entries = Entry.objects.using(check.using).filter(organisation=check.organisation, position=None).order_by("id")
    after = 0
    while batch := list(entries.filter(id__gt=after)[:BATCH_ENTRIES]):
        facts = rebuilder.facts_of(batch)
        for entry in batch:
            leaf_of(check, entry=entry, fact=facts.get(entry.pk))
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
