"""Trees and proofs: reference roots, every small tree, and whatever hypothesis can break."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.proofs.merkle import (
    consistency_proof,
    frontier_of,
    frontier_root,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

# The leaves and roots of the reference tree of RFC 6962 implementations.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(count)]


@pytest.mark.parametrize(("size", "expected"), ROOTS.items())
def test_roots_of_the_reference_tree(size, expected):
    assert root(HASHES[:size]).hex() == expected


def test_prefixes_are_those_of_the_standard():
    assert leaf_hash(b"x") == sha256(b"\x00x").digest()
    assert node_hash(b"a" * 32, b"b" * 32) == sha256(b"\x01" + b"a" * 32 + b"b" * 32).digest()


def by_definition(hashes: list[bytes]) -> bytes:
    """RFC 6962, 2.1, as it is written: split at the largest power of two below the size."""
    if len(hashes) < 2:
        return hashes[0] if hashes else sha256(b"").digest()
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(by_definition(hashes[:split]), by_definition(hashes[split:]))


@given(st.integers(0, 300))
def test_root_and_frontier_follow_the_definition(size):
    hashes = leaves(size)
    assert root(hashes) == by_definition(hashes) == frontier_root(frontier_of(hashes))
    assert len(frontier_of(hashes)) == size.bit_count()


@pytest.mark.parametrize("size", range(1, 34))
def test_every_leaf_is_proved_at_its_place_and_no_other(size):
    hashes = leaves(size)
    top = root(hashes)
    for index, leaf in enumerate(hashes):
        proof = inclusion_proof(hashes, index)
        assert verify_inclusion(leaf, index, size, proof, top)
        others = [other for other in range(-1, size + 2) if other != index]
        assert not any(verify_inclusion(leaf, other, size, proof, top) for other in others)


@pytest.mark.parametrize("size", range(1, 34))
def test_every_tree_extends_each_of_its_pasts(size):
    hashes = leaves(size)
    for old in range(1, size + 1):
        proof = consistency_proof(hashes, old)
        assert verify_consistency(old, size, root(hashes[:old]), root(hashes), proof)
        assert verify_consistency(old, size, root(hashes[: old - 1]), root(hashes), proof) is False


def spoiled(proof: list[bytes]) -> list[list[bytes]]:
    """Return the proof with something extra, missing, changed or in another order."""
    extra = b"\x07" * 32
    made = [[*proof, extra], [extra, *proof], proof[:-1] if proof else [extra], proof[1:] if proof else [extra, extra]]
    made += [[*proof[:i], bytes([proof[i][0] ^ 1]) + proof[i][1:], *proof[i + 1 :]] for i in range(len(proof))]
    made += [[*proof[:i], proof[i][:-1], *proof[i + 1 :]] for i in range(len(proof))]
    return [each for each in [*made, proof[::-1]] if each != proof]


@given(st.integers(2, 70).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))))
def test_a_spoiled_inclusion_proof_is_false(pair):
    size, index = pair
    hashes = leaves(size)
    for proof in spoiled(inclusion_proof(hashes, index)):
        assert verify_inclusion(hashes[index], index, size, proof, root(hashes)) is False


@given(st.integers(2, 70).flatmap(lambda size: st.tuples(st.just(size), st.integers(1, size))))
def test_a_spoiled_consistency_proof_is_false(pair):
    size, old = pair
    hashes = leaves(size)
    for proof in spoiled(consistency_proof(hashes, old)):
        assert verify_consistency(old, size, root(hashes[:old]), root(hashes), proof) is False


@pytest.mark.parametrize(
    "arguments",
    [
        (HASHES[0], 0, 0, [], HASHES[0]),
        (HASHES[0], 1, 1, [], HASHES[0]),
        (HASHES[0], -1, 1, [], HASHES[0]),
        (HASHES[0], 0, 1, None, HASHES[0]),
        (HASHES[0], 0, 1, ["x"], HASHES[0]),
        (HASHES[0], None, 1, [], HASHES[0]),
        (None, 0, 1, [], HASHES[0]),
        (b"short", 0, 1, [], b"short"),
        (HASHES[0], 2**70, 2**71, [HASHES[0]] * 70, HASHES[0]),
    ],
)
def test_a_malformed_inclusion_is_false_and_never_an_exception(arguments):
    assert verify_inclusion(*arguments) is False


@pytest.mark.parametrize(
    "arguments",
    [
        (0, 0, HASHES[0], HASHES[0], []),
        (0, 1, HASHES[0], HASHES[0], []),
        (2, 1, HASHES[0], HASHES[0], []),
        (1, 1, HASHES[0], HASHES[1], []),
        (1, 1, HASHES[0], HASHES[0], [HASHES[0]]),
        (1, 2, HASHES[0], HASHES[0], []),
        (1, 2, HASHES[0], HASHES[0], None),
        (1.0, 2, HASHES[0], HASHES[0], [HASHES[1]]),
        (1, 2, "a", "b", [HASHES[1]]),
    ],
)
def test_a_malformed_consistency_is_false_and_never_an_exception(arguments):
    assert verify_consistency(*arguments) is False
