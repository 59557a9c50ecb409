"""What an entry must say, rebuilt from its fact, and in which words the two differ."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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


def facts_of(entries: Sequence[Entry], *, using: str) -> dict[int, list[Fact]]:
    """Return the facts of these entries by the entry's id, whichever table they are in."""
    ids = [entry.pk for entry in entries]
    found: dict[int, list[Fact]] = {}
    for table in fact_tables():
        facts: Any = table._default_manager.using(using).filter(entry_id__in=ids)
        for fact in table.with_parts(facts):
            found.setdefault(fact.entry_id, []).append(fact)
    return found


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
        return entry_body(replaced(draft, payload=with_doubles(draft.payload)))


def replaced(draft: EntryDraft, *, payload: Mapping[str, Any]) -> EntryDraft:
    values = {name: getattr(draft, name) for name in EntryDraft.__slots__}
    return EntryDraft(**values | {"payload": payload})


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


def named(facts: Iterable[Fact]) -> str:
    """Name facts as a person finds them: table and row."""
    return " and ".join(f"{fact._meta.db_table} row {fact.pk}" for fact in facts)
