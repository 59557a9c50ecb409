"""Makes one package: content first, then its hash into each log, then the signed state that proves both."""

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from audit.log.sequencing import sequence
from audit.packages.bags import BagWriter
from audit.packages.bundling import verifier_source
from inference.corrections.persons import opted_out_persons
from monitoring.evidence.content import write_content
from monitoring.evidence.proving import key_of, previous_notes, sign_content, write_log_of
from monitoring.evidence.scopes import Scope
from monitoring.evidence.under_way import Made, Making
from monitoring.rollups.actions import follow

README = """Radvigil evidence package {uid}

Open index.html for a start: it needs a browser and nothing else. For paper, print data/documents/report.pdf.

data/documents    reports as PDF, each with the same figures as JSON beside it
data/facts        every fact as CSV and Parquet; dictionary.json and documents/dictionary.pdf say what the columns mean
data/cases.*      one line for each logged prediction, counted or left out with its reason
data/figures.json the figures, and what they were made with
data/logs         the entries of the audit logs with their proofs: what the tables are held to

To check it, offline and with Python 3.11 alone, in this folder:

    python verify.py {keys}

A fingerprint is the hex SHA-256 of a log's Ed25519 public key. Take it from the organisation itself, not from here.
The SHA-256 of verify.py is {verifier}; compare it with the one that you were given elsewhere.
"""
START = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=data/index.html">
<title>Evidence package</title></head>
<body><p><a href="data/index.html">Evidence package {uid}</a></p></body></html>
"""


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
        with TemporaryDirectory(dir=path.parent, prefix=f".{making.uid[:8]}.") as folder:
            made = written(replace(making, folder=Path(folder)), path=draft)
        os.link(draft, path)
    finally:
        draft.unlink()
    return made


def written(making: Making, *, path: Path) -> Made:
    making.tell("bringing the log up to date", 0, 0)
    sequence(now=making.now)
    follow(now=making.now)
    making = replace(making, scope=without_opted_out(making.scope, by=making.instant))
    kept = previous_notes(making.scope.wanted.previous)
    with BagWriter(path) as bag:
        content = write_content(bag, making, kept=kept)
        sign_content(bag, making)
        keys = {organisation: key_of(organisation).fingerprint for organisation in making.logs}
        for organisation in making.logs:
            write_log_of(bag, making, organisation=organisation, frozen=content.frozen, kept=kept)
        write_tags(bag, making, keys=keys)
    return Made(sha256=file_sha256(path), size=path.stat().st_size, cases=content.met.cases, keys=keys)


def without_opted_out(scope: Scope, *, by: datetime) -> Scope:
    """Return the scope without those who opted out, where it leaves their house."""
    if not scope.is_shared:
        return scope
    return replace(scope, opted_out=frozenset(opted_out_persons(sites=scope.sites, by=by)))


def write_tags(bag: BagWriter, making: Making, *, keys: Mapping[str, str]) -> None:
    """Write what makes it a bag that a stranger can check."""
    verifier = verifier_source()
    pins = " ".join("--key FINGERPRINT" for _ in keys)
    bag.add("verify.py", [verifier])
    readme = README.format(uid=making.content_id, keys=pins, verifier=sha256(verifier).hexdigest())
    bag.add("README.txt", [readme.encode()])
    bag.add("index.html", [START.format(uid=making.content_id).encode()])
    info = {
        "Source-Organization": ", ".join(making.logs),
        "Bagging-Date": making.now.date().isoformat(),
        "Contact-Name": making.actor,
        "Exported-At": making.now.isoformat(),
        "External-Identifier": making.content_id,
        "Internal-Sender-Identifier": making.uid,
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
