"""A witness's word that it saw a checkpoint, and when: C2SP tlog-cosignature, and tlog-witness requests.

A cosignature stands as one more line under the log's own note. What a witness
remembers, and how it signs, comes in as an argument.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256

from audit.proofs.ed25519 import KEY_BYTES, SIGNATURE_BYTES, verify_signature
from audit.proofs.merkle import HASH_BYTES
from audit.proofs.notes import DASH, KEY_ID_BYTES, NAME, Note, NoteError, Verify, unbase64

COSIGNATURE = b"\x04"
TIME_BYTES = 8
MOST_HASHES = 63  # tlog-witness: no consistency proof is longer
OLD_SIZE = re.compile(r"old (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessKey:
    """The key of a witness and the name it cosigns under."""

    name: str
    key: bytes

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + COSIGNATURE + self.key).digest()[:KEY_ID_BYTES]

    @property
    def text(self) -> str:
        """The key as the ecosystem's tools write it: name+id+base64."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(COSIGNATURE + self.key).decode()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosignature:
    """Who saw a checkpoint, and when (seconds since 1970, by the witness's clock)."""

    witness: WitnessKey
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCheckpoint:
    """What a log asks of a witness: the size it last cosigned, the proof from there, and the new note."""

    old_size: int
    proof: tuple[bytes, ...]
    note: bytes


def parse_witness_key(text: str) -> WitnessKey:
    """Return the key of `name+id+base64`.

    Raises:
        NoteError: it is not one, is no cosigning key, or its id is not its own.
    """
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    data = unbase64(encoded)
    if not NAME.fullmatch(name) or data[:1] != COSIGNATURE or len(data) != KEY_BYTES + 1:
        raise NoteError("the key is not written as name+id+base64 of a witness's key")
    key = WitnessKey(name=name, key=data[1:])
    if key.key_id.hex() != key_id:
        raise NoteError("the key's id is not that of the key")
    return key


def cosign(text: str, *, witness: WitnessKey, seconds: int, sign: Callable[[bytes], bytes]) -> str:
    """Return the signature line of a witness under a checkpoint's text."""
    signature = sign(message_of(text, seconds=seconds))
    encoded = base64.b64encode(witness.key_id + seconds.to_bytes(TIME_BYTES, "big") + signature).decode()
    return f"{DASH}{witness.name} {encoded}\n"


def message_of(text: str, *, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def cosignatures_on(
    note: Note, *, witnesses: Iterable[WitnessKey], verify: Verify = verify_signature
) -> list[Cosignature]:
    """Return the cosignatures of known witnesses, in the order of the lines; unknown ones are left alone.

    Raises:
        NoteError: a known witness's cosignature does not hold.
    """
    known = {(each.name, each.key_id): each for each in witnesses}
    found = []
    for line in note.signatures:
        witness = known.get((line.name, line.key_id))
        if witness is None:
            continue
        seconds = int.from_bytes(line.signature[:TIME_BYTES], "big")
        signature = line.signature[TIME_BYTES:]
        message = message_of(note.text, seconds=seconds)
        if len(signature) != SIGNATURE_BYTES or not verify(
            public_key=witness.key, message=message, signature=signature
        ):
            raise NoteError(f"the cosignature of {witness.name} does not hold")
        found.append(Cosignature(witness=witness, seconds=seconds))
    return found


def write_request(request: AddCheckpoint) -> bytes:
    """Return the body of a tlog-witness `add-checkpoint` request."""
    lines = [f"old {request.old_size}", *(base64.b64encode(each).decode() for each in request.proof), "", ""]
    return "\n".join(lines).encode() + request.note


def parse_request(body: bytes) -> AddCheckpoint:
    """Return what an `add-checkpoint` request asks.

    Raises:
        NoteError: it is not written as one.
    """
    head, found, note = body.partition(b"\n\n")
    try:
        first, *proof = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise NoteError("the request is not ASCII before its checkpoint") from error
    old = OLD_SIZE.fullmatch(first)
    if not found or old is None or len(proof) > MOST_HASHES:
        raise NoteError("the request does not begin with the old size and a proof")
    hashes = tuple(unbase64(each) for each in proof)
    if any(len(each) != HASH_BYTES for each in hashes):
        raise NoteError("a hash of the proof is no SHA-256")
    return AddCheckpoint(old_size=int(old[1]), proof=hashes, note=note)
