"""What a package tells of a log beside its entries: its keys, who cosigned it, and the time stamps over it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from audit.packages.bags import BagWriter
from audit.proofs.notes import PublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """`keys` from the first to the newest, `notes` by which each introduced the next; checkpoints by size.

    `positions` are those of the entries that record the rotations, and the keys that were given up.
    """

    keys: Sequence[PublicKey]
    notes: Sequence[str] = ()
    witnesses: Sequence[str] = ()
    cosigned: Mapping[int, str] = field(default_factory=dict)
    stamped: Mapping[int, tuple[str, bytes]] = field(default_factory=dict)
    positions: Sequence[int] = ()

    @property
    def sizes(self) -> list[int]:
        """The sizes of the log that the package must be able to lead back to."""
        return sorted({*self.cosigned, *self.stamped})


def write_history(bag: BagWriter, history: History, *, folder: str) -> None:
    """Write what differs from a log with one key that nobody cosigned; most have little."""
    if len(history.keys) > 1:
        bag.add(f"{folder}/keys", [f"{key.text}\n".encode() for key in history.keys])
        for number, note in enumerate(history.notes, start=1):
            bag.add(f"{folder}/rotations/{number}", [note.encode()])
    if history.witnesses:
        bag.add(f"{folder}/witnesses", [f"{key}\n".encode() for key in history.witnesses])
    for size, note in history.cosigned.items():
        bag.add(f"{folder}/cosigned/{size}", [note.encode()])
    for size, (note, token) in history.stamped.items():
        bag.add(f"{folder}/stamped/{size}", [note.encode()])
        bag.add(f"{folder}/stamped/{size}.tsr", [token], is_packed=False)
