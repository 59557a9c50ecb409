"""Holds the figures in each document's JSON twin to those of the package, which are recomputed from its rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.proofs.canonical import canonical_json, parse_json
from audit.verification.figures import FIGURES
from audit.verification.findings import Report
from audit.verification.opening import Package

DOCUMENTS = "data/documents/"
WHERE = ("product", "deployment", "site", "finding", "truth_rule", "basis", "as_of", "from", "to")
LARGEST = 256 * 1024 * 1024


def check_documents(package: Package, *, report: Report) -> None:
    """Name each figure of a document that is not that of the package.

    Raises:
        CanonicalError, KeyError, TypeError, UnreadableError: a twin is malformed.
    """
    if FIGURES not in package.sizes:
        return
    known = {place_of(each): each for each in parse_json(package.read(FIGURES, most=LARGEST))["sets"]}
    for name in sorted(package.sizes):
        if not name.startswith(DOCUMENTS) or not name.endswith(".json"):
            continue
        twin = parse_json(package.read(name, most=LARGEST))
        for block in twin.get("sets", ()) if isinstance(twin, dict) else ():
            compare(block, known.get(place_of(block)), document=name, report=report)


def place_of(block: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(block.get(name) for name in WHERE)


def compare(block: Mapping[str, Any], known: Mapping[str, Any] | None, *, document: str, report: Report) -> None:
    where = f"{block['finding']}" + "".join(f", {block[name]}" for name in WHERE[:3] if block.get(name))
    if known is None:
        report.wrong(f"{document} has figures of {where} that {FIGURES} does not have.")
        return
    stated = {key_of(each): canonical_json(each) for each in known["estimates"]}
    for estimate in block["estimates"]:
        if stated.get(key_of(estimate)) != canonical_json(estimate):
            metric = str(estimate["metric"]).replace("_", " ")
            report.wrong(
                f"The {metric} of {where} in {document} is not that of {FIGURES}, which follows from the rows."
            )
    if canonical_json(block.get("excluded")) != canonical_json(known.get("excluded")):
        report.wrong(f"What {document} leaves out of {where} is not what {FIGURES} leaves out.")


def key_of(estimate: Mapping[str, Any]) -> bytes:
    return canonical_json([estimate["metric"], estimate["slice"]])
