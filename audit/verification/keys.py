"""Which key of a log to believe: the chain of rotations from the one that the user pinned to the one that signed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from audit.proofs.notes import NoteError, PublicKey, parse_public_key
from audit.proofs.rotations import introduced
from audit.verification.findings import Report
from audit.verification.opening import Package


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys that a log had, the oldest first, and the notes by which each introduced the next."""

    chain: tuple[PublicKey, ...]
    notes: tuple[bytes, ...] = ()
    pinned: PublicKey | None = None

    @property
    def newest(self) -> PublicKey:
        return self.chain[-1]


@dataclass(slots=True)
class KeyActs:
    """What a log's own entries say of its keys."""

    notes: set[bytes] = field(default_factory=set)
    stolen: dict[str, str] = field(default_factory=dict)

    def keep(self, entry: Mapping[str, Any]) -> None:
        details = entry["payload"].get("details", {})
        if entry["kind"] == "key.rotated":
            self.notes.add(str(details.get("note", "")).encode())
        elif entry["kind"] == "key.compromised":
            self.stolen[str(details.get("public_key", ""))] = str(details.get("since", ""))


def keys_of(package: Package, folder: str, *, pins: Sequence[str]) -> Keys:
    """Return the keys of a log, each introduced by one before it; which is pinned, if any.

    Raises:
        NoteError: a key is malformed, or nobody introduced it.
    """
    newest = parse_public_key(package.read(f"{folder}key").decode())
    if f"{folder}keys" not in package.sizes:
        return Keys(chain=(newest,), pinned=pinned_of([newest], pins=pins))
    chain = [parse_public_key(line) for line in package.read(f"{folder}keys").decode().splitlines()]
    notes = [package.read(f"{folder}rotations/{number}") for number in range(1, len(chain))]
    if not chain or chain[-1] != newest:
        raise NoteError("its newest key is not the last of its keys")
    for number, note in enumerate(notes, start=1):
        if introduced(note, keys=chain[number - 1 : number]) != chain[number]:
            raise NoteError(f"its key {chain[number].fingerprint} is introduced by no earlier key")
    return Keys(chain=tuple(chain), notes=tuple(notes), pinned=pinned_of(chain, pins=pins))


def pinned_of(chain: Iterable[PublicKey], *, pins: Sequence[str]) -> PublicKey | None:
    """Return the newest key whose fingerprint the user gave: what it introduced is believed with it."""
    return next((key for key in reversed(list(chain)) if key.fingerprint in pins), None)


def check_key_acts(keys: Keys, acts: KeyActs, *, organisation: str, report: Report) -> None:
    """Hold the rotations to the entries that record them, and refuse to believe a key that was given up."""
    for key, note in zip(keys.chain[1:], keys.notes, strict=True):
        if note not in acts.notes:
            report.wrong(f"The key {key.fingerprint} of the log of {organisation} is introduced outside the log.")
    pinned = keys.pinned
    since = acts.stolen.get(pinned.key.hex()) if pinned else None
    if pinned and since is not None:
        report.wrong(
            f"The key {pinned.fingerprint} that you gave was given up as stolen, since {since}: "
            f"ask {organisation} for the fingerprint of the key that followed."
        )
