"""Checkpoints that were kept elsewhere, to hold a log to them."""

from pathlib import Path

from audit.errors import UnreadableCheckpointError
from audit.log.findings import Witnessed
from audit.log.models import LogKey
from audit.proofs import notes


def read_checkpoint_file(path: Path) -> tuple[str, Witnessed]:
    """Return the organisation and the checkpoint of a file that one of our keys signed.

    Raises:
        UnreadableCheckpointError: no such file, no checkpoint, or signed by none of the keys of this installation.
    """
    try:
        return open_kept(path.read_bytes(), source=f"the checkpoint in {path.name}")
    except (OSError, notes.NoteError) as error:
        raise UnreadableCheckpointError(path.name, reason=str(error)) from error


def open_kept(data: bytes, *, source: str) -> tuple[str, Witnessed]:
    origin = notes.parse_checkpoint(notes.parse_note(data).text).origin
    recorded = list(LogKey.objects.filter(origin=origin))
    keys = [notes.PublicKey(name=key.origin, key=bytes(key.public_key)) for key in recorded]
    checkpoint = notes.open_checkpoint(data, keys=keys)
    return recorded[0].organisation, Witnessed(checkpoint=checkpoint, source=source)
