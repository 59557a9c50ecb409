"""Checks one log of a package: its signed checkpoint, its tiles, and that every entry is a leaf of the signed tree."""

from __future__ import annotations

import base64
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from audit.proofs import notes
from audit.proofs.canonical import parse_json
from audit.proofs.merkle import HASH_BYTES, root, verify_consistency
from audit.proofs.tiles import WIDTH, TiledTree, TileError, consistency_from_tiles, hashes_in, tile_width
from audit.verification.findings import Report, UnreadableError
from audit.verification.opening import READ_ERRORS, Package

LOGS = "data/logs/"
TILE_BYTES = WIDTH * HASH_BYTES
LARGEST_LINE = 70_000


@dataclass(slots=True, kw_only=True)
class Log:
    """One log of the package as far as it was checked."""

    organisation: str
    key: notes.PublicKey
    checkpoint: notes.Checkpoint
    positions: array = field(default_factory=lambda: array("Q"))  # type: ignore[type-arg]

    def file(self, name: str) -> str:
        return f"{LOGS}{self.organisation}/{name}"


def logs_of(package: Package) -> list[str]:
    return sorted({name.removeprefix(LOGS).split("/", 1)[0] for name in package.sizes if name.startswith(LOGS)})


def check_log(
    package: Package, organisation: str, *, pins: Sequence[str], kept: Sequence[bytes], report: Report
) -> Log | None:
    """Return the log when its checkpoint and tiles hold; entries are checked as they are read."""
    try:
        log = open_log(package, organisation, pins=pins, report=report)
        tree = checked_tree(package, log, report=report)
        for note in kept:
            check_kept(note, log=log, tree=tree, report=report)
        log.positions = read_positions(package, log)
    except (UnreadableError, KeyError, TypeError, OverflowError, *READ_ERRORS) as error:
        report.wrong(f"The log of {organisation} does not hold: {error}.")
        return None
    return log


def open_log(package: Package, organisation: str, *, pins: Sequence[str], report: Report) -> Log:
    folder = f"{LOGS}{organisation}/"
    key = notes.parse_public_key(package.read(folder + "key").decode())
    if key.fingerprint not in pins:
        report.unpinned.append(organisation)
    checkpoint = notes.open_checkpoint(package.read(folder + "checkpoint"), keys=[key])
    if checkpoint.origin.rsplit("/", 1)[-1] != organisation:
        raise notes.NoteError(f"its checkpoint is that of another log, {checkpoint.origin}")
    return Log(organisation=organisation, key=key, checkpoint=checkpoint)


# 1. Tiles: the upper levels in memory (1/256 of the tree), the lowest read as the entries pass.


@dataclass(slots=True)
class Tiles:
    """The tiles in the package: per level, the index of each tile in the level's file, in order."""

    package: Package
    log: Log
    indexes: dict[int, list[int]]

    def read(self, level: int, index: int) -> bytes:
        held = self.indexes.get(level, [])
        place = position_in(held, index)
        if place is None:
            raise TileError(f"tile {level}/{index} is not in the package")
        with self.package.open(self.log.file(f"tiles/{level}.bin")) as file:
            skip(file, place * TILE_BYTES)
            return file.read(TILE_BYTES)


def position_in(held: list[int], index: int) -> int | None:
    place = bisect_left(held, index)
    return place if place < len(held) and held[place] == index else None


def skip(file: object, count: int) -> None:
    file.seek(count)  # type: ignore[attr-defined]


def checked_tree(package: Package, log: Log, *, report: Report) -> TiledTree:
    """Return the tree of the package's tiles, whose root is the signed one and whose tiles all lie in it."""
    tiles = Tiles(package=package, log=log, indexes=tile_indexes(package, log))
    tree = TiledTree(size=log.checkpoint.size, read_tile=tiles.read)
    if tree.root() != log.checkpoint.root:
        raise TileError("its tiles do not have the root of its checkpoint")
    check_levels(tiles, report=report)
    return tree


def tile_indexes(package: Package, log: Log) -> dict[int, list[int]]:
    stated = parse_json(package.read(log.file("tiles.json"), most=64 * 1024 * 1024))
    indexes: dict[int, list[int]] = {}
    for level, ranges in stated.items():
        if sum(last - first + 1 for first, last in ranges) > 1 + (log.checkpoint.size >> 8):
            raise TileError(f"level {level} lists more tiles than the tree has")
        numbers = [index for first, last in ranges for index in range(first, last + 1)]
        if numbers != sorted(set(numbers)):
            raise TileError(f"the tiles of level {level} are not in order")
        indexes[int(level)] = numbers
    return indexes


def check_levels(tiles: Tiles, *, report: Report) -> None:
    """Hold each full tile to the hash that stands for it one level up."""
    for level in sorted(tiles.indexes, reverse=True):
        parent = Parent(tiles, level=level + 1)
        for index, hashes in tile_stream(tiles, level=level):
            width = tile_width(level=level, index=index, size=tiles.log.checkpoint.size)
            if len(hashes) != width:
                raise TileError(f"tile {level}/{index} has {len(hashes)} hashes; the tree has {width}")
            if width == WIDTH and parent.hash_of(index) not in (None, root(hashes)):
                raise TileError(f"tile {level}/{index} is not part of the signed tree")


