"""Merkle trees of RFC 6962, 2.1 and RFC 9162, 2.1: hashes, roots, proofs and their verification.

Bytes in, bytes or a verdict out. Where the hashes of a large tree are kept is
decided in audit.proofs.tiles; this module works on lists and on a frontier.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    # RFC 6962, 2.1: the prefix keeps a leaf from posing as an inner node.
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the root of the tree over these leaf hashes; of none, SHA-256 of nothing."""
    level = list(leaf_hashes)
    if not level:
        return EMPTY_ROOT
    # An odd node at the end of a level moves up as it is: the same tree as splitting at the largest power of two.
    while len(level) > 1:
        paired = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]
    return level[0]


def root_of_joined(hashes: bytes) -> bytes:
    """Return the root of the tree over leaf hashes that stand one after another; the same as `root`, faster."""
    while len(hashes) > HASH_BYTES:
        whole = len(hashes) - len(hashes) % (2 * HASH_BYTES)
        nodes = [sha256(b"\x01" + hashes[i : i + 64]).digest() for i in range(0, whole, 64)]
        hashes = b"".join(nodes) + hashes[whole:]
    return hashes or EMPTY_ROOT


def split_point(size: int) -> int:
    """Return the largest power of two below `size`, which is at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int) -> list[bytes]:
    """Return the audit path of one leaf, RFC 9162, 2.1.3.1.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < len(leaf_hashes):
        raise IndexError(f"no leaf {index} in a tree of {len(leaf_hashes)}")
    proof: list[bytes] = []
    leaves = list(leaf_hashes)
    while len(leaves) > 1:
        split = split_point(len(leaves))
        left, right = leaves[:split], leaves[split:]
        leaves, other = (left, right) if index < split else (right, left)
        index -= 0 if leaves is left else split
        proof.append(root(other))
    return proof[::-1]


def consistency_proof(leaf_hashes: Sequence[bytes], old_size: int) -> list[bytes]:
    """Return the proof that a tree extends its first `old_size` leaves, RFC 9162, 2.1.4.1; empty when it is the same.

    Raises:
        IndexError: the old size is below 1 or beyond the tree.
    """
    if not 1 <= old_size <= len(leaf_hashes):
        raise IndexError(f"no consistency proof from size {old_size} to {len(leaf_hashes)}")
    proof: list[bytes] = []
    leaves, size, is_old_tree = list(leaf_hashes), old_size, True
    while size < len(leaves):
        split = split_point(len(leaves))
        left, right = leaves[:split], leaves[split:]
        if size <= split:
            proof.append(root(right))
            leaves = left
        else:
            proof.append(root(left))
            leaves, size, is_old_tree = right, size - split, False
    if not is_old_tree:
        proof.append(root(leaves))
    return proof[::-1]


def verify_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Return whether the leaf stands at `index` of the tree of that size and root, RFC 9162, 2.1.3.2."""
    if not _are_numbers(index, size) or not 0 <= index < size or not _are_hashes([leaf_hash, root], proof):
        return False
    node, last, result = index, size - 1, leaf_hash
    for step in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            result = node_hash(step, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, step)
        node, last = node >> 1, last >> 1
    return last == 0 and result == root


def verify_consistency(old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Return whether the new tree extends the old one, RFC 9162, 2.1.4.2. From size 0 nothing can be proved."""
    if not _are_numbers(old_size, new_size) or not 0 < old_size <= new_size:
        return False
    if not _are_hashes([old_root, new_root], proof):
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    if not proof:
        return False
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    return _climbs(path, node=old_size - 1, last=new_size - 1) == (old_root, new_root)


def _climbs(path: Sequence[bytes], *, node: int, last: int) -> tuple[bytes, bytes] | None:
    """Return the two roots that a consistency path leads to, or nothing when its length is wrong."""
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for step in path[1:]:
        if last == 0:
            return None
        if node & 1 or node == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, step)
        node, last = node >> 1, last >> 1
    return (old, new) if last == 0 else None


def _are_numbers(*values: object) -> bool:
    return all(isinstance(value, int) and not isinstance(value, bool) for value in values)


def _are_hashes(hashes: Sequence[object], proof: object) -> bool:
    if not isinstance(proof, list | tuple):
        return False
    return all(isinstance(each, bytes) and len(each) == HASH_BYTES for each in (*hashes, *proof))


def frontier_of(leaf_hashes: Iterable[bytes]) -> list[bytes]:
    """Return the frontier of a tree: the roots of its perfect subtrees, largest first."""
    frontier: list[bytes] = []
    for count, leaf in enumerate(leaf_hashes):
        extend_frontier(frontier, size=count, leaf=leaf)
    return frontier


def extend_frontier(frontier: list[bytes], *, size: int, leaf: bytes) -> None:
    """Add one leaf to the frontier of a tree that has `size` leaves, in place."""
    node = leaf
    while size & 1:
        node = node_hash(frontier.pop(), node)
        size >>= 1
    frontier.append(node)


def frontier_root(frontier: Sequence[bytes]) -> bytes:
    """Return the root of the tree with this frontier."""
    if not frontier:
        return EMPTY_ROOT
    result = frontier[-1]
    for node in reversed(frontier[:-1]):
        result = node_hash(node, result)
    return result
