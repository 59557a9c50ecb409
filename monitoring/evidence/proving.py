"""What proves a package: the act of its export in each log, the signed state, and the entries with their tiles."""

import zipfile
from array import array
from collections.abc import Iterable, Mapping
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from audit.log.actions import record_act
from audit.log.checkpoints import sign_checkpoints
from audit.log.models import Checkpoint, LogKey
from audit.log.queries import latest_checkpoint, tile_of
from audit.log.sequencing import sequence
from audit.packages.bags import BagWriter
from audit.packages.errors import NothingSignedError
from audit.packages.logs import LogPart, write_log
from audit.packages.queries import history_of, payloads_at
from audit.proofs.canonical import canonical_json
from audit.proofs.notes import NoteError, PublicKey, parse_checkpoint, parse_note
from monitoring.errors import UnreadablePackageError
from monitoring.evidence.entries import Positions, bodies_at, positions_of_acts, shown_with_age_band
from monitoring.evidence.facts import Frozen
from monitoring.evidence.scopes import Scope
from monitoring.evidence.under_way import Making
from monitoring.evidence.watched import monitors_in, signals_in

EXPORTED = "package.exported"


def previous_notes(path: Path | None) -> dict[str, bytes]:
    """Return the checkpoints in an earlier package, by log.

    Raises:
        UnreadablePackageError: it is no package.
    """
    if path is None:
        return {}
    try:
        with zipfile.ZipFile(path) as archive:
            names = [each for each in archive.namelist() if each.endswith("/checkpoint") and "data/logs/" in each]
            notes = {name.split("/")[-2]: archive.read(name) for name in names}
        for note in notes.values():
            parse_checkpoint(parse_note(note).text)
    except (OSError, zipfile.BadZipFile, NoteError) as error:
        raise UnreadablePackageError(path.name) from error
    if not notes:
        raise UnreadablePackageError(path.name)
    return notes


# 1. What the logs sign of it.


def sign_content(bag: BagWriter, making: Making) -> None:
    """Log the export with the hash of its content in every log, and sign the logs as they then are."""
    content = sha256(canonical_json(dict(bag.sha256_of_payload()))).hexdigest()
    for organisation in making.logs:
        record_act(
            EXPORTED,
            organisation=organisation,
            subject=f"package/{making.uid}",
            actor=making.actor,
            at=making.now,
            details=exported_details(making.scope) | {"content_sha256": content},
        )
    sequence(now=making.now)
    sign_checkpoints(now=making.now, interval=timedelta(0))


def exported_details(scope: Scope) -> dict[str, str]:
    wanted = scope.wanted
    return {
        "product": wanted.product,
        "site": wanted.site,
        "study": str(wanted.study or ""),
        "signal": wanted.signal,
        "change": wanted.change,
        "from": wanted.since.isoformat(),
        "to": wanted.until.isoformat(),
        "as_of": wanted.as_of.isoformat() if wanted.as_of else "",
        "level": wanted.level,
        "purpose": wanted.purpose,
        "recipient": wanted.recipient,
    }


# 2. The logs.


def key_of(organisation: str) -> PublicKey:
    key = LogKey.objects.filter(organisation=organisation).order_by("-id").first()
    if key is None:
        raise NothingSignedError(organisation)
    return PublicKey(name=key.origin, key=bytes(key.public_key))


def write_log_of(
    bag: BagWriter, making: Making, *, organisation: str, frozen: Frozen, kept: Mapping[str, bytes]
) -> None:
    checkpoint = latest_checkpoint(organisation)
    if checkpoint is None:
        raise NothingSignedError(organisation)
    acts = positions_of_acts(
        making.scope,
        organisation=organisation,
        own=f"package/{making.uid}",
        acts=subjects_of(making),
        until=making.instant,
    )
    history = history_of(organisation, until=checkpoint.size)
    named = {each for each in acts if each < checkpoint.size} | set(history.positions)
    positions = joined(frozen.get(organisation, ()), named)
    part = LogPart(
        organisation=organisation,
        key=key_of(organisation),
        note=checkpoint.note,
        size=checkpoint.size,
        positions=positions,
        sizes=kept_sizes(kept.get(organisation), organisation=organisation),
        history=history,
        payloads=lambda large: payloads_at(organisation, large),
    )
    write_log(
        bag,
        part,
        read_tile=lambda level, index: stored_tile(organisation, level=level, index=index),
        bodies=lambda: making.counted(
            bodies_at(organisation, positions), step=f"proving the entries of {organisation}", of=len(positions)
        ),
        redact=shown_with_age_band,
    )


def joined(facts: Iterable[int], acts: Iterable[int]) -> "array[int]":
    both = Positions()
    both.add(facts)
    both.add(acts)
    return both.rising()


def subjects_of(making: Making) -> list[str]:
    """Return what the acts in the package are about beside itself: signals and monitors, where rows are shared."""
    scope = making.scope
    if not scope.has_rows or scope.is_research:
        return []
    signals = [signal.subject for signal in signals_in(scope, by=making.instant)]
    return [*signals, *(f"monitor/{each.key}" for each in monitors_in(scope, by=making.instant))]


def kept_sizes(note: bytes | None, *, organisation: str) -> list[int]:
    """Return the sizes of checkpoints that others may hold: the previous package's, and the last of each day."""
    days = Checkpoint.objects.filter(organisation=organisation).order_by("signed_at__date", "-size")
    sizes = list(days.distinct("signed_at__date").values_list("size", flat=True))
    return sizes + ([parse_checkpoint(parse_note(note).text).size] if note else [])


def stored_tile(organisation: str, *, level: int, index: int) -> bytes:
    tile = tile_of(organisation, level=level, index=index)
    return bytes(tile.hashes) if tile else b""
