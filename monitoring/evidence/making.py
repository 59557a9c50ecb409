"""Makes one package: content first, then its hash into each log, then the signed state that proves both."""

import json
import os
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from audit.log.actions import OPERATOR, record_act
from audit.log.checkpoints import sign_checkpoints
from audit.log.models import Checkpoint, LogKey
from audit.log.queries import checkpoint_before, latest_checkpoint, tile_of
from audit.log.sequencing import sequence
from audit.packages.bags import BagWriter
from audit.packages.bundling import verifier_source
from audit.packages.errors import NothingSignedError
from audit.packages.logs import LogPart, write_log
from audit.proofs.canonical import canonical_json
from audit.proofs.notes import NoteError, PublicKey, parse_checkpoint, parse_note
from audit.witnesses.codes import code_svg
from monitoring.errors import UnreadablePackageError
from monitoring.evidence import documents
from monitoring.evidence.entries import bodies_at, positions_of, shown_with_age_band
from monitoring.evidence.headline import figure_sets
from monitoring.evidence.rows import Met, case_lines
from monitoring.evidence.scopes import Scope
from monitoring.rollups.actions import follow

EXPORTED = "package.exported"
README = """Radvigil evidence package {uid}

report.html in the folder data is for reading; data/cases.ndjson has one line for each logged prediction, counted or
left out with its reason; data/figures.json the figures; data/logs the entries of the audit logs with their proofs.

To check it, offline and with Python 3.11 alone, in this folder:

    python verify.py {keys}

A fingerprint is the hex SHA-256 of a log's Ed25519 public key. Take it from the organisation itself, not from here.
The SHA-256 of verify.py is {verifier}; compare it with the one that you were given elsewhere.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A finished package: its hash and size, how many cases, and the fingerprint of each log in it."""

    sha256: str
    size: int
    cases: int
    keys: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class Making:
    """One package under way."""

    uid: str
    scope: Scope
    actor: str
    now: datetime
    tell: Callable[[str], None] = lambda step: None

    @property
    def logs(self) -> tuple[str, ...]:
        return self.scope.organisations or (OPERATOR,)


def make_package(making: Making, *, path: Path) -> Made:
    """Write the package to a file of mode 0600, replacing none until it is whole.

    Raises:
        FileExistsError: there is a file of that name.
        UnreadablePackageError: the previous package is none.
    """
    draft = path.with_name(f".{path.name}.{making.uid[:8]}.part")
    draft.unlink(missing_ok=True)  # of a worker that died
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        made = written(making, path=draft)
        os.link(draft, path)
    finally:
        draft.unlink()
    return made


def written(making: Making, *, path: Path) -> Made:
    making.tell("bringing the log up to date")
    sequence(now=making.now)
    follow(now=making.now)
    met = Met()
    kept = previous_notes(making.scope.wanted.previous)
    with BagWriter(path) as bag:
        write_content(bag, making, met=met, kept=kept)
        sign_content(bag, making)
        keys = {organisation: key_of(organisation).fingerprint for organisation in making.logs}
        for organisation in making.logs:
            making.tell(f"proving the entries of {organisation}")
            write_log_of(bag, making, organisation=organisation, met=met, kept=kept)
        write_tags(bag, making, keys=keys)
    return Made(sha256=file_sha256(path), size=path.stat().st_size, cases=met.cases, keys=keys)


# 1. The content.


def write_content(bag: BagWriter, making: Making, *, met: Met, kept: Mapping[str, bytes]) -> None:
    scope = making.scope
    said = documents.scope_document(scope, uid=making.uid, made_by=making.actor, made_at=making.now.isoformat())
    if scope.has_rows:
        making.tell("writing the cases")
        bag.add("data/cases.ndjson", case_lines(scope, met=met))
    making.tell("computing the figures")
    figures, signals, registry = (
        figure_sets(scope),
        documents.signal_documents(scope),
        documents.registry_document(scope),
    )
    signatures = documents.signature_documents(scope)
    claims = documents.claim_documents(scope, now=making.now)
    for name, value in (
        ("scope", said), ("figures", {"sets": figures}), ("signals", signals), ("registry", registry),
        ("claims", claims), ("changes", []), ("signatures", signatures),
    ):  # fmt: skip
        bag.add(f"data/{name}.json", [readable(value)])
    counts = {"cases": met.cases, "counted": met.counted, "studies": len(met.studies), "patients": len(met.persons)}
    text = documents.report(
        scope=said,
        registry=registry,
        figures=figures,
        signals=signals,
        signatures=signatures,
        claims=claims,
        counts=counts,
        keys={each: key_of(each).fingerprint for each in making.logs},
        verifier=sha256(verifier_source()).hexdigest(),
        checkpoints=[
            {"note": each.note, "code": code_svg(each.note)}
            for name in making.logs
            if (each := checkpoint_before(name, moment=making.now))
        ],
    )
    bag.add("data/report.html", [text.encode()])
    for organisation, note in kept.items():
        bag.add(f"data/previous/{organisation}", [note])


