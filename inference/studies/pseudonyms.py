"""Keyed pseudonyms, commitments and the vault's cipher: what stands for an identifier.

A link's pseudonym is HMAC-SHA-256 over (type, issuer, value) with the
provider's keys, which live in files outside the database: the first key, then
each later one over the pseudonym before, so a rotation needs no identifier.
A commitment hides a value behind the person's salt: HMAC(HMAC(salt, uid ‖
field), value), so that one field can be opened by its inner key alone.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.log.keyfiles import key_path, read_key, read_or_create_key

NONCE_BYTES = 12
KEY_ID_DIGITS = 16


BLOCK_BYTES = 64  # RFC 2104: what SHA-256 reads at a time
INNER, OUTER = (bytes(number ^ pad for number in range(256)) for pad in (0x36, 0x5C))


class Mac:
    """HMAC-SHA-256 under one key, whose blocks are hashed once: many short values cost a third."""

    def __init__(self, key: bytes) -> None:
        block = (key if len(key) <= BLOCK_BYTES else sha256(key).digest()).ljust(BLOCK_BYTES, b"\x00")
        self._inner, self._outer = sha256(block.translate(INNER)), sha256(block.translate(OUTER))

    def of(self, message: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()


def hmac_of(message: bytes, *, key: bytes) -> bytes:
    """Return HMAC-SHA-256 of one message under a key of at most one block."""
    block = key.ljust(BLOCK_BYTES, b"\x00")
    return sha256(block.translate(OUTER) + sha256(block.translate(INNER) + message).digest()).digest()


def slices(data: bytes, *, width: int) -> list[bytes]:
    return [data[start : start + width] for start in range(0, len(data), width)]


@dataclass(frozen=True)
class Keyring:
    """The secrets of one provider, oldest first: the last ones make, the earlier ones still read.

    `oldest_in_use` counts the pseudonym keys that links may still end with: all
    from there on are looked up, until a rotation is finished.
    """

    pseudonym_keys: tuple[bytes, ...]
    vault_keys: tuple[bytes, ...]
    oldest_in_use: int = 0

    @property
    def pseudonym_key(self) -> bytes:
        """The first one: names that stand in the log (uids, operators, marks) are made with it for good."""
        return self.pseudonym_keys[0]

    @property
    def vault_key(self) -> bytes:
        """The first one: digests that tell whether a row or message came before are made with it for good."""
        return self.vault_keys[0]

    @cached_property
    def ciphers(self) -> Sequence[AESGCM]:
        return [AESGCM(key) for key in self.vault_keys]

    @cached_property
    def macs(self) -> Sequence[Mac]:
        return [Mac(key) for key in self.pseudonym_keys]

    @cached_property
    def key_ids(self) -> tuple[str, ...]:
        return tuple(key_id(b"pseudonym", key) for key in self.pseudonym_keys)

    @property
    def key_id(self) -> str:
        return self.key_ids[-1]

    @cached_property
    def vault_key_id(self) -> str:
        return key_id(b"vault", self.vault_keys[-1])

    @property
    def is_rotating(self) -> bool:
        return self.oldest_in_use < len(self.pseudonym_keys) - 1

    def pseudonym(self, *, type: str, issuer: str, value: str) -> str:
        """Return the name of a uid, an operator or a mark, which no rotation changes: it stands in the log."""
        return self.macs[0].of("\x00".join((type, issuer, value)).encode()).hex()

    def link_pseudonyms(self, *, type: str, issuer: str, value: str) -> list[str]:
        """Return what a link of this identifier may be stored under, the one that new links get last."""
        found = [self.pseudonym(type=type, issuer=issuer, value=value)]
        for mac in self.macs[1:]:
            found.append(chained(found[-1], mac=mac))
        return found[self.oldest_in_use :]

    def brought_forward(self, pseudonym: str, *, made_with: str) -> str:
        """Return what a stored pseudonym is under the newest key.

        Raises:
            ValueError: it was made with a key that this installation does not hold.
        """
        for mac in self.macs[self.key_ids.index(made_with) + 1 :]:
            pseudonym = chained(pseudonym, mac=mac)
        return pseudonym

    def seal(self, plain: bytes, *, subject: str) -> bytes:
        """Encrypt under the newest vault key; the subject is authenticated with it."""
        return self.seal_each([(plain, subject)])[0]

    def seal_each(self, values: Sequence[tuple[bytes, str]]) -> list[bytes]:
        """Encrypt (value, subject) pairs, each under a nonce of its own."""
        encrypt = self.ciphers[-1].encrypt
        nonces = slices(secrets.token_bytes(NONCE_BYTES * len(values)), width=NONCE_BYTES)
        return [
            nonce + encrypt(nonce, plain, subject.encode())
            for nonce, (plain, subject) in zip(nonces, values, strict=True)
        ]

    def open(self, sealed: bytes, *, subject: str) -> bytes:
        """Decrypt with whichever key sealed it.

        Raises:
            InvalidTag: none of the keys did, or it is not this subject's.
        """
        sealed = bytes(sealed)
        for cipher in reversed(self.ciphers):
            try:
                return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], subject.encode())
            except InvalidTag:
                continue
        raise InvalidTag


def key_id(purpose: bytes, key: bytes) -> str:
    return sha256(purpose + b" key id" + key).hexdigest()[:KEY_ID_DIGITS]


def chained(pseudonym: str, *, mac: Mac) -> str:
    return mac.of(f"link\x00{pseudonym}".encode()).hex()


def keyring_of(organisation: str) -> Keyring:
    """Return a provider's keys; the first are made on first use."""
    pseudonym_keys = held_keys(f"pseudonym-{organisation}")
    marker = key_path(finished_marker(organisation))
    finished = int(marker.read_text()) if marker.exists() else 0
    return Keyring(
        pseudonym_keys=pseudonym_keys,
        vault_keys=held_keys(f"vault-{organisation}"),
        oldest_in_use=min(finished, len(pseudonym_keys) - 1),
    )


def held_keys(name: str) -> tuple[bytes, ...]:
    """Return the first key and those of later rotations, oldest first."""
    keys = [read_or_create_key(name)]
    while key_path(later_key(name, len(keys) + 1)).exists():
        keys.append(read_key(later_key(name, len(keys) + 1)))
    return tuple(keys)


def later_key(name: str, number: int) -> str:
    """Return the name of the key file of a provider's second, third … key."""
    return f"{name}~{number}"


def finished_marker(organisation: str) -> str:
    """Return the name of the file that counts the rotations that are finished."""
    return f"rotated-{organisation}"


def inner_key(*, salt: bytes, uid: str, field: str) -> bytes:
    """Return what opens one commitment and no other."""
    return hmac_of(f"{uid}\x00{field}".encode(), key=salt)


def commitment(value: str, *, salt: bytes, uid: str, field: str) -> str:
    return "committed:" + hmac_of(value.encode(), key=inner_key(salt=salt, uid=uid, field=field)).hex()


def normalised(value: str) -> str:
    """Return an identifier as a site writes it whatever the system: without outer blanks, upper case."""
    return value.strip().upper()
