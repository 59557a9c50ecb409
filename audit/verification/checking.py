"""The whole check of a package, in order: files, logs, entries, what was signed of the content, figures."""

import csv
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

from audit.proofs.canonical import CanonicalError, canonical_json
from audit.proofs.notes import NoteError, parse_checkpoint, parse_note
from audit.verification.bag import Digests, check_bag
from audit.verification.documents import check_documents
from audit.verification.figures import CASES, check_figures
from audit.verification.findings import Report, UnreadableError
from audit.verification.keys import KeyActs, check_key_acts
from audit.verification.logs import LOGS, Log, check_log, logs_of
from audit.verification.opening import READ_ERRORS, Package, opened
from audit.verification.reading import Read, read_entries
from audit.verification.signatures import check_signatures
from audit.verification.tables import check_twins
from audit.verification.witnessing import Witnesses

PREVIOUS = "data/previous/"


def check_package(
    path: Path,
    *,
    pins: Sequence[str],
    checkpoints: Sequence[bytes] = (),
    witnesses: Sequence[str] = (),
    processes: int = 1,
) -> Report:
    """Return everything that is wrong with a package. `witnesses` are keys, or their fingerprints, that must cosign.

    Raises:
        UnreadableError: it cannot be read at all.
    """
    files, report = Report(), Report()
    with opened(path, report=files) as package:
        digests = Digests(package)
        trusted = Witnesses(witnesses)
        kept = [*checkpoints, *previous_checkpoints(package)]
        found = [
            check_log(package, name, digests=digests, pins=pins, kept=kept, witnesses=trusted, report=report)
            for name in logs_of(package)
        ]
        logs = [log for log in found if log is not None]
        if not found:
            report.wrong("The package holds no log.")
        name_strangers(checkpoints, logs=logs, report=report)
        trusted.check(report)
        read = read_entries(package, logs, digests=digests, processes=processes, report=report)
        check_content(package, read, digests=digests, report=report)
        check_bag(package, digests=digests, report=files)
        check_signed(logs, read=read, content=content_digest(digests), report=report)
    return files.followed_by(report)


def check_content(package: Package, read: Read, *, digests: Digests, report: Report) -> None:
    """Hold signatures, cases, figures and tables to the entries."""
    check_signatures(package, found=read.signed, report=report)
    try:
        check_figures(package, said=read.said, digests=digests, report=report)
        check_documents(package, report=report)
    except (AttributeError, CanonicalError, csv.Error, KeyError, TypeError, UnreadableError, *READ_ERRORS) as error:
        report.wrong(f"The figures or cases are malformed: {type(error).__name__} {error}.")
    check_twins(package, but=CASES, digests=digests, report=report)


def check_signed(logs: Sequence[Log], *, read: Read, content: str, report: Report) -> None:
    """Hold the content to what each log signed of it, and the keys to what the log says of them."""
    for log in logs:
        if content not in read.exports.get(log.organisation, ()):
            report.wrong(
                f"The content is not what the log of {log.organisation} signed when this package was made: "
                "a figure, document or row was changed."
            )
        acts = read.keys.get(log.organisation, KeyActs())
        check_key_acts(log.keys, acts, organisation=log.organisation, report=report)


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
        for name, value in digests.by_algorithm["sha256"].items()
        if name.startswith("data/") and not name.startswith(LOGS)
    }
    return sha256(canonical_json(content)).hexdigest()
