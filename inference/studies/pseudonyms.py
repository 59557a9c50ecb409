"""Keyed pseudonyms, commitments and the vault's cipher: what stands for an identifier.

A pseudonym is HMAC-SHA-256 over (type, issuer, value) with the provider's key,
which lives in a file outside the database. A commitment hides a value behind
the person's salt: HMAC(HMAC(salt, uid ‖ field), value), so that one field can
be opened by its inner key alone.
"""

import hmac
import secrets
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.log.keyfiles import read_or_create_key

NONCE_BYTES = 12
KEY_ID_DIGITS = 16


@dataclass(frozen=True)
class Keyring:
    """The two secrets of one provider: for pseudonyms and for the vault."""

    pseudonym_key: bytes
    vault_key: bytes

    @cached_property
    def cipher(self) -> AESGCM:
        return AESGCM(self.vault_key)

    @property
    def key_id(self) -> str:
        return sha256(b"pseudonym key id" + self.pseudonym_key).hexdigest()[:KEY_ID_DIGITS]

    @property
    def vault_key_id(self) -> str:
        return sha256(b"vault key id" + self.vault_key).hexdigest()[:KEY_ID_DIGITS]

    def pseudonym(self, *, type: str, issuer: str, value: str) -> str:
        message = "\x00".join((type, issuer, value)).encode()
        return hmac.digest(self.pseudonym_key, message, "sha256").hex()

    def seal(self, plain: bytes, *, subject: str) -> bytes:
        """Encrypt under the vault key; the subject is authenticated with it."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self.cipher.encrypt(nonce, plain, subject.encode())

    def open(self, sealed: bytes, *, subject: str) -> bytes:
        sealed = bytes(sealed)
        return self.cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], subject.encode())


def keyring_of(organisation: str) -> Keyring:
    """Return a provider's keys; they are made on first use."""
    return Keyring(
        pseudonym_key=read_or_create_key(f"pseudonym-{organisation}"),
        vault_key=read_or_create_key(f"vault-{organisation}"),
    )


def inner_key(*, salt: bytes, uid: str, field: str) -> bytes:
    """Return what opens one commitment and no other."""
    return hmac.digest(salt, f"{uid}\x00{field}".encode(), "sha256")


def commitment(value: str, *, salt: bytes, uid: str, field: str) -> str:
    return "committed:" + hmac.digest(inner_key(salt=salt, uid=uid, field=field), value.encode(), "sha256").hex()


def normalised(value: str) -> str:
    """Return an identifier as a site writes it whatever the system: without outer blanks, upper case."""
    return value.strip().upper()
