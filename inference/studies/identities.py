"""From identifiers to random ids, in bulk: the only place that makes or looks up links.

Links, persons and studies are inserted with ON CONFLICT DO NOTHING in sorted
order and read back, so that two writers who meet the same patient at once
agree on one id and cannot deadlock.
"""

import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from inference.studies.models import Link, Person, VaultValue
from inference.studies.pseudonyms import Keyring

SALT_BYTES = 32
VAULTED = frozenset({Link.Type.ACCESSION, Link.Type.STUDY_UID, Link.Type.SERIES_UID, Link.Type.INSTANCE_UID})


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """One identifier as it was sent: its type, issuer and value."""

    type: str
    issuer: str
    value: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose an identifier is, and the random id that stands for it."""

    person_id: UUID
    target: UUID


class Identities:
    """The identities of one provider, for the rows of one batch."""

    def __init__(self, *, organisation: str, keyring: Keyring, now: datetime) -> None:
        self.organisation = organisation
        self.keyring = keyring
        self.now = now
        self.known: dict[Identifier, Owner] = {}
        self.salts: dict[UUID, bytes] = {}

    def pseudonym(self, identifier: Identifier) -> str:
        return self.keyring.pseudonym(type=identifier.type, issuer=identifier.issuer, value=identifier.value)

    def look_up(self, identifiers: Iterable[Identifier]) -> None:
        """Learn whatever is known of these identifiers."""
        wanted = {self.pseudonym(each): each for each in identifiers if each not in self.known}
        links = Link.objects.filter(organisation=self.organisation, pseudonym__in=list(wanted))
        for pseudonym, person_id, target in links.values_list("pseudonym", "person_id", "target"):
            self.known[wanted[pseudonym]] = Owner(person_id=person_id, target=target)

    def ensure(self, owners: dict[Identifier, Owner]) -> None:
        """Store links that are new; where another writer was first, its answer stands."""
        fresh = {each: owner for each, owner in owners.items() if each not in self.known}
        if not fresh:
            return
        rows = [self.link(each, fresh[each]) for each in sorted(fresh)]
        Link.objects.bulk_create(sorted(rows, key=lambda row: (row.type, row.pseudonym)), ignore_conflicts=True)
        self.look_up(fresh)
        self.fill_vault([each for each in fresh if each.type in VAULTED and self.known[each] == fresh[each]])

    def link(self, identifier: Identifier, owner: Owner) -> Link:
        return Link(
            organisation=self.organisation,
            type=identifier.type,
            pseudonym=self.pseudonym(identifier),
            key_id=self.keyring.key_id,
            person_id=owner.person_id,
            target=owner.target,
        )

    def fill_vault(self, identifiers: Iterable[Identifier]) -> None:
        self.seal(
            (self.known[each].person_id, each.type, str(self.known[each].target), each.value) for each in identifiers
        )

    def seal(self, values: Iterable[tuple[UUID, str, str, str]]) -> None:
        """Put (person, name, subject, value) into the vault, encrypted."""
        VaultValue.objects.bulk_create(
            VaultValue(
                organisation=self.organisation,
                person_id=person_id,
                name=name,
                subject=subject,
                key_id=self.keyring.vault_key_id,
                ciphertext=self.keyring.seal(value.encode(), subject=f"{name}/{subject}"),
            )
            for person_id, name, subject, value in values
        )

    def make_persons(self, count: int) -> list[UUID]:
        persons = [
            Person(
                id=uuid.uuid4(),
                organisation_id=self.organisation,
                salt=secrets.token_bytes(SALT_BYTES),
                created_at=self.now,
            )
            for _ in range(count)
        ]
        Person.objects.bulk_create(persons)
        self.salts.update((person.id, person.salt) for person in persons)
        return [person.id for person in persons]

    def salt_of(self, person_id: UUID) -> bytes:
        if person_id not in self.salts:
            self.load_salts({person_id})
        return self.salts[person_id]

    def load_salts(self, persons: Iterable[UUID]) -> None:
        missing = set(persons) - set(self.salts)
        rows = Person.objects.filter(id__in=missing).values_list("id", "salt")
        self.salts.update((person_id, bytes(salt)) for person_id, salt in rows)
