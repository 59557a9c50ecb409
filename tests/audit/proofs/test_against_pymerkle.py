"""Trees and proofs against another implementation: pymerkle, which follows RFC 6962/9162."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.proofs.merkle import (
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

pymerkle = pytest.importorskip("pymerkle", reason="the second implementation is not installed")

ENTRIES = st.lists(st.binary(max_size=40), min_size=1, max_size=70)


def theirs(entries):
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for each in entries:
        tree.append_entry(each)
    return tree


@given(ENTRIES)
@settings(max_examples=60, deadline=None)
def test_every_root_is_the_same(entries):
    hashes = [leaf_hash(each) for each in entries]
    tree = theirs(entries)
    for size in range(1, len(entries) + 1):
        assert root(hashes[:size]) == tree.get_state(size)


@given(ENTRIES, st.data())
@settings(max_examples=60, deadline=None)
def test_proofs_are_of_the_same_hashes_and_lead_to_their_roots(entries, data):
    hashes = [leaf_hash(each) for each in entries]
    size = len(entries)
    old = data.draw(st.integers(1, size))
    index = data.draw(st.integers(0, size - 1))
    tree = theirs(entries)
    proved = tree.prove_inclusion(index + 1, size)
    path = proved.path if isinstance(proved.path[0], bytes) else [bytes.fromhex(each) for each in proved.path]
    assert path[1:] == inclusion_proof(hashes, index) or sorted(path[1:]) == sorted(inclusion_proof(hashes, index))
    assert verify_inclusion(hashes[index], index, size, inclusion_proof(hashes, index), tree.get_state(size))
    assert verify_consistency(old, size, tree.get_state(old), tree.get_state(size), consistency_proof(hashes, old))
