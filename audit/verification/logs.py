"""Checks one log of a package: its keys and signed checkpoint, its tiles, and what was kept of it elsewhere."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from audit.proofs import notes
from audit.proofs.canonical import parse_json
from audit.proofs.merkle import HASH_BYTES, root_of_joined, verify_consistency
from audit.proofs.tiles import WIDTH, TiledTree, TileError, consistency_from_tiles, tile_width
from audit.verification.bag import Digests
from audit.verification.findings import Report, UnreadableError
from audit.verification.keys import Keys, keys_of
from audit.verification.opening import READ_ERRORS, Package
from audit.verification.witnessing import Witnesses, cosigned_notes, stamped_notes

LOGS = "data/logs/"
TILE_BYTES = WIDTH * HASH_BYTES
MOST_LEVELS = 8


@dataclass(slots=True, kw_only=True)
class Log:
    """One log of the package as far as it was checked."""

    organisation: str
    keys: Keys
    checkpoint: notes.Checkpoint
    tiles: dict[int, list[int]] = field(default_factory=dict)
    positions: array[int] = field(default_factory=lambda: array("Q"))

    def file(self, name: str) -> str:
        return f"{LOGS}{self.organisation}/{name}"


def logs_of(package: Package) -> list[str]:
    return sorted({name.removeprefix(LOGS).split("/", 1)[0] for name in package.sizes if name.startswith(LOGS)})


def check_log(
    package: Package,
    organisation: str,
    *,
    digests: Digests,
    pins: Sequence[str],
    kept: Sequence[bytes],
    witnesses: Witnesses,
    report: Report,
) -> Log | None:
    """Return the log when its checkpoint and tiles hold; entries are checked as they are read."""
    folder = f"{LOGS}{organisation}/"
    try:
        log = open_log(package, organisation, pins=pins, report=report)
        log.tiles = tile_indexes(package, log)
        tree = checked_tree(Tiles(package=package, log=log), digests=digests)
        chain = log.keys.chain
        for note in [
            *kept,
            *cosigned_notes(package, folder, keys=chain, witnesses=witnesses, report=report),
            *stamped_notes(package, folder, keys=chain, report=report),
        ]:
            check_kept(note, log=log, tree=tree, report=report)
        log.positions = read_positions(package, log, digests=digests)
    except (AttributeError, UnreadableError, KeyError, TypeError, OverflowError, *READ_ERRORS) as error:
        report.wrong(f"The log of {organisation} does not hold: {error}.")
        return None
    return log


def open_log(package: Package, organisation: str, *, pins: Sequence[str], report: Report) -> Log:
    folder = f"{LOGS}{organisation}/"
    keys = keys_of(package, folder, pins=pins)
    if keys.pinned is None:
        report.unpinned.append(organisation)
    checkpoint = notes.open_checkpoint(package.read(folder + "checkpoint"), keys=[keys.newest])
    if checkpoint.origin.rsplit("/", 1)[-1] != organisation:
        raise notes.NoteError(f"its checkpoint is that of another log, {checkpoint.origin}")
    return Log(organisation=organisation, keys=keys, checkpoint=checkpoint)


# 1. Tiles: each level is one file; the lowest is read once to check it, and once more as the entries pass.


@dataclass(slots=True, kw_only=True)
class Tiles:
    """The tiles in the package: per level, the index of each tile in the level's file, in order."""

    package: Package
    log: Log

    def read(self, level: int, index: int) -> bytes:
        held = self.log.tiles.get(level, [])
        place = bisect_left(held, index)
        if place == len(held) or held[place] != index:
            raise TileError(f"tile {level}/{index} is not in the package")
        with self.package.open(self.log.file(f"tiles/{level}.bin")) as file:
            file.seek(place * TILE_BYTES)
            return file.read(TILE_BYTES)


def tile_indexes(package: Package, log: Log) -> dict[int, list[int]]:
    stated = parse_json(package.read(log.file("tiles.json"), most=64 * 1024 * 1024))
    if len(stated) > MOST_LEVELS:
        raise TileError("it lists more levels than a tree has")
    indexes: dict[int, list[int]] = {}
    for level, ranges in stated.items():
        if sum(max(0, last - first + 1) for first, last in ranges) > 1 + (log.checkpoint.size >> 8):
            raise TileError(f"level {level} lists more tiles than the tree has")
        numbers = [index for first, last in ranges for index in range(first, last + 1)]
        if any(a >= b for a, b in pairwise(numbers)):
            raise TileError(f"the tiles of level {level} are not in order")
        indexes[int(level)] = numbers
    return indexes


