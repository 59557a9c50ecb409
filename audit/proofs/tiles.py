"""A large tree cut into tiles of 256 hashes, as C2SP tlog-tiles names and fills them.

How a tree grows tile by tile, and any proof from the few tiles it needs. Where
tiles are kept is the caller's matter: a function that reads one comes in.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from audit.proofs.merkle import HASH_BYTES, frontier_of, node_hash, root, split_point

WIDTH = 256
HEIGHT = 8  # levels of the tree in one tile
TOP_LEVEL = 63 // HEIGHT

PATH = re.compile(r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[0-9]+))?")

ReadTile = Callable[[int, int], bytes]


class TileError(ValueError):
    """A path that names no tile, or a tile that does not hold what it must."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TileName:
    """One tile of one level; level -1 is a bundle of entries. `width` is below 256 for a partial one."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        level = "entries" if self.level < 0 else str(self.level)
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{grouped(self.index)}{partial}"


def grouped(index: int) -> str:
    """Return a tile's index in groups of three digits: 1234067 is x001/x234/067."""
    text = f"{index:03d}"
    text = text.zfill(-(-len(text) // 3) * 3)
    groups = [text[i : i + 3] for i in range(0, len(text), 3)]
    return "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])


def parse_tile_path(path: str) -> TileName:
    """Return what a tile's path names.

    Raises:
        TileError: it is not written as C2SP tlog-tiles writes it.
    """
    found = PATH.fullmatch(path)
    if not found:
        raise TileError(f"{path} names no tile")
    level = -1 if found["level"] == "entries" else int(found["level"])
    name = TileName(
        level=level,
        index=int(found["index"].replace("x", "").replace("/", "")),
        width=int(found["width"] or WIDTH),
    )
    if name.path != path or level > TOP_LEVEL or not 1 <= name.width <= WIDTH:
        raise TileError(f"{path} names no tile")
    return name


def tiles_of(size: int) -> Iterator[TileName]:
    """Yield every tile of hashes of a tree, level by level."""
    level, count = 0, size
    while count:
        for index in range(count // WIDTH):
            yield TileName(level=level, index=index)
        if count % WIDTH:
            yield TileName(level=level, index=count // WIDTH, width=count % WIDTH)
        level, count = level + 1, count // WIDTH


def tile_width(*, level: int, index: int, size: int) -> int:
    """Return how many hashes a tile of a tree of that size has; 0 when there is no such tile."""
    return max(0, min(WIDTH, (size >> (HEIGHT * level)) - index * WIDTH))


def hashes_in(tile: bytes) -> list[bytes]:
    if len(tile) % HASH_BYTES:
        raise TileError("a tile is no whole number of hashes")
    return [tile[i : i + HASH_BYTES] for i in range(0, len(tile), HASH_BYTES)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """A tree after it grew: its size and frontier, and the tiles that are new or longer, by (level, index)."""

    size: int
    frontier: tuple[bytes, ...]
    tiles: Mapping[tuple[int, int], bytes]


def grow(*, size: int, leaves: Sequence[bytes], edge: Mapping[int, bytes]) -> Growth:
    """Append leaf hashes to a tree in O(new). `edge` holds the partial tile of each level that has one.

    Raises:
        TileError: an edge tile does not have the width that the size demands.
    """
    tiles: dict[tuple[int, int], bytes] = {}
    partials: list[list[bytes]] = []
    count, arriving, level = size, list(leaves), 0
    while count or arriving:
        held = hashes_in(edge.get(level, b""))
        if len(held) != count % WIDTH:
            raise TileError(f"the edge of level {level} holds {len(held)} hashes, not {count % WIDTH}")
        row, first = held + arriving, count // WIDTH
        whole = len(row) // WIDTH
        slices = [row[i * WIDTH : (i + 1) * WIDTH] for i in range(whole + 1)]
        if arriving:
            tiles.update({(level, first + i): b"".join(part) for i, part in enumerate(slices) if part})
        partials.append(slices[whole])
        arriving, count, level = [root(part) for part in slices[:whole]], first, level + 1
    frontier = [node for partial in reversed(partials) for node in frontier_of(partial)]
    return Growth(size=size + len(leaves), frontier=tuple(frontier), tiles=tiles)


class TiledTree:
    """Hashes of a tree of known size, read from its tiles as they are needed."""

    def __init__(self, *, size: int, read_tile: ReadTile) -> None:
        self.size = size
        self._read_tile = read_tile
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def leaf(self, index: int) -> bytes:
        return self.perfect(height=0, index=index)

    def root(self) -> bytes:
        return self.range_root(0, self.size)

    def perfect(self, *, height: int, index: int) -> bytes:
        """Return the root of the perfect subtree over 2^height leaves that starts at leaf index × 2^height.

        Raises:
            TileError: its tile is missing or too short.
        """
        level, rest = divmod(height, HEIGHT)
        first = index << rest
        hashes = self._tile(level, first // WIDTH)
        offset = first % WIDTH
        part = hashes[offset : offset + (1 << rest)]
        if len(part) != 1 << rest:
            raise TileError(f"tile {level}/{first // WIDTH} holds {len(hashes)} hashes; more are needed")
        return root(part)

    def range_root(self, begin: int, end: int) -> bytes:
        """Return the root over the leaves from `begin` to `end` (exclusive), a node of the tree of size `end`."""
        nodes = [self.perfect(height=height, index=index) for height, index in perfect_parts(begin, end)]
        if not nodes:
            return root([])
        result = nodes[-1]
        for node in reversed(nodes[:-1]):
            result = node_hash(node, result)
        return result

    def _tile(self, level: int, index: int) -> list[bytes]:
        key = (level, index)
        if key not in self._tiles:
            self._tiles[key] = hashes_in(bytes(self._read_tile(level, index)))
        return self._tiles[key]


def perfect_parts(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield (height, index) of the perfect subtrees that make up a node's range, largest first."""
    while begin < end:
        height = (end - begin).bit_length() - 1
        yield height, begin >> height
        begin += 1 << height


def inclusion_from_tiles(tree: TiledTree, *, index: int) -> list[bytes]:
    """Return the audit path of a leaf in a tree of tiles.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < tree.size:
        raise IndexError(f"no leaf {index} in a tree of {tree.size}")
    proof, begin, end = [], 0, tree.size
    while end - begin > 1:
        middle = begin + split_point(end - begin)
        if index < middle:
            proof.append(tree.range_root(middle, end))
            end = middle
        else:
            proof.append(tree.range_root(begin, middle))
            begin = middle
    return proof[::-1]


def consistency_from_tiles(tree: TiledTree, *, old_size: int) -> list[bytes]:
    """Return the proof that a tree of tiles extends its first `old_size` leaves.

    Raises:
        IndexError: the old size is below 1 or beyond the tree.
    """
    if not 1 <= old_size <= tree.size:
        raise IndexError(f"no consistency proof from size {old_size} to {tree.size}")
    proof, begin, end = [], 0, tree.size
    while old_size < end:
        middle = begin + split_point(end - begin)
        if old_size <= middle:
            proof.append(tree.range_root(middle, end))
            end = middle
        else:
            proof.append(tree.range_root(begin, middle))
            begin = middle
    if begin:
        proof.append(tree.range_root(begin, end))
    return proof[::-1]
