"""The whole check of a package, in order: files, logs, entries, what was signed of the content, figures."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from json import loads
from pathlib import Path
from typing import Any

from audit.proofs.canonical import CanonicalError, canonical_json
from audit.proofs.notes import NoteError, parse_checkpoint, parse_note
from audit.verification.bag import Digests, check_bag
from audit.verification.figures import check_figures
from audit.verification.findings import Report
from audit.verification.logs import LOGS, Log, check_log, entries_of, logs_of, withheld_of
from audit.verification.opening import READ_ERRORS, Package, opened
from audit.verification.signatures import Signatures, check_signatures

EXPORTED = "package.exported"
PREVIOUS = "data/previous/"


def check_package(path: Path, *, pins: Sequence[str], checkpoints: Sequence[bytes] = ()) -> Report:
    """Return everything that is wrong with a package.

    Raises:
        UnreadableError: it cannot be read at all.
    """
    report = Report()
    with opened(path, report=report) as package:
        digests = check_bag(package, report=report)
        kept = [*checkpoints, *previous_checkpoints(package)]
        found = [check_log(package, name, pins=pins, kept=kept, report=report) for name in logs_of(package)]
        logs = [log for log in found if log is not None]
        if not found:
            report.wrong("The package holds no log.")
        name_strangers(checkpoints, logs=logs, report=report)
        said: dict[tuple[str, int], Any] = {}
        signed = Signatures()
        content = content_digest(digests)
        for log in logs:
            read_log(package, log, said=said, signed=signed, content=content, report=report)
        check_signatures(package, found=signed, report=report)
        try:
            check_figures(package, said=said, report=report)
        except (CanonicalError, KeyError, TypeError, *READ_ERRORS) as error:
            report.wrong(f"The figures or cases are malformed: {type(error).__name__} {error}.")
    return report


def name_strangers(checkpoints: Sequence[bytes], *, logs: Sequence[Log], report: Report) -> None:
    """A kept checkpoint that belongs to none of the logs proves nothing: say so."""
    for data in checkpoints:
        try:
            origin = parse_checkpoint(parse_note(data).text).origin
        except NoteError as error:
            report.wrong(f"A checkpoint that was given cannot be read: {error}.")
            continue
        if origin not in {log.checkpoint.origin for log in logs}:
            report.wrong(f"The checkpoint that was given is of {origin}, a log that this package does not hold.")


def previous_checkpoints(package: Package) -> Iterable[bytes]:
    for name in sorted(package.sizes):
        if name.startswith(PREVIOUS):
            yield package.read(name)


def content_digest(digests: Digests) -> str:
    """Return the hash over names and hashes of all content, which each log's export entry states."""
    content = {
        name: value
        for name, value in digests["sha256"].items()
        if name.startswith("data/") and not name.startswith(LOGS)
    }
    return sha256(canonical_json(content)).hexdigest()


def read_log(
    package: Package,
    log: Log,
    *,
    said: dict[tuple[str, int], Any],
    signed: Signatures,
    content: str,
    report: Report,
) -> None:
    """Check every entry against the tree, keep what the case rows need, and look for the export itself."""
    exports: list[str] = []
    try:
        for position, body in entries_of(package, log, report=report):
            entry = loads(body)
            if entry.get("organisation") != log.organisation:
                report.wrong(f"The entry at position {position} belongs to another log than {log.organisation}.")
            keep(entry, key=(log.organisation, position), said=said)
            signed.keep(entry)
            if entry.get("kind") == EXPORTED:
                exports.append(str(entry.get("payload", {}).get("details", {}).get("content_sha256")))
        for position, entry in withheld_of(package, log, report=report):
            keep(entry, key=(log.organisation, position), said=said)
    except (CanonicalError, KeyError, ValueError, *READ_ERRORS) as error:
        report.wrong(f"The entries of the log of {log.organisation} cannot be read: {error}.")
    if content not in exports:
        report.wrong(
            f"The content is not what the log of {log.organisation} signed when this package was made: "
            "a figure, document or row was changed."
        )


def keep(entry: Mapping[str, Any], *, key: tuple[str, int], said: dict[tuple[str, int], Any]) -> None:
    """Keep what case rows are held to: scores and decisions of runs, values of truths and reads."""
    payload, kind = entry.get("payload", {}), entry.get("kind")
    if kind == "inference":
        said[key] = {
            (part["finding"], part.get("region", "")): (part.get("score"), part.get("decision", ""))
            for part in payload.get("predictions", [])
        }
    elif kind == "truth":
        said[key] = (payload.get("region", ""), payload.get("value", ""))
    elif kind == "read":
        said[key] = (payload.get("region", ""), payload.get("decision", ""))
