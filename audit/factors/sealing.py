"""An app's secret under a key outside the database: a stolen backup makes no codes. Bound to its person."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.errors import FactorError
from audit.log.keyfiles import read_or_create_key

KEY_NAME = "factors"
NONCE_BYTES = 12


def seal(secret: bytes, *, user_id: int) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(read_or_create_key(KEY_NAME)).encrypt(nonce, secret, owner(user_id))


def unseal(sealed: bytes, *, user_id: int) -> bytes:
    """Return the secret.

    Raises:
        FactorError: it was sealed for another person or under another key.
    """
    box = AESGCM(read_or_create_key(KEY_NAME))
    try:
        return box.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], owner(user_id))
    except InvalidTag as error:
        raise FactorError("This app cannot be used any more; remove it and add it again.") from error


def owner(user_id: int) -> bytes:
    return f"user {user_id}".encode()
