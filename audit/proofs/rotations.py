"""A log's key introduces the next one: a note that the old key signs, and the chain from a pinned key to the newest.

Text in, keys out. A chain is only as good as its first key: that one comes in as an argument.
"""

from collections.abc import Callable, Iterable, Sequence

from audit.proofs.ed25519 import verify_signature
from audit.proofs.notes import NoteError, PublicKey, Verify, parse_note, parse_public_key, sign_note, verify_note

TITLE = "radvigil key rotation v1"


def introduce(new: PublicKey, *, old: PublicKey, size: int, sign: Callable[[bytes], bytes]) -> str:
    """Return the note by which the old key says that the new one follows it, from a size of the log on."""
    return sign_note(f"{TITLE}\n{old.name}\n{size}\n{new.text}\n", key=old, sign=sign)


def introduced(note: bytes, *, keys: Iterable[PublicKey], verify: Verify = verify_signature) -> PublicKey:
    """Return the key that a note introduces, when one of these keys signed it.

    Raises:
        NoteError: it is no rotation, is one of another log, or none of the keys signed it.
    """
    opened, signers = verify_note(note, keys=keys, verify=verify)
    lines = opened.text.split("\n")
    if len(lines) != 5 or lines[0] != TITLE:
        raise NoteError("the note is no rotation of a key")
    new = parse_public_key(lines[3])
    if not new.name == lines[1] == signers[0].name:
        raise NoteError("the rotation is that of another log")
    return new


def follow(pinned: PublicKey, notes: Sequence[bytes], *, verify: Verify = verify_signature) -> list[PublicKey]:
    """Return the pinned key and those that lead on from it, in order; notes of other chains are left alone."""
    keys = [pinned]
    for note in notes:
        try:
            keys.append(introduced(note, keys=keys, verify=verify))
        except NoteError:
            parse_note(note)
    return keys
