"""Reads the entries of all logs once, in order: batch by batch, checked by as many processes as are wanted."""

from __future__ import annotations

import base64
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain, pairwise

from audit.proofs.canonical import canonical_json, parse_json
from audit.verification.bag import Digests
from audit.verification.entries import Batch, Outcome, check_batch
from audit.verification.findings import Report
from audit.verification.keys import KeyActs
from audit.verification.logs import Leaves, Log
from audit.verification.opening import READ_ERRORS, Package
from audit.verification.said import KINDS, LogSaid, Said, Saying
from audit.verification.signatures import Signatures
from audit.verification.tables import FactFiles
from audit.verification.workers import in_order

EXPORTED = "package.exported"
LARGEST_PAYLOAD = 64 * 1024 * 1024


@dataclass(slots=True)
class Read:
    """What all entries say: of cases, of signing, of keys, and what each log signed of the content."""

    said: Said = field(default_factory=Said)
    signed: Signatures = field(default_factory=Signatures)
    keys: dict[str, KeyActs] = field(default_factory=dict)
    exports: dict[str, list[str]] = field(default_factory=dict)
    large: dict[str, dict[int, tuple[str, str]]] = field(default_factory=dict)

    def keep(self, batch: Batch, outcome: Outcome) -> None:
        self.said.logs.setdefault(batch.log, LogSaid()).add(batch.positions, outcome.saying)
        self.large.setdefault(batch.log, {}).update(outcome.large)
        for _, entry in outcome.acts:
            self.signed.keep(entry)
            self.keys.setdefault(batch.log, KeyActs()).keep(entry)
            if entry["kind"] == EXPORTED:
                details = entry["payload"].get("details", {})
                self.exports.setdefault(batch.log, []).append(str(details.get("content_sha256")))


def read_entries(package: Package, logs: Sequence[Log], *, digests: Digests, processes: int, report: Report) -> Read:
    """Check every entry against its tree, and the tables of facts against the entries."""
    read = Read()
    tables = FactFiles(package, digests=digests, report=report)
    for log in logs:
        batches = batches_of(package, log, tables=tables.headers, digests=digests, report=report)
        try:
            for batch, outcome in in_order(check_batch, batches, processes=processes):
                for sentence in outcome.problems:
                    report.wrong(sentence)
                read.keep(batch, outcome)
                tables.hold(batch, outcome)
        except (AttributeError, KeyError, TypeError, OverflowError, *READ_ERRORS) as error:
            report.wrong(f"The entries of the log of {log.organisation} cannot be read: {error}.")
        try:
            read_payloads(package, log, read=read, digests=digests, report=report)
        except (AttributeError, KeyError, TypeError, *READ_ERRORS) as error:
            report.wrong(f"The payloads beside the log of {log.organisation} cannot be read: {error}.")
    try:
        tables.close()
    except READ_ERRORS as error:
        report.wrong(f"A table of facts cannot be read: {error}.")
    return read


def read_payloads(package: Package, log: Log, *, read: Read, digests: Digests, report: Report) -> None:
    """Hold the payloads that were too large for their entries to the hashes that stand there instead."""
    name, large = log.file("payloads.ndjson"), read.large.get(log.organisation, {})
    shown: dict[int, Saying] = {}
    if name in package.sizes:
        with digests.reading(name) as file:
            for line in chain.from_iterable(file.lines(longest=LARGEST_PAYLOAD)):
                said = parse_json(line)
                kind, stated = large.get(said["position"], ("", ""))
                if sha256(canonical_json(said["payload"])).hexdigest() != stated:
                    where = f"position {said['position']} of the log of {log.organisation}"
                    report.wrong(f"The payload for {where} is not the one that its entry names.")
                    continue
                saying = shown[said["position"]] = Saying()
                if kind in KINDS:
                    saying.add(kind, said["payload"])
    if missing := large.keys() - shown.keys():
        report.notice(
            f"{len(missing)} entries of the log of {log.organisation} were too large to stand in it, and what they say "
            "is not shown: it was not compared."
        )
    read.said.logs.setdefault(log.organisation, LogSaid()).large = {at: shown.get(at) for at in large}


def batches_of(
    package: Package, log: Log, *, tables: Mapping[str, Sequence[str]], digests: Digests, report: Report
) -> Iterator[Batch]:
    leaves = Leaves(package, log, digests=digests)
    hidden = Hidden(package, log, digests=digests)
    done = 0
    with digests.reading(log.file("entries.ndjson")) as file:
        for lines in file.lines():
            positions = log.positions[done : done + len(lines)]
            if len(positions) < len(lines):
                report.wrong(f"The log of {log.organisation} has more entries than positions.")
            if positions:
                between = hidden.up_to(positions[-1])
                shown = zip(positions, lines[: len(positions)], strict=True)
                yield joined(log, shown, between, leaves=leaves, tables=tables)
            done += len(positions)
            if len(positions) < len(lines):
                break
    if rest := hidden.up_to(2**64):
        yield joined(log, (), rest, leaves=leaves, tables=tables)
    hidden.close()
    if done != len(log.positions):
        report.wrong(f"The log of {log.organisation} has {done} entries for {len(log.positions)} positions.")


def joined(
    log: Log,
    shown: Iterable[tuple[int, bytes]],
    between: Sequence[tuple[int, bytes, bytes]],
    *,
    leaves: Leaves,
    tables: Mapping[str, Sequence[str]],
) -> Batch:
    """Return entries and those that are shown in part, in the order of their positions."""
    whole: list[tuple[int, bytes, bytes]] = [(position, line, b"") for position, line in shown]
    every = sorted([*whole, *between]) if between else whole
    positions = array("Q", [position for position, _, _ in every])
    if between and any(a == b for a, b in pairwise(positions)):
        raise ValueError("one is shown both whole and in part")
    return Batch(
        log=log.organisation,
        positions=positions,
        leaves=leaves.at(positions),
        lines=[line for _, line, _ in every],
        tables=tables,
        hidden={index: leaf for index, (_, _, leaf) in enumerate(every) if leaf},
    )


class Hidden:
    """The entries that are shown in part and proved by their leaf alone, in the order of their positions."""

    def __init__(self, package: Package, log: Log, *, digests: Digests) -> None:
        self._stack = ExitStack()
        self._lines: Iterator[bytes] = iter(())
        self._waiting: tuple[int, bytes, bytes] | None = None
        self._last = -1
        name = log.file("withheld.ndjson")
        if name in package.sizes:
            file = self._stack.enter_context(digests.reading(name))
            self._lines = chain.from_iterable(file.lines())

    def up_to(self, position: int) -> list[tuple[int, bytes, bytes]]:
        """Return (position, line, leaf) of those before a position.

        Raises:
            ValueError: one is malformed, or they do not rise.
        """
        found = []
        while (each := self._waiting or self._next()) is not None and each[0] <= position:
            found.append(each)
            self._waiting = None
        self._waiting = each
        return found

    def _next(self) -> tuple[int, bytes, bytes] | None:
        line = next(self._lines, None)
        if line is None:
            return None
        said = parse_json(line)
        position, leaf = said["position"], base64.b64decode(said["leaf"], validate=True)
        if type(position) is not int or position <= self._last or not leaf:
            raise ValueError("what is shown in part is malformed or not in order")
        self._last = position
        return position, canonical_json(said["entry"]), leaf

    def close(self) -> None:
        self._stack.close()
