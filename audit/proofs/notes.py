"""Signed notes and checkpoints as C2SP writes them (signed-note, tlog-checkpoint).

Text in, bytes out, and back with every known signature checked. Which keys to
trust comes in as an argument; how to sign, too.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from audit.proofs.ed25519 import KEY_BYTES, SIGNATURE_BYTES, verify_signature
from audit.proofs.merkle import HASH_BYTES

ED25519 = b"\x01"
DASH = "— "  # signed-note: an em dash and a space open each signature line
KEY_ID_BYTES = 4
MOST_SIGNATURES = 100
LARGEST_NOTE_BYTES = 1_000_000
NAME = re.compile(r"[^\s+]+")
SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class NoteError(ValueError):
    """Bytes that are no signed note or checkpoint, or a signature that does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A key and the name it signs under. Its fingerprint is the SHA-256 of its 32 bytes, in hex."""

    name: str
    key: bytes

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + ED25519 + self.key).digest()[:KEY_ID_BYTES]

    @property
    def fingerprint(self) -> str:
        return sha256(self.key).hexdigest()

    @property
    def text(self) -> str:
        """The key as the ecosystem's tools write it: name+id+base64."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.key).decode()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature line: who says they signed, with which key, and the signature."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a log says of itself: its origin, size and root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse_public_key(text: str) -> PublicKey:
    """Return the key of `name+id+base64`.

    Raises:
        NoteError: it is not one, is no Ed25519 key, or its id is not its own.
    """
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    data = unbase64(encoded)
    if not NAME.fullmatch(name) or data[:1] != ED25519 or len(data) != KEY_BYTES + 1:
        raise NoteError("the key is not written as name+id+base64 of an Ed25519 key")
    key = PublicKey(name=name, key=data[1:])
    if key.key_id.hex() != key_id:
        raise NoteError("the key's id is not that of the key")
    return key


def sign_note(text: str, *, key: PublicKey, sign: Callable[[bytes], bytes]) -> str:
    """Return the note of a text with one signature."""
    if not text.endswith("\n") or not NAME.fullmatch(key.name):
        raise NoteError("a note's text ends in a newline, and a key's name has no space or plus")
    signature = base64.b64encode(key.key_id + sign(text.encode())).decode()
    return f"{text}\n{DASH}{key.name} {signature}\n"


def parse_note(data: bytes) -> Note:
    """Return the text and the signature lines of a note; nothing is verified.

    Raises:
        NoteError: it is not UTF-8, holds control characters, or is not written as a note.
    """
    if len(data) > LARGEST_NOTE_BYTES:
        raise NoteError("the note is too large")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoteError("the note is not UTF-8") from error
    if any(letter < " " and letter != "\n" for letter in whole):
        raise NoteError("the note holds a control character")
    text, found, signed = whole.rpartition("\n\n")
    lines = signed.split("\n")
    if not found or not text or lines.pop() != "" or not 1 <= len(lines) <= MOST_SIGNATURES:
        raise NoteError("the note has no signature lines after its text")
    return Note(text=text + "\n", signatures=tuple(parse_signature(line) for line in lines))


def parse_signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(DASH).partition(" ")
    data = unbase64(encoded)
    if not line.startswith(DASH) or not NAME.fullmatch(name) or len(data) <= KEY_ID_BYTES:
        raise NoteError("a signature line is not written as one")
    return Signature(name=name, key_id=data[:KEY_ID_BYTES], signature=data[KEY_ID_BYTES:])


class Verify(Protocol):
    def __call__(self, *, public_key: bytes, message: bytes, signature: bytes) -> bool: ...


def verify_note(
    data: bytes, *, keys: Iterable[PublicKey], verify: Verify = verify_signature
) -> tuple[Note, tuple[PublicKey, ...]]:
    """Return the note and the known keys that signed it, in the order of the lines.

    Signatures of unknown keys are ignored; one of a known key that fails rejects the note.
    `verify` may be a faster implementation of Ed25519.

    Raises:
        NoteError: it is no note, a known signature fails, or none of the keys signed it.
    """
    note = parse_note(data)
    known = {(key.name, key.key_id): key for key in keys}
    signers: list[PublicKey] = []
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is None:
            continue
        if not _holds(line, key=key, text=note.text, verify=verify):
            raise NoteError(f"the signature of {line.name} does not hold")
        if key not in signers:
            signers.append(key)
    if not signers:
        raise NoteError("none of the known keys signed the note")
    return note, tuple(signers)


def _holds(line: Signature, *, key: PublicKey, text: str, verify: Verify) -> bool:
    if len(line.signature) != SIGNATURE_BYTES:
        return False
    return verify(public_key=key.key, message=text.encode(), signature=line.signature)


def parse_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint of a note's text; lines after the third are extensions and left alone.

    Raises:
        NoteError: it is not written as a checkpoint.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] != "" or not all(lines[:-1]):
        raise NoteError("the text is no checkpoint")
    origin, size, encoded = lines[:3]
    if not SIZE.fullmatch(size):
        raise NoteError("the checkpoint's size is no decimal number")
    root = unbase64(encoded)
    if len(root) != HASH_BYTES:
        raise NoteError("the checkpoint's root is no SHA-256")
    return Checkpoint(origin=origin, size=int(size), root=root)


def open_checkpoint(data: bytes, *, keys: Sequence[PublicKey], verify: Verify = verify_signature) -> Checkpoint:
    """Return the checkpoint of a note that the log itself signed with a known key.

    Raises:
        NoteError: as `verify_note` and `parse_checkpoint`, or the log's own signature is missing.
    """
    note, signers = verify_note(data, keys=keys, verify=verify)
    checkpoint = parse_checkpoint(note.text)
    if all(key.name != checkpoint.origin for key in signers):
        raise NoteError("the log's own signature is missing")
    return checkpoint


def unbase64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError("base64 is malformed") from error
    if base64.b64encode(data).decode() != text:
        raise NoteError("base64 is not canonical")
    return data