def readable(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False).encode() + b"\n"


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


# 2. What the logs sign of it.


def sign_content(bag: BagWriter, making: Making) -> None:
    """Log the export with the hash of its content in every log, and sign the logs as they then are."""
    content = sha256(canonical_json(dict(bag.sha256_of_payload()))).hexdigest()
    wanted = making.scope.wanted
    details = {
        "product": wanted.product,
        "site": wanted.site,
        "study": str(wanted.study or ""),
        "signal": wanted.signal,
        "change": wanted.change,
        "from": wanted.since.isoformat(),
        "to": wanted.until.isoformat(),
        "as_of": wanted.as_of.isoformat() if wanted.as_of else "",
        "level": wanted.level,
        "content_sha256": content,
    }
    for organisation in making.logs:
        record_act(
            EXPORTED,
            organisation=organisation,
            subject=f"package/{making.uid}",
            actor=making.actor,
            at=making.now,
            details=details,
        )
    sequence(now=making.now)
    sign_checkpoints(now=making.now, interval=timedelta(0))


# 3. The logs.


def key_of(organisation: str) -> PublicKey:
    key = LogKey.objects.filter(organisation=organisation).order_by("-id").first()
    if key is None:
        raise NothingSignedError(organisation)
    return PublicKey(name=key.origin, key=bytes(key.public_key))


def write_log_of(bag: BagWriter, making: Making, *, organisation: str, met: Met, kept: Mapping[str, bytes]) -> None:
    checkpoint = latest_checkpoint(organisation)
    if checkpoint is None:
        raise NothingSignedError(organisation)
    acts = [f"package/{making.uid}", *subjects_of_signals(making.scope)]
    studies = met.studies if making.scope.has_rows else ()
    found = positions_of(making.scope, organisation=organisation, studies=studies, acts=acts)
    part = LogPart(
        organisation=organisation,
        key=key_of(organisation),
        note=checkpoint.note,
        size=checkpoint.size,
        positions=[position for position in found if position < checkpoint.size],
        sizes=kept_sizes(kept.get(organisation), organisation=organisation),
    )
    write_log(
        bag,
        part,
        read_tile=lambda level, index: stored_tile(organisation, level=level, index=index),
        bodies=lambda: bodies_at(organisation, part.positions),
        redact=shown_with_age_band,
    )


def subjects_of_signals(scope: Scope) -> Iterable[str]:
    return [f"signal/{signal.uid}" for signal in documents.signals_in(scope)] if scope.has_rows else []


def kept_sizes(note: bytes | None, *, organisation: str) -> list[int]:
    """Return the sizes of checkpoints that others may hold: the previous package's, and the last of each day."""
    days = Checkpoint.objects.filter(organisation=organisation).order_by("signed_at__date", "-size")
    sizes = list(days.distinct("signed_at__date").values_list("size", flat=True))
    return sizes + ([parse_checkpoint(parse_note(note).text).size] if note else [])


def stored_tile(organisation: str, *, level: int, index: int) -> bytes:
    tile = tile_of(organisation, level=level, index=index)
    return bytes(tile.hashes) if tile else b""


# 4. What makes it a bag that a stranger can check.


def write_tags(bag: BagWriter, making: Making, *, keys: Mapping[str, str]) -> None:
    verifier = verifier_source()
    pins = " ".join("--key FINGERPRINT" for _ in keys)
    bag.add("verify.py", [verifier])
    readme = README.format(uid=making.uid, keys=pins, verifier=sha256(verifier).hexdigest())
    bag.add("README.txt", [readme.encode()])
    info = {
        "Source-Organization": ", ".join(making.logs),
        "Bagging-Date": making.now.date().isoformat(),
        "External-Identifier": making.uid,
        "External-Description": f"Evidence on {making.scope.product.pk}, {making.scope.wanted.since} to "
        f"{making.scope.wanted.until}",
        "Bag-Software-Agent": "Radvigil",
    }
    bag.close(info=info)


def file_sha256(path: Path) -> str:
    with open(path, "rb") as file:
        digest = sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
