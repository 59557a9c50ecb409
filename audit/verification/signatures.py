"""Holds the signatures among a package's entries to the keys that its logs record, and to the list of signatures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from audit.proofs.canonical import CanonicalError, parse_json
from audit.proofs.statements import FIELDS, problem_with
from audit.verification.findings import Report
from audit.verification.opening import READ_ERRORS, Package

LIST = "data/signatures.json"


@dataclass(slots=True)
class Signatures:
    """What the logs say of signing, gathered while their entries are read."""

    keys: dict[str, bytes] = field(default_factory=dict)
    given: list[Mapping[str, Any]] = field(default_factory=list)

    def keep(self, entry: Mapping[str, Any]) -> None:
        payload = entry.get("payload", {})
        if entry.get("kind") == "signing_key":
            self.keys[str(entry.get("uid", ""))] = bytes.fromhex(str(payload.get("public_key", "")))
        elif entry.get("kind") == "signature":
            self.given.append(payload)


def check_signatures(package: Package, *, found: Signatures, report: Report) -> None:
    """Check each signature, and that the list names those that were given and no others."""
    for payload in found.given:
        wrong = problem_with(payload, public_key=found.keys.get(str(payload.get("key", ""))))
        if wrong:
            report.wrong(f"The signature {wrong}.")
    try:
        listed = parse_json(package.read(LIST)) if LIST in package.sizes else []
    except (CanonicalError, *READ_ERRORS) as error:
        report.wrong(f"The list of signatures cannot be read: {error}.")
        return
    in_list = sorted(shown(each) for each in listed) if isinstance(listed, list) else []
    if in_list != sorted(shown(each) for each in found.given):
        report.wrong("The list of signatures is not that of the logs: one was added, left out or changed.")


def shown(payload: Any) -> str:
    """Return a signature as one line of text, to compare two of them."""
    if not isinstance(payload, Mapping):
        return repr(payload)
    return "\n".join(str(payload.get(name, "")) for name in (*FIELDS, "signature"))
