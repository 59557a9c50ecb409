"""Packages made without a database: logs of any size with keys of our own, for attacks on files and for speed."""

import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256, sha512
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.packages.bags import BagWriter
from audit.packages.bundling import verifier_source
from audit.packages.history import History
from audit.packages.logs import LogPart, Payloads, write_log
from audit.packages.tables import FactTables
from audit.proofs.canonical import CanonicalError, canonical_json, parse_json
from audit.proofs.merkle import frontier_root, leaf_hash
from audit.proofs.notes import Checkpoint, PublicKey, sign_note
from audit.proofs.tiles import grow

COLUMNS = {
    "inference": (
        "payload_sha256",
        "study",
        "deployment",
        "version",
        "site",
        "described",
        "described.study.patient_sex",
        "flags",
    ),
    "inference.predictions": ("finding", "region", "score", "threshold", "decision"),
    "truth": ("study", "finding", "region", "value", "standard"),
}
CASE = dict.fromkeys(["category", "measurement", "truth_measurement", "truth_category", "reader_decision"])


@dataclass(slots=True)
class KeyPair:
    """A log's key, from a number, so that the same test signs the same."""

    name: str
    number: int = 1

    @property
    def secret(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(bytes([self.number]) * 32)

    @property
    def public(self) -> PublicKey:
        return PublicKey(name=self.name, key=self.secret.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        return self.secret.sign(message)


@dataclass(slots=True)
class MadeLog:
    """A log under construction: bodies in order, and its tree."""

    organisation: str
    bodies: list[bytes] = field(default_factory=list)
    number: int = 1

    @property
    def pair(self) -> KeyPair:
        return KeyPair(f"test.example/log/{self.organisation}", self.number)

    def add(self, kind: str, payload: Mapping[str, object], *, uid: str = "") -> int:
        """Append an entry and return its position."""
        entry = {
            "v": 1, "organisation": self.organisation, "scope": "deployment/cxr-north", "kind": kind,
            "uid": uid or f"{kind}-{len(self.bodies)}", "actor": "token:1", "at": "2026-03-02T12:00:00.000000Z",
            "by_clock": "server", "record_sha256": sha256(f"{kind}{len(self.bodies)}".encode()).hexdigest(),
            "payload": payload,
        }  # fmt: skip
        return self.append(canonical_json(entry))

    def append(self, body: bytes) -> int:
        self.bodies.append(body)
        return len(self.bodies) - 1

    def leaves(self) -> list[bytes]:
        return [leaf_hash(body) for body in self.bodies]

    def note(self, *, pairs: Iterable[KeyPair] = (), size: int | None = None) -> str:
        """Return the checkpoint at a size, signed by the log's key and more."""
        leaves = self.leaves()[: len(self.bodies) if size is None else size]
        frontier = grow(size=0, leaves=leaves, edge={}).frontier
        text = Checkpoint(origin=self.pair.name, size=len(leaves), root=frontier_root(list(frontier))).text
        notes = [sign_note(text, key=each.public, sign=each.sign) for each in (self.pair, *pairs)]
        return notes[0] + "".join(each.rpartition("\n\n")[2] for each in notes[1:])


def scored_log(organisation: str = "north-group", *, cases: int = 12) -> tuple[MadeLog, list[dict[str, object]]]:
    """Return a log of runs and truths, and the case rows that follow from it."""
    log, rows = MadeLog(organisation), []
    for number in range(cases):
        score, truth = (number * 37 % 100) / 100, "positive" if number % 3 == 0 else "negative"
        rows.append(add_case(log, number, score=score, truth=truth))
    return log, rows


def add_case(log: MadeLog, number: int, *, score: float, truth: str) -> dict[str, object]:
    study, decision = f"00000000-0000-4000-8000-{number:012d}", "positive" if score >= 0.5 else "negative"
    part = {"finding": "nodule", "score": score, "threshold": 0.5, "decision": decision}
    described = {"study": {"patient_sex": "F", "modality": "DX"}, "scanner": {"model": "M, 1"}}
    subject = {"study": study, "site": "north"}
    run = log.add(
        "inference",
        subject | {"deployment": "cxr-north", "version": "1.0", "described": described, "predictions": [part]},
    )
    judged = log.add("truth", {"study": study, "finding": "nodule", "value": truth, "standard": "panel"})
    return CASE | {
        "log": log.organisation, "position": run, "product": "cxr", "site": "north", "deployment": "cxr-north",
        "version": "1.0", "finding": "nodule", "region": "", "rule": "default", "study": study, "excluded": "",
        "score": score, "decision": decision, "truth": truth, "truth_position": judged, "read_position": None,
        "slices": {"sex": "F"},
    }  # fmt: skip


def figures_of(rows: list[dict[str, object]]) -> dict[str, object]:
    """Return the document of figures with the sensitivity and the specificity of all rows."""
    block = {"product": "cxr", "site": "north", "finding": "nodule", "kind": "binary", "truth_rule": "default"}
    estimates = []
    for metric, truth in (("sensitivity", "positive"), ("specificity", "negative")):
        meant = [row["decision"] == truth for row in rows if row["truth"] == truth]
        low_high = {"low": 0.0, "high": 1.0, "level": 0.95, "method": "wilson"}
        if meant:
            value = sum(meant) / len(meant)
            positives = len(meant) if truth == "positive" else 0
            estimates.append(
                {"metric": metric, "slice": {}, "value": value, "cases": len(meant), "positives": positives} | low_high
            )
    return {"sets": [block | {"excluded": {}, "estimates": estimates}]}


Withhold = Callable[[bytes], Mapping[str, object] | None]


def nothing_withheld(body: bytes) -> None:
    return None


def write_package(
    path: Path,
    logs: Mapping[str, MadeLog],
    *,
    files: Mapping[str, bytes],
    withhold: Withhold = nothing_withheld,
    history: Callable[[MadeLog], History] | None = None,
    payloads: Payloads | None = None,
) -> Path:
    """Write a whole package: content, the act that signs it, tables of facts, logs, tags."""
    with BagWriter(path) as bag:
        with FactTables(bag, columns=COLUMNS) as tables:
            for name, log in sorted(logs.items()):
                for position, body in enumerate(log.bodies):
                    if entry := withhold(body) or parsed(body):
                        tables.add(log=name, position=position, entry=entry)
        for name, data in files.items():
            bag.add(name, [data])
        content = sha256(canonical_json(dict(bag.sha256_of_payload()))).hexdigest()
        for log in logs.values():
            log.add("package.exported", {"subject": "package/p1", "details": {"content_sha256": content}})
            told = history(log) if history else None
            write_made_log(bag, log, withhold=withhold, history=told, payloads=payloads)
        bag.add("verify.py", [verifier_source()])
        bag.close(info={"External-Identifier": "p1"})
    return path


def parsed(body: bytes) -> Mapping[str, object]:
    """Return an entry; an empty one where a test signed something that is none."""
    try:
        return parse_json(body)
    except CanonicalError:
        return {}


def write_made_log(
    bag: BagWriter, log: MadeLog, *, withhold: Withhold, history: History | None, payloads: Payloads | None
) -> None:
    tiles = grow(size=0, leaves=log.leaves(), edge={}).tiles
    part = LogPart(
        organisation=log.organisation,
        key=log.pair.public,
        note=log.note(),
        size=len(log.bodies),
        positions=range(len(log.bodies)),
        history=history,
        payloads=payloads,
    )
    write_log(
        bag,
        part,
        read_tile=lambda level, index: tiles[level, index],
        bodies=lambda: iter(log.bodies),
        redact=withhold,
    )


def content_files(rows: list[dict[str, object]]) -> dict[str, bytes]:
    return {
        "data/cases.ndjson": b"".join(canonical_json(row) + b"\n" for row in rows),
        "data/figures.json": canonical_json(figures_of(rows)),
        "data/signatures.json": b"[]",
    }


# What a forger does with the finished file.


def files_in(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: Mapping[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def refitted(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Make count and manifests fit the files again."""
    kept = {name: data for name, data in files.items() if "manifest-" not in name}
    payload = {name: data for name, data in kept.items() if name.startswith("data/")}
    kept["bag-info.txt"] = f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}\n".encode()
    kept |= dict(manifests("manifest", payload))
    tags = {name: data for name, data in kept.items() if not name.startswith("data/")}
    return kept | dict(manifests("tagmanifest", tags))


def manifests(kind: str, files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    for algorithm, digest in (("sha256", sha256), ("sha512", sha512)):
        lines = [f"{digest(data).hexdigest()}  {name}\n" for name, data in sorted(files.items())]
        yield f"{kind}-{algorithm}.txt", "".join(lines).encode()