class Parent:
    """The hashes that stand for the tiles of a level, read one tile at a time."""

    def __init__(self, tiles: Tiles, *, level: int) -> None:
        self._tiles, self._level = tiles, level
        self._index, self._hashes = -1, [b""]

    def hash_of(self, index: int) -> bytes | None:
        """Return the hash; nothing at the top, where the root itself was compared."""
        if self._level not in self._tiles.indexes:
            return None
        if self._index != index // WIDTH:
            self._index = index // WIDTH
            self._hashes = hashes_in(self._tiles.read(self._level, self._index))
        return self._hashes[index % WIDTH]


def tile_stream(tiles: Tiles, *, level: int) -> Iterator[tuple[int, list[bytes]]]:
    with tiles.package.open(tiles.log.file(f"tiles/{level}.bin")) as file:
        for index in tiles.indexes[level]:
            yield index, hashes_in(file.read(TILE_BYTES))
        if file.read(1):
            raise TileError(f"the file of level {level} holds more tiles than it lists")


def check_kept(note: bytes, *, log: Log, tree: TiledTree, report: Report) -> None:
    """Prove that the log extends a checkpoint that was kept elsewhere."""
    try:
        older = notes.parse_checkpoint(notes.parse_note(note).text)
        if older.origin != log.checkpoint.origin:
            return
        notes.open_checkpoint(note, keys=[log.key])
    except notes.NoteError as error:
        report.wrong(f"The checkpoint that was kept of {log.organisation} does not hold: {error}.")
        return
    if older.size > log.checkpoint.size:
        report.wrong(
            f"The log of {log.organisation} has {log.checkpoint.size} entries, fewer than the {older.size} of the "
            "checkpoint that was kept: its end was cut off, or the package is older than the checkpoint."
        )
        return
    try:
        proof = consistency_from_tiles(tree, old_size=older.size)
    except (TileError, IndexError):
        report.wrong(f"The package has no proof that {log.organisation} extends the kept checkpoint of {older.size}.")
        return
    if not verify_consistency(older.size, tree.size, older.root, log.checkpoint.root, proof):
        report.wrong(f"The log of {log.organisation} does not extend the checkpoint that was kept: it was rewritten.")


# 2. Entries: each line is a leaf of the signed tree.


def read_positions(package: Package, log: Log) -> array[int]:
    """Return the positions of the exported entries, one for each line; strictly rising."""
    positions: array[int] = array("Q")
    with package.open(log.file("positions.txt")) as file:
        for line in file:
            positions.append(int(line))
    if any(positions[i] >= positions[i + 1] for i in range(len(positions) - 1)):
        raise TileError("its positions do not rise")
    if positions and positions[-1] >= log.checkpoint.size:
        raise TileError("a position lies beyond its checkpoint")
    return positions


def entries_of(package: Package, log: Log, *, report: Report) -> Iterator[tuple[int, bytes]]:
    """Yield (position, body) of every exported entry that is a leaf of the signed tree; name the others."""
    leaves = leaves_at(package, log)
    count = 0
    with package.open(log.file("entries.ndjson")) as file:
        while line := file.readline(LARGEST_LINE):
            body = line.rstrip(b"\n")
            position, leaf = next(leaves, (None, b""))
            if position is None:
                report.wrong(f"The log of {log.organisation} has more entries than positions.")
                return
            count += 1
            if sha256(b"\x00" + body).digest() != leaf:
                report.wrong(f"The entry at position {position} of the log of {log.organisation} was changed.")
                continue
            yield position, body
    if count != len(log.positions):
        report.wrong(f"The log of {log.organisation} has {count} entries for {len(log.positions)} positions.")


def leaves_at(package: Package, log: Log) -> Iterator[tuple[int, bytes]]:
    """Yield each exported position with its leaf hash in the tree, reading the lowest tiles once, in order."""
    tiles = Tiles(package=package, log=log, indexes=tile_indexes(package, log))
    stream = tile_stream(tiles, level=0)
    current, hashes = -1, [b""]
    for position in log.positions:
        while current < position // WIDTH:
            current, hashes = next(stream, (2**63, []))
        if current != position // WIDTH:
            yield position, b""
        else:
            yield position, hashes[position % WIDTH]


def withheld_of(package: Package, log: Log, *, report: Report) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield the entries that are shown in part, and proved by their leaf alone."""
    name = log.file("withheld.ndjson")
    if name not in package.sizes:
        return
    tiles = Tiles(package=package, log=log, indexes=tile_indexes(package, log))
    tree = TiledTree(size=log.checkpoint.size, read_tile=tiles.read)
    with package.open(name) as file:
        while line := file.readline(LARGEST_LINE + 200):
            shown = parse_json(line)
            position = int(shown["position"])
            if tree.leaf(position) != base64.b64decode(shown["leaf"]):
                report.wrong(f"The withheld entry at position {position} of {log.organisation} has another leaf.")
                continue
            yield position, shown["entry"]
