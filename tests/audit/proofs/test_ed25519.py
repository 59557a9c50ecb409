"""Ed25519: the standard's vectors, the cryptography library, and encodings that must be refused."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.proofs.ed25519 import L, P, verify_signature

# RFC 8032, 7.1: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


def holds(key: bytes, message: bytes, signature: bytes) -> bool:
    return verify_signature(public_key=key, message=message, signature=signature)


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_the_standards_vectors_hold(key, message, signature):
    assert holds(bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature))
    assert not holds(bytes.fromhex(key), bytes.fromhex(message) + b"x", bytes.fromhex(signature))


@settings(max_examples=15, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80), st.integers(0, 511))
def test_what_another_library_signs_holds_and_one_bit_breaks_it(seed, message, bit):
    private = Ed25519PrivateKey.from_private_bytes(seed)
    key, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert holds(key, message, signature)
    broken = bytearray(signature)
    broken[bit // 8] ^= 1 << (bit % 8)
    assert not holds(key, message, bytes(broken))


def test_a_scalar_beyond_the_order_is_refused():
    key, message, signature = (bytes.fromhex(each) for each in VECTORS[1])
    grown = int.from_bytes(signature[32:], "little") + L
    assert not holds(key, message, signature[:32] + grown.to_bytes(32, "little"))


@pytest.mark.parametrize("number", [P, P + 1, 2**255 - 1, 1 | 1 << 255])
def test_a_key_that_is_not_canonical_is_refused(number):
    _, message, signature = (bytes.fromhex(each) for each in VECTORS[1])
    assert not holds(number.to_bytes(32, "little"), message, signature)


def test_wrong_lengths_are_refused():
    key, message, signature = (bytes.fromhex(each) for each in VECTORS[0])
    assert not holds(key[:-1], message, signature)
    assert not holds(key, message, signature[:-1])
    assert not holds(key, message, signature + b"\0")
