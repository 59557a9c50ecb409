"""What an entry must say, rebuilt from its fact, and in which words the two differ."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit.log.actions import EntryDraft, entry_body
from audit.log.models import Entry, Fact
from audit.log.queries import fact_tables
from audit.proofs.canonical import LARGEST_INTEGER, CanonicalError, parse_json

LONGEST_VALUE = 60


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where an entry and its fact say different things."""

    path: str
    in_log: Any
    in_table: Any

    def __str__(self) -> str:
        return f"{self.path} is {shown(self.in_table)} in the table, but {shown(self.in_log)} in the log"


class Rebuilder:
    """Finds the fact of each entry. It learns in which table the facts of a kind are, and asks there first."""

    def __init__(self, *, using: str) -> None:
        self._using = using
        self._table_of: dict[str, type[Fact]] = {}

    def facts_of(self, entries: Sequence[Entry]) -> dict[int, Fact]:
        """Return the fact of each entry by the entry's id, whichever table it is in."""
        found: dict[int, Fact] = {}
        kinds = {entry.pk: entry.kind for entry in entries}
        for table in {self._table_of[kind] for kind in kinds.values() if kind in self._table_of}:
            likely = [pk for pk, kind in kinds.items() if self._table_of.get(kind) is table]
            self._look(table, ids=likely, kinds=kinds, found=found)
        for table in fact_tables():
            self._look(table, ids=[pk for pk in kinds if pk not in found], kinds=kinds, found=found)
        return found

    def _look(self, table: type[Fact], *, ids: Sequence[int], kinds: Mapping[int, str], found: dict[int, Fact]) -> None:
        if not ids:
            return
        facts: Any = table._default_manager.using(self._using).filter(entry_id__in=ids)
        for fact in table.with_parts(facts):
            found[fact.entry_id] = fact
            self._table_of.setdefault(kinds[fact.entry_id], table)


def body_from(fact: Fact, *, entry: Entry) -> bytes:
    """Return the body that the entry must have, from the fact and the entry's own columns."""
    draft = EntryDraft(
        organisation=fact.organisation,
        scope=entry.scope,
        kind=entry.kind,
        uid=entry.uid,
        actor=entry.actor,
        at=fact.received_at,
        record_sha256=bytes(entry.record_sha256),
        payload=fact.payload(),
    )
    try:
        return entry_body(draft)
    except CanonicalError:
        # jsonb prints a large double as digits: it comes back as an integer that no entry may hold.
        return entry_body(draft._replace(payload=with_doubles(draft.payload)))


def with_doubles(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: with_doubles(part) for name, part in value.items()}
    if isinstance(value, list):
        return [with_doubles(part) for part in value]
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        return float(value)
    return value


def differences(*, in_log: bytes, in_table: bytes) -> list[Difference]:
    try:
        logged = parse_json(in_log)
    except CanonicalError:
        return [Difference("the body", "no JSON", "an entry")]
    return list(compared(logged, parse_json(in_table), path=""))


def compared(logged: Any, stored: Any, *, path: str) -> Iterator[Difference]:
    if isinstance(logged, dict) and isinstance(stored, dict):
        for name in sorted(logged.keys() | stored.keys()):
            yield from compared(logged.get(name), stored.get(name), path=f"{path}.{name}".lstrip("."))
    elif isinstance(logged, list) and isinstance(stored, list) and len(logged) == len(stored):
        for number, (first, second) in enumerate(zip(logged, stored, strict=True)):
            yield from compared(first, second, path=f"{path}[{number}]")
    elif logged != stored:
        yield Difference(path, logged, stored)


def shown(value: Any) -> str:
    text = "absent" if value is None else repr(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def named(fact: Fact) -> str:
    """Name a fact as a person finds it: table and row."""
    return f"{fact._meta.db_table} row {fact.pk}"