def checked_tree(tiles: Tiles, *, digests: Digests) -> TiledTree:
    """Return the tree of the package's tiles, whose root is the signed one and whose tiles all lie in it."""
    checkpoint = tiles.log.checkpoint
    tree = TiledTree(size=checkpoint.size, read_tile=tiles.read)
    if tree.root() != checkpoint.root:
        raise TileError("its tiles do not have the root of its checkpoint")
    for level in sorted(tiles.log.tiles, reverse=True):
        check_level(tiles, level=level, digests=digests)
    return tree


def check_level(tiles: Tiles, *, level: int, digests: Digests) -> None:
    """Hold each full tile to the hash that stands for it one level up."""
    parent = Parent(tiles, level=level + 1)
    for index, tile in tile_stream(tiles.package, tiles.log, level=level, digests=digests):
        width = tile_width(level=level, index=index, size=tiles.log.checkpoint.size)
        if len(tile) != width * HASH_BYTES:
            raise TileError(f"tile {level}/{index} has {len(tile) / HASH_BYTES:g} hashes; the tree has {width}")
        if width == WIDTH and parent.hash_of(index) not in (None, root_of_joined(tile)):
            raise TileError(f"tile {level}/{index} is not part of the signed tree")


class Parent:
    """The hashes that stand for the tiles of a level, read one tile at a time."""

    def __init__(self, tiles: Tiles, *, level: int) -> None:
        self._tiles, self._level = tiles, level
        self._index, self._hashes = -1, b""

    def hash_of(self, index: int) -> bytes | None:
        """Return the hash; nothing at the top, where the root itself was compared.

        Raises:
            TileError: the tree has a tile there, the package none.
        """
        if tile_width(level=self._level, index=0, size=self._tiles.log.checkpoint.size) == 0:
            return None
        if self._index != index // WIDTH:
            self._index = index // WIDTH
            self._hashes = self._tiles.read(self._level, self._index)
        start = index % WIDTH * HASH_BYTES
        return self._hashes[start : start + HASH_BYTES]


def tile_stream(package: Package, log: Log, *, level: int, digests: Digests) -> Iterator[tuple[int, bytes]]:
    with digests.reading(log.file(f"tiles/{level}.bin")) as file:
        for index in log.tiles[level]:
            yield index, file.read(TILE_BYTES)
        if file.read(1):
            raise TileError(f"the file of level {level} holds more tiles than it lists")


def check_kept(note: bytes, *, log: Log, tree: TiledTree, report: Report) -> None:
    """Prove that the log extends a checkpoint that was kept elsewhere."""
    try:
        older = notes.parse_checkpoint(notes.parse_note(note).text)
        if older.origin != log.checkpoint.origin:
            return
        notes.open_checkpoint(note, keys=log.keys.chain)
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


# 2. Where the exported entries stand, and their leaves.


def read_positions(package: Package, log: Log, *, digests: Digests) -> array[int]:
    """Return the positions of the exported entries, one for each line; strictly rising."""
    positions: array[int] = array("Q")
    if log.file("positions.txt") not in package.sizes:
        raise TileError("positions.txt is missing")
    with digests.reading(log.file("positions.txt")) as file:
        for lines in file.lines():
            if not all(map(bytes.isdigit, lines)):
                raise TileError("positions.txt holds something else than numbers")
            positions.extend(map(int, lines))
    if any(a >= b for a, b in pairwise(positions)):
        raise TileError("its positions do not rise")
    if positions and positions[-1] >= log.checkpoint.size:
        raise TileError("a position lies beyond its checkpoint")
    return positions


class Leaves:
    """The leaf hashes of rising positions, as the tree has them: the lowest tiles, read once, in order."""

    def __init__(self, package: Package, log: Log, *, digests: Digests) -> None:
        held = 0 in log.tiles
        self._stream = tile_stream(package, log, level=0, digests=digests) if held else iter(())
        self._index, self._tile = -1, b""

    def at(self, positions: Sequence[int]) -> bytes:
        """Return the leaves of these positions one after another; zeros where the package has none."""
        return b"".join([self._leaf(position) for position in positions])

    def _leaf(self, position: int) -> bytes:
        index = position // WIDTH
        while self._index < index:
            self._index, self._tile = next(self._stream, (2**63, b""))
        start = position % WIDTH * HASH_BYTES
        leaf = self._tile[start : start + HASH_BYTES] if self._index == index else b""
        return leaf or bytes(HASH_BYTES)
