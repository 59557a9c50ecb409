"""Describes a bag's payload as RO-Crate 1.1: what each file is, who made it, when, under which licence.

The crate's root is the folder `data` (RO-Crate 1.1, "Combining with other packaging
schemes"), so that its description is payload and stands under the logs' signatures.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from audit.packages.bags import BagWriter, Written

METADATA = "ro-crate-metadata.json"
VERSION = "https://w3id.org/ro/crate/1.1"
# By the end of the name; the longest first.
MEDIA_TYPES = {
    ".ndjson": "application/x-ndjson", ".json": "application/json", ".csv": "text/csv", ".html": "text/html",
    ".parquet": "application/vnd.apache.parquet", ".pdf": "application/pdf", ".txt": "text/plain",
    ".svg": "image/svg+xml", ".dcm": "application/dicom", ".md": "text/markdown", ".xml": "application/xml",
}  # fmt: skip
LOGS = {
    "@id": "logs/",
    "@type": "Dataset",
    "name": "Audit logs",
    "description": "For each log its key, checkpoint, exported entries, and the tiles that prove them.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Crate:
    """What is said of the whole package. `licence` is an address or a sentence, times are in ISO 8601."""

    uid: str
    name: str
    description: str
    licence: str
    authors: Sequence[str]
    published_at: str
    covers: str = ""
    made_by: str = ""


def write_crate(bag: BagWriter, crate: Crate) -> None:
    """Add the description of everything written so far. What comes later, the logs, is described as one folder."""
    described = {name: file for name, file in bag.files.items() if name.startswith("data/")}
    bag.add(f"data/{METADATA}", [json.dumps(graph_of(crate, described), indent=1, ensure_ascii=False).encode() + b"\n"])


def graph_of(crate: Crate, files: Mapping[str, Written]) -> dict[str, Any]:
    parts = [file_entity(name.removeprefix("data/"), file) for name, file in sorted(files.items())]
    people = [{"@id": f"#author-{at}", "@type": "Organization", "name": name} for at, name in enumerate(crate.authors)]
    graph = [descriptor(), root(crate, parts=[*parts, LOGS], people=people), licence(crate), software(crate)]
    return {"@context": f"{VERSION}/context", "@graph": [*graph, *people, *parts, LOGS]}


def descriptor() -> dict[str, Any]:
    return {
        "@id": METADATA,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": VERSION},
    }


def root(crate: Crate, *, parts: Sequence[Mapping[str, Any]], people: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    said = {
        "@id": "./",
        "@type": "Dataset",
        "identifier": crate.uid,
        "name": crate.name,
        "description": crate.description,
        "datePublished": crate.published_at,
        "license": {"@id": licence(crate)["@id"]},
        "author": [{"@id": each["@id"]} for each in people],
        "hasPart": [{"@id": each["@id"]} for each in parts],
        "mentions": {"@id": "#software"},
    }
    return said | ({"temporalCoverage": crate.covers} if crate.covers else {})


def licence(crate: Crate) -> dict[str, Any]:
    if crate.licence.startswith("https://"):
        return {"@id": crate.licence, "@type": "CreativeWork", "name": crate.licence}
    return {"@id": "#licence", "@type": "CreativeWork", "name": "Terms of use", "description": crate.licence}


def software(crate: Crate) -> dict[str, Any]:
    return {"@id": "#software", "@type": "SoftwareApplication", "name": crate.made_by or "Radvigil"}


def file_entity(name: str, file: Written) -> dict[str, Any]:
    found = {"@id": quote(name), "@type": "File", "name": name, "contentSize": str(file.size)}
    kind = next((media for end, media in MEDIA_TYPES.items() if name.endswith(end)), "application/octet-stream")
    found["encodingFormat"] = kind
    return found | ({"description": file.about} if file.about else {})
