"""Facts for research: every patient's dates moved by days of their own, every name one of this package alone.

The number of days and the names follow from the person's salt and the package, so that the same package comes out
the same, and nobody can tell them once the person is erased. Nothing of it can be held to the log any more.
"""

import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from inference.studies.models import Person

MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")
MOST_DAYS = 365
NAMES = frozenset({
    "uid", "study", "person", "other_person", "inference_uid", "read_uid", "mark_uid", "supersedes", "amends",
    "series_uid", "sop_instance_uid", "instance",
})  # fmt: skip
PEOPLE = frozenset({"reader", "operator", "to", "session"})
LEFT_OUT = frozenset({
    "inputs", "actor", "record_sha256", "payload_sha256", "serial_number", "reason", "by_clock", "month", "log",
    "position", "truth_position", "read_position",
})  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Disguise:
    """The names and shifts of one package."""

    package: str
    keys: dict[UUID, bytes] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)

    def learn(self, persons: Iterable[UUID]) -> None:
        """Read what the shifts of these persons follow from, in place of those before."""
        salts = Person.objects.filter(pk__in=set(persons)).values_list("pk", "salt")
        package = self.package.encode()
        self.keys = {pk: hmac.digest(bytes(salt), b"research|" + package, "sha256") for pk, salt in salts}

    def knows(self, person: UUID) -> bool:
        """Return whether somebody can be disguised: an erased person has no salt, and stays out."""
        return person in self.keys

    def days(self, person: UUID) -> int:
        return -1 - int.from_bytes(self.keys[person][:4]) % MOST_DAYS

    def name(self, person: UUID, value: str) -> str:
        return hmac.new(self.keys[person], value.encode(), sha256).hexdigest()[:32]

    def shown(self, value: Any, *, person: UUID, name: str = "") -> Any:
        """Return a value of a fact or case of this person as research may see it."""
        if isinstance(value, Mapping):
            return {
                key: self.shown(part, person=person, name=key) for key, part in value.items() if key not in LEFT_OUT
            }
        if isinstance(value, list):
            return [self.shown(part, person=person, name=name) for part in value]
        if not isinstance(value, str) or not value:
            return value
        if name in NAMES:
            return self.name(person, value)
        if name in PEOPLE:
            return self.people.setdefault(value, f"person-{len(self.people) + 1}")
        return shifted(value, days=self.days(person)) if MOMENT.fullmatch(value) else value


def shifted(text: str, *, days: int) -> str:
    """Return a day or moment so many days later, written as it was."""
    day = date.fromisoformat(text[:10]) + timedelta(days=days)
    return day.isoformat() + text[10:]


def shown_entry(entry: Mapping[str, Any], *, disguise: Disguise) -> dict[str, Any] | None:
    """Return an entry in disguise, and nothing where its person cannot be disguised.

    When it came in is not there: whole imports come in at one moment, which would tell each patient's days.
    """
    person = UUID(entry["payload"]["person"])
    return disguise.shown(entry, person=person) | {"at": None} if disguise.knows(person) else None


def shown_case(row: Mapping[str, Any], *, disguise: Disguise) -> dict[str, Any]:
    person = UUID(row["person"])
    places = {"log": row["log"], "position": None, "truth_position": None, "read_position": None}
    return disguise.shown(row, person=person) | places


def in_disguise(rows: Iterator[dict[str, Any]], *, disguise: Disguise, at_once: int) -> Iterator[dict[str, Any]]:
    """Yield cases in disguise; those of erased persons stay out."""
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == at_once:
            yield from disguised(batch, disguise=disguise)
            batch = []
    yield from disguised(batch, disguise=disguise)


def disguised(batch: list[dict[str, Any]], *, disguise: Disguise) -> Iterator[dict[str, Any]]:
    disguise.learn(UUID(row["person"]) for row in batch)
    for row in batch:
        if disguise.knows(UUID(row["person"])):
            yield shown_case(row, disguise=disguise)
