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

from audit.proofs.lines import read_lines
from audit.proofs.merkle import HASH_BYTES
from audit.proofs.tables import FactTable, UnknownColumnsError, fact_tables
from audit.verification.said import KINDS, Saying

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


def check_batch(batch: Batch) -> Outcome:
    found = Outcome()
    changed = changed_lines(batch)
    for index in sorted(changed):
        found.problems.append(changed_sentence(batch, index))
    read = read_lines(batch.lines)
    for index, why in sorted(read.wrong.items()):
        found.problems.append(f"{place(batch, index)} cannot stand in a log: {why}.")
    for index, entry in enumerate(read.values):
        try:
            if index in changed:
                found.saying.nothing()
            else:
                keep(entry, index=index, batch=batch, found=found)
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
            found.saying.cut(index)
            found.saying.nothing()
            if index not in changed and index not in read.wrong:
                found.problems.append(f"{place(batch, index)} is malformed.")
    found.rows = rows_of(batch, entries=read.values)
    return found


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
    if entry["organisation"] != batch.log:
        position = batch.positions[index]
        found.problems.append(f"The entry at position {position} belongs to another log than {batch.log}.")
    if kind in ACTS:
        found.acts.append((batch.positions[index], entry))
    if kind in KINDS:
        found.saying.add(kind, entry["payload"])
    else:
        found.saying.nothing()


# The tables of a package follow from its entries.


def rows_of(batch: Batch, *, entries: Sequence[Any]) -> dict[str, Rows]:
    found = {name: Rows() for name in batch.tables}
    for name, text in texts_of(batch, entries=entries, found=found).items():
        data = text.encode("utf-8", "surrogatepass")
        found[name].length, found[name].sha256 = len(data), sha256(data).digest()
    return found


def texts_of(batch: Batch, *, entries: Sequence[Any], found: Mapping[str, Rows]) -> dict[str, str]:
    texts: dict[str, list[str]] = {name: [] for name in batch.tables}
    tables = fact_tables(batch.tables)
    for position, entry in zip(batch.positions, entries, strict=True):
        for table in tables_for(entry, tables=tables):
            try:
                texts[table.name].append(table.lines(log=batch.log, position=position, entry=entry))
            except UnknownColumnsError as error:
                found[table.name].wrong = str(error)
            except (AttributeError, TypeError, ValueError):
                found[table.name].wrong = f"the entry at position {position} is malformed"
    return {name: "".join(parts) for name, parts in texts.items()}


def tables_for(entry: Any, *, tables: Mapping[str, Sequence[FactTable]]) -> Sequence[FactTable]:
    kind = entry.get("kind") if isinstance(entry, dict) else None
    return tables.get(kind, ()) if isinstance(kind, str) else ()


def lines_in_table(batch: Batch, name: str) -> Iterator[tuple[int, bytes]]:
    """Yield (position, line) as a table must have them, to name the one that differs."""
    for table in (each for some in fact_tables(batch.tables).values() for each in some if each.name == name):
        for position, entry in zip(batch.positions, read_lines(batch.lines).values, strict=True):
            if isinstance(entry, dict) and entry.get("kind") == table.kind:
                for row in table.rows(log=batch.log, position=position, entry=entry):
                    yield position, table.line(row).encode("utf-8", "surrogatepass")
