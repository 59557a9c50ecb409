"""What an entry must say, rebuilt from its fact, and in which words the two differ."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from sys import float_info
from typing import Any

from django.db import DataError, transaction

from audit.log.actions import EntryDraft, entry_body
from audit.log.models import Fact
from audit.log.queries import fact_tables
from audit.log.stored import EntryRow, FactRow, fact_rows
from audit.proofs.canonical import LARGEST_INTEGER, CanonicalError, parse_json

LONGEST_VALUE = 60
LARGEST_DOUBLE = int(float_info.max)


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

    def facts_of(self, entries: Sequence[EntryRow]) -> dict[int, FactRow]:
        """Return the fact of each entry by the entry's id, whichever table it is in."""
        found: dict[int, FactRow] = {}
        kinds = {entry.pk: entry.kind for entry in entries}
        for table in {self._table_of[kind] for kind in set(kinds.values()) if kind in self._table_of}:
            likely = [pk for pk, kind in kinds.items() if self._table_of.get(kind) is table]
            self._look(table, ids=likely, kinds=kinds, found=found)
        for table in fact_tables() if len(found) < len(kinds) else ():
            self._look(table, ids=[pk for pk in kinds if pk not in found], kinds=kinds, found=found)
        return found

    def _look(
        self, table: type[Fact], *, ids: Sequence[int], kinds: Mapping[int, str], found: dict[int, FactRow]
    ) -> None:
        for entry, fact in fact_rows(table, entries=ids, using=self._using) if ids else ():
            found[entry] = fact
            self._table_of.setdefault(kinds[entry], table)

    def body_of(self, fact: FactRow, *, entry: EntryRow) -> bytes:
        """Return the body that the entry must have, from the fact and the entry's own columns.

        Raises:
            CanonicalError: the fact holds what no entry can, such as NaN.
        """
        body = body_from(fact, entry=entry)
        if body == entry.body:
            return body
        # As text a value may print otherwise (a year of three digits, a large double): the model has the last word.
        try:
            with transaction.atomic(using=self._using):
                whole: Any = fact.table.with_parts(fact.table._default_manager.using(self._using).all()).get(pk=fact.pk)
        except (DataError, RecursionError):
            return body  # a time or value that no entry can hold, such as a time before our era
        return body_from(
            FactRow(fact.table, fact.pk, whole.organisation, whole.received_at, whole.payload()), entry=entry
        )


def body_from(fact: FactRow, *, entry: EntryRow) -> bytes:
    draft = EntryDraft(
        organisation=fact.organisation,
        scope=entry.scope,
        kind=entry.kind,
        uid=entry.uid,
        actor=entry.actor,
        at=fact.received_at,  # type: ignore[arg-type]  # a time or its text, which stand in the entry alike
        record_sha256=entry.record_sha256,
        payload=fact.payload,
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
    if isinstance(value, int) and LARGEST_INTEGER < abs(value) <= LARGEST_DOUBLE:
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
