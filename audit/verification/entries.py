"""Checks some entries of a log at once: each line a leaf of the signed tree, canonical, and of this log.

Plain values in and out, so that another process can do it. What the rest of the
verifier needs of the entries comes back small: what was said of cases, acts, and the hash of each table's lines.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from audit.proofs.lines import AT_ONCE, read_lines
from audit.proofs.merkle import HASH_BYTES
from audit.proofs.tables import UnknownColumnsError, fact_tables
from audit.verification.said import KINDS, Saying

LARGE = "payload_sha256"
# Entries that are looked at again when all have been read.
ACTS = frozenset({"signature", "signing_key", "package.exported", "key.rotated", "key.compromised"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Neighbours of one log. `hidden` gives, by index, the leaf of an entry that is shown in part only."""

    log: str
    positions: array[int]
    leaves: bytes
    lines: Sequence[bytes]
    tables: Mapping[str, Sequence[str]]
    hidden: Mapping[int, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class Rows:
    """The lines that a table must have for a batch: their length and hash, or why there can be none."""

    length: int = 0
    sha256: bytes = b""
    wrong: str = ""


@dataclass(slots=True)
class Outcome:
    """What checking a batch found."""

    problems: list[str] = field(default_factory=list)
    saying: Saying = field(default_factory=Saying)
    acts: list[tuple[int, Mapping[str, Any]]] = field(default_factory=list)
    rows: dict[str, Rows] = field(default_factory=dict)
    large: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Kind and SHA-256 of the payloads that were too large for their entry, by position."""


def check_batch(batch: Batch) -> Outcome:
    found = Outcome(rows={name: Rows() for name in batch.tables})
    changed = changed_lines(batch)
    for index in sorted(changed):
        found.problems.append(changed_sentence(batch, index))
    texts = Texts(batch, rows=found.rows)
    for first in range(0, len(batch.lines), AT_ONCE):  # so few that their values stay in the processor's cache
        check_some(batch, first=first, changed=changed, texts=texts, found=found)
    texts.finish()
    return found


def check_some(batch: Batch, *, first: int, changed: set[int], texts: Texts, found: Outcome) -> None:
    read = read_lines(batch.lines[first : first + AT_ONCE])
    for index, why in sorted(read.wrong.items()):
        found.problems.append(f"{place(batch, first + index)} cannot stand in a log: {why}.")
    for index, entry in enumerate(read.values, start=first):
        try:
            if index in changed:
                found.saying.nothing()
            else:
                keep(entry, index=index, batch=batch, found=found)
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
            found.saying.cut(index)
            found.saying.nothing()
            if index not in changed and index - first not in read.wrong:
                found.problems.append(f"{place(batch, index)} is malformed.")
        texts.add(entry, position=batch.positions[index])


def place(batch: Batch, index: int) -> str:
    return f"The entry at position {batch.positions[index]} of the log of {batch.log}"


def changed_sentence(batch: Batch, index: int) -> str:
    if index in batch.hidden:
        return f"The withheld entry at position {batch.positions[index]} of {batch.log} has another leaf."
    return f"{place(batch, index)} was changed."


def changed_lines(batch: Batch) -> set[int]:
    """Return which lines are not the leaves of the signed tree."""
    hashes = [sha256(b"\x00" + line).digest() for line in batch.lines]
    for index, leaf in batch.hidden.items():
        hashes[index] = leaf
    if b"".join(hashes) == batch.leaves:
        return set()
    starts = range(0, len(batch.leaves), HASH_BYTES)
    leaves = [batch.leaves[start : start + HASH_BYTES] for start in starts]
    return {index for index, leaf in enumerate(leaves) if hashes[index] != leaf}


def keep(entry: Mapping[str, Any], *, index: int, batch: Batch, found: Outcome) -> None:
    """Keep what cases are held to, and the acts."""
    kind = entry["kind"]
    if index in batch.hidden and (kind in ACTS or kind not in batch.tables):
        # Its leaf proves nothing that is shown of it. Only a table holds it, whose hash the log signed.
        found.problems.append(f"{place(batch, index)} is shown in part, though no table of facts holds it.")
        found.saying.nothing()
        return
    if entry["organisation"] != batch.log:
        position = batch.positions[index]
        found.problems.append(f"The entry at position {position} belongs to another log than {batch.log}.")
    if kind in ACTS:
        found.acts.append((batch.positions[index], entry))
    if LARGE in entry["payload"]:
        found.large[batch.positions[index]] = (kind, str(entry["payload"][LARGE]))
    if kind in KINDS:
        found.saying.add(kind, entry["payload"])
    else:
        found.saying.nothing()


# The tables of a package follow from its entries.


class Texts:
    """The lines that each table must have for a batch, and in `rows` their length and hash, or why there are none."""

    def __init__(self, batch: Batch, *, rows: Mapping[str, Rows]) -> None:
        self._log, self._rows = batch.log, rows
        self._tables = fact_tables(batch.tables)
        self._texts: dict[str, list[str]] = {name: [] for name in rows}

    def add(self, entry: Any, *, position: int) -> None:
        kind = entry.get("kind") if isinstance(entry, dict) else None
        for table in self._tables.get(kind, ()) if isinstance(kind, str) else ():
            try:
                self._texts[table.name].append(table.lines(log=self._log, position=position, entry=entry))
            except UnknownColumnsError as error:
                self._rows[table.name].wrong = str(error)
            except (AttributeError, TypeError, ValueError):
                self._rows[table.name].wrong = f"the entry at position {position} is malformed"

    def finish(self) -> None:
        for name, row in self._rows.items():
            data = "".join(self._texts[name]).encode("utf-8", "surrogatepass")
            row.length, row.sha256 = len(data), sha256(data).digest()


def lines_in_table(batch: Batch, name: str) -> Iterator[tuple[int, bytes]]:
    """Yield (position, line) as a table must have them, to name the one that differs."""
    for table in (each for some in fact_tables(batch.tables).values() for each in some if each.name == name):
        for position, entry in zip(batch.positions, read_lines(batch.lines).values, strict=True):
            if isinstance(entry, dict) and entry.get("kind") == table.kind:
                for row in table.rows(log=batch.log, position=position, entry=entry):
                    yield position, table.line(row).encode("utf-8", "surrogatepass")
