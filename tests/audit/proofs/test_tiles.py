"""Tiles: names as C2SP writes them, growth in pieces, and proofs equal to those over all leaves."""

import random

import pytest

from audit.proofs.merkle import (
    consistency_proof,
    frontier_root,
    inclusion_proof,
    leaf_hash,
    root,
    verify_consistency,
    verify_inclusion,
)
from audit.proofs.tiles import (
    TiledTree,
    TileError,
    TileName,
    consistency_from_tiles,
    grow,
    inclusion_from_tiles,
    parse_tile_path,
    tiles_of,
)

HASHES = [leaf_hash(str(number).encode()) for number in range(70_000)]


def grown_in_pieces(*, size: int, seed: int) -> dict[tuple[int, int], bytes]:
    chance, tiles, now = random.Random(seed), {}, 0
    while now < size:
        piece = HASHES[now : min(size, now + chance.choice([1, 3, 255, 256, 257, 1000, 9000]))]
        counts = [now >> (8 * level) for level in range(4)]
        edge = {level: tiles[level, count // 256] for level, count in enumerate(counts) if count % 256}
        growth = grow(size=now, leaves=piece, edge=edge)
        tiles |= growth.tiles
        now = growth.size
        assert frontier_root(growth.frontier) == root(HASHES[:now])
    return tiles


@pytest.mark.parametrize("size", [1, 255, 256, 257, 65_536, 65_537, 70_000])
def test_a_tree_that_grew_in_pieces_has_its_tiles_and_root(size):
    tiles = grown_in_pieces(size=size, seed=size)
    named = {(tile.level, tile.index): tile.width for tile in tiles_of(size)}
    assert {key: len(tile) // 32 for key, tile in tiles.items()} == named
    tree = TiledTree(size=size, read_tile=lambda level, index: tiles[level, index])
    assert tree.root() == root(HASHES[:size])


@pytest.mark.parametrize("size", [1, 2, 300, 1000])
def test_proofs_from_tiles_are_those_over_all_leaves(size):
    tiles = grown_in_pieces(size=size, seed=1)
    tree = TiledTree(size=size, read_tile=lambda level, index: tiles[level, index])
    for index in {0, size // 3, size // 2, size - 1}:
        assert inclusion_from_tiles(tree, index=index) == inclusion_proof(HASHES[:size], index)
        assert consistency_from_tiles(tree, old_size=index + 1) == consistency_proof(HASHES[:size], index + 1)


def test_a_large_tree_proves_from_few_tiles():
    tiles, read = grown_in_pieces(size=70_000, seed=2), []

    def read_tile(level: int, index: int) -> bytes:
        read.append((level, index))
        return tiles[level, index]

    tree = TiledTree(size=70_000, read_tile=read_tile)
    proof = inclusion_from_tiles(tree, index=12_345)
    assert verify_inclusion(HASHES[12_345], 12_345, 70_000, proof, root(HASHES))
    proof = consistency_from_tiles(tree, old_size=40_001)
    assert verify_consistency(40_001, 70_000, root(HASHES[:40_001]), root(HASHES), proof)
    assert len(read) <= 8


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (TileName(level=0, index=0), "tile/0/000"),
        (TileName(level=0, index=1_234_067), "tile/0/x001/x234/067"),
        (TileName(level=1, index=5, width=3), "tile/1/005.p/3"),
        (TileName(level=-1, index=1000, width=255), "tile/entries/x001/000.p/255"),
    ],
)
def test_tiles_are_named_as_the_specification_names_them(name, path):
    assert name.path == path
    assert parse_tile_path(path) == name


@pytest.mark.parametrize(
    "path",
    ["tile/0/0", "tile/0/0000", "tile/00/000", "tile/8/000", "tile/0/x000/001", "tile/0/001/001", "tile/0/000.p/0",
     "tile/0/000.p/256", "tile/0/000.p/03", "tile/0/../000", "/tile/0/000", "tile/0/000/", "tile/-1/000"],
)  # fmt: skip
def test_other_spellings_name_no_tile(path):
    with pytest.raises(TileError):
        parse_tile_path(path)


def test_an_edge_of_the_wrong_width_is_refused():
    with pytest.raises(TileError):
        grow(size=3, leaves=HASHES[3:5], edge={0: b"".join(HASHES[:2])})


def test_a_tile_that_is_missing_or_short_is_refused():
    tree = TiledTree(size=300, read_tile=lambda level, index: b"")
    with pytest.raises(TileError):
        tree.root()
