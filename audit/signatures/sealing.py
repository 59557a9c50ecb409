"""A private key under a password: scrypt stretches it, AES-GCM seals. Nobody else opens it, no administrator either."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from audit.errors import SealedKeyError

SALT_BYTES, NONCE_BYTES = 16, 12
COST, BLOCK, LANES = 2**15, 8, 1  # OWASP password storage: scrypt N=2^15, r=8 needs 32 MiB


def seal(private: Ed25519PrivateKey, *, password: str, username: str) -> bytes:
    """Return the key sealed: salt, nonce, ciphertext. The name is bound in, so that it opens for nobody else."""
    salt, nonce = os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
    box = AESGCM(stretched(password, salt=salt))
    return salt + nonce + box.encrypt(nonce, private.private_bytes_raw(), username.encode())


def unseal(sealed: bytes, *, password: str, username: str) -> Ed25519PrivateKey:
    """Return the private key.

    Raises:
        SealedKeyError: it was sealed under another password or for another person.
    """
    salt, nonce = sealed[:SALT_BYTES], sealed[SALT_BYTES : SALT_BYTES + NONCE_BYTES]
    try:
        box = AESGCM(stretched(password, salt=salt))
        secret = box.decrypt(nonce, sealed[SALT_BYTES + NONCE_BYTES :], username.encode())
    except InvalidTag as error:
        raise SealedKeyError(username) from error
    return Ed25519PrivateKey.from_private_bytes(secret)


def stretched(password: str, *, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=COST, r=BLOCK, p=LANES).derive(password.encode())
