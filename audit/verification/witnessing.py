"""What others say of a log: cosignatures of witnesses and time stamps, each over a checkpoint that the log extends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from audit.proofs.cosignatures import Cosignature, WitnessKey, cosignatures_on, parse_witness_key
from audit.proofs.notes import Checkpoint, NoteError, PublicKey, open_checkpoint, parse_note
from audit.proofs.timestamps import TokenError, read_stamp
from audit.verification.findings import Report, UnreadableError
from audit.verification.opening import READ_ERRORS, Package

MOST = 1_000


@dataclass(slots=True)
class Witnesses:
    """Whom the user trusts to cosign, by key or fingerprint, and who of them was met."""

    wanted: Sequence[str] = ()
    met: set[str] = field(default_factory=set)

    def knows(self, key: WitnessKey) -> bool:
        names = {key.text, sha256(key.key).hexdigest()} & set(self.wanted)
        self.met |= names
        return bool(names)

    def check(self, report: Report) -> None:
        for each in self.wanted:
            if each not in self.met:
                report.wrong(f"No checkpoint in the package is cosigned by the witness {each}.")


def cosigned_notes(
    package: Package, folder: str, *, keys: Sequence[PublicKey], witnesses: Witnesses, report: Report
) -> Iterator[bytes]:
    """Yield each checkpoint that a witness cosigned, once log and witness are known to have signed it."""
    if f"{folder}witnesses" not in package.sizes:
        return
    known = [parse_witness_key(line) for line in package.read(f"{folder}witnesses").decode().splitlines()]
    for name in names_in(package, f"{folder}cosigned/"):
        try:
            note = package.read(name)
            checkpoint = open_checkpoint(note, keys=keys)
            found = cosignatures_on(parse_note(note), witnesses=known)
        except (NoteError, UnreadableError, *READ_ERRORS) as error:
            report.wrong(f"The cosigned checkpoint {name} does not hold: {error}.")
            continue
        if not found:
            report.wrong(f"The cosigned checkpoint {name} has no cosignature of its witnesses.")
        for each in found:
            report.notice(told(each, checkpoint=checkpoint, is_known=witnesses.knows(each.witness)))
        yield note


def told(cosignature: Cosignature, *, checkpoint: Checkpoint, is_known: bool) -> str:
    moment = datetime.fromtimestamp(min(cosignature.seconds, 253402300799), UTC)
    return (
        f"{cosignature.witness.name} cosigned {checkpoint.origin} at {checkpoint.size} entries on "
        f"{moment:%Y-%m-%d %H:%M} UTC" + ("." if is_known else "; its key was not compared (--witness).")
    )


def stamped_notes(package: Package, folder: str, *, keys: Sequence[PublicKey], report: Report) -> Iterator[bytes]:
    """Yield each checkpoint over whose root a time stamp stands."""
    for name in names_in(package, f"{folder}stamped/"):
        if name.endswith(".tsr"):
            continue
        try:
            note = package.read(name)
            checkpoint = open_checkpoint(note, keys=keys)
            stamp = read_stamp(package.read(f"{name}.tsr"))
        except (KeyError, NoteError, TokenError, UnreadableError, *READ_ERRORS) as error:
            report.wrong(f"The time stamp of {name} does not hold: {error}.")
            continue
        if stamp.imprint != sha256(checkpoint.root).digest():
            report.wrong(f"The time stamp of {name} is over another root than that of its checkpoint.")
            continue
        report.notice(
            f"A time stamp of {stamp.moment} stands over {checkpoint.origin} at {checkpoint.size} entries; "
            "openssl ts -verify checks its signature."
        )
        yield note


def names_in(package: Package, folder: str) -> list[str]:
    names = sorted(name for name in package.sizes if name.startswith(folder))
    if len(names) > MOST:
        raise UnreadableError(f"{folder} holds more than {MOST} files")
    return names
