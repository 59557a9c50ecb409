"""From identifiers to random ids, in bulk: the only place that makes or looks up links.

Links, persons and studies are inserted with ON CONFLICT DO NOTHING in sorted
order and read back, so that two writers who meet the same patient at once
agree on one id and cannot deadlock.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import repeat
from typing import NamedTuple
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from psycopg.errors import UniqueViolation

from audit.log.copying import column, copy_columns, of_bytes, of_moment, of_text, of_uuid
from inference.studies.models import Link, Person, VaultValue
from inference.studies.pseudonyms import Keyring, keyring_of, slices

SALT_BYTES = 32
COPIED_FROM = 64  # fewer links are inserted sooner than copied
IDS_AT_ONCE = 256
FIXED_BITS, VERSION_4 = 0xF000 << 64 | 0xC000 << 48, 0x4000 << 64 | 0x8000 << 48  # RFC 9562, 5.4
VAULTED = frozenset({Link.Type.ACCESSION, Link.Type.STUDY_UID, Link.Type.SERIES_UID, Link.Type.INSTANCE_UID})

FIND_LINKS = """
    SELECT type, pseudonym, person_id, target FROM inference_link
    WHERE organisation = %s AND (type, pseudonym) IN (
        SELECT * FROM unnest(string_to_array(%s, ','), string_to_array(%s, ',')))
"""
MAKE_LINKS = """
    INSERT INTO inference_link (organisation, key_id, type, pseudonym, person_id, target)
    SELECT %s, %s, * FROM unnest(string_to_array(%s, ','), string_to_array(%s, ','),
                                 string_to_array(%s, ',')::uuid[], string_to_array(%s, ',')::uuid[])
    ON CONFLICT (organisation, type, pseudonym) DO NOTHING
"""
HOLD_KEYS = "SELECT pg_advisory_xact_lock_shared(%s)"
TAKE_LINKS_BACK = """
    DELETE FROM inference_link WHERE organisation = %s AND target = ANY(string_to_array(%s, ',')::uuid[])
"""
MOVE_PERSONS = tuple(
    f"UPDATE {table} AS t SET person_id = v.new FROM unnest(%s::uuid[], %s::uuid[]) AS v(old, new) "  # noqa: S608
    "WHERE t.person_id = v.old"
    for table in ("inference_link", "inference_vaultvalue")
)
FIND_SALTS = "SELECT id, salt FROM inference_person WHERE id = ANY(string_to_array(%s, ',')::uuid[])"


class Identifier(NamedTuple):
    """One identifier as it was sent: its type, issuer and value."""

    type: str
    issuer: str
    value: str


class Owner(NamedTuple):
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
        self.pseudonyms: dict[Identifier, list[str]] = {}
        self.is_held = False
        self.drawn: list[bytes] = []
        self.asked: set[Identifier] = set()

    def hold_keys(self) -> None:
        """Let no rotation begin until this transaction ends, and learn of one that began before it."""
        if self.is_held:
            return
        self.is_held = True
        with connection.cursor() as cursor:
            cursor.execute(HOLD_KEYS, [rotation_lock(self.organisation)])
        self.keyring = keyring_of(self.organisation)

    def pseudonyms_of(self, identifier: Identifier) -> list[str]:
        """Return what the identifier may be stored under; a new link gets the last."""
        found = self.pseudonyms.get(identifier)
        if found is None:
            found = self.keyring.link_pseudonyms(type=identifier.type, issuer=identifier.issuer, value=identifier.value)
            self.pseudonyms[identifier] = found
        return found

    def pseudonym(self, identifier: Identifier) -> str:
        return self.pseudonyms_of(identifier)[-1]

    def look_up(self, identifiers: Iterable[Identifier]) -> None:
        """Learn whatever is known of these identifiers; each is asked for once."""
        self.learn([each for each in set(identifiers) if each not in self.asked])

    def learn(self, identifiers: Sequence[Identifier]) -> None:
        if not identifiers:
            return
        self.hold_keys()
        self.asked.update(identifiers)
        wanted = {(str(each.type), said): each for each in identifiers for said in self.pseudonyms_of(each)}
        types, pseudonyms = joined(key[0] for key in wanted), joined(key[1] for key in wanted)
        with connection.cursor() as cursor:
            cursor.execute(FIND_LINKS, [self.organisation, types, pseudonyms])
            for kind, pseudonym, person_id, target in cursor.fetchall():
                self.known[wanted[(kind, pseudonym)]] = Owner(person_id=person_id, target=target)

    def ensure(self, owners: Mapping[Identifier, Owner]) -> None:
        """Store links that are new, and what must be found again; where another writer was first, its answer stands."""
        self.fill_vault(self.make_links(owners))

    def make_links(self, owners: Mapping[Identifier, Owner]) -> list[Identifier]:
        """Store links that are new and return those that went in; learn those where another writer was first."""
        fresh = {each: owner for each, owner in owners.items() if each not in self.known}
        if not fresh:
            return []
        self.hold_keys()
        # One text a link sorts several times sooner than a pair of them.
        ordered = sorted(fresh, key=lambda each: f"{each.type}/{self.pseudonym(each)}")
        rows = [(str(each.type), self.pseudonym(each), fresh[each]) for each in ordered]
        if self.copy_links(rows) or self.insert_links(rows) == len(fresh):
            self.known.update(fresh)
            self.asked.update(fresh)
            return list(fresh)
        self.learn(list(fresh))
        return [each for each, owner in fresh.items() if self.known[each] == owner]

    def copy_links(self, rows: Sequence[tuple[str, str, Owner]]) -> bool:
        """Copy many links in, all of them or, where another writer was first with one, none; return which."""
        if len(rows) < COPIED_FROM:
            return False
        kinds, pseudonyms, targets = zip(*rows, strict=True)
        columns = {
            "organisation": repeat(of_text(self.organisation)),
            "key_id": repeat(of_text(self.keyring.key_id)),
            "type": column(of_text, kinds),
            "pseudonym": [of_text(each) for each in pseudonyms],
            "person_id": [of_uuid(owner.person_id) for owner in targets],
            "target": [of_uuid(owner.target) for owner in targets],
        }
        try:
            with transaction.atomic():
                copy_columns(Link._meta.db_table, columns, count=len(rows))
        except IntegrityError as error:
            if isinstance(error.__cause__, UniqueViolation):
                return False
            raise
        return True

    def insert_links(self, rows: Sequence[tuple[str, str, Owner]]) -> int:
        """Insert the links that are not there and return how many these were."""
        columns = [
            joined(kind for kind, _, _ in rows),
            joined(pseudonym for _, pseudonym, _ in rows),
            joined(str(owner.person_id) for _, _, owner in rows),
            joined(str(owner.target) for _, _, owner in rows),
        ]
        with connection.cursor() as cursor:
            cursor.execute(MAKE_LINKS, [self.organisation, self.keyring.key_id, *columns])
            return cursor.rowcount

    def withdraw(self, owners: Mapping[Identifier, Owner]) -> None:
        """Take back links to new targets that this transaction has just made."""
        own = [each for each, owner in owners.items() if self.known.get(each) == owner]
        for each in own:
            del self.known[each]
        with connection.cursor() as cursor:
            cursor.execute(TAKE_LINKS_BACK, [self.organisation, joined(str(owners[each].target) for each in own)])

    def fill_vault(self, identifiers: Iterable[Identifier]) -> None:
        self.seal(
            (self.known[each].person_id, str(each.type), str(self.known[each].target), each.value)
            for each in identifiers
            if each.type in VAULTED
        )

    def seal(self, values: Iterable[tuple[UUID, str, str, str]]) -> None:
        """Put (person, name, subject, value) into the vault, encrypted."""
        values = list(values)
        if not values:
            return
        persons, names, subjects, _ = zip(*values, strict=True)
        sealed = self.keyring.seal_each([(value.encode(), f"{name}/{subject}") for _, name, subject, value in values])
        columns = {
            "organisation": repeat(of_text(self.organisation)),
            "key_id": repeat(of_text(self.keyring.vault_key_id)),
            "person_id": [of_uuid(each) for each in persons],
            "name": column(of_text, names),
            "subject": [of_text(each) for each in subjects],
            "ciphertext": [of_bytes(each) for each in sealed],
        }
        copy_columns(VaultValue._meta.db_table, columns, count=len(values))

    def new_id(self) -> UUID:
        """Return a random id (version 4). Each object draws its own from the system, a block at a time."""
        if not self.drawn:
            self.drawn = slices(secrets.token_bytes(16 * IDS_AT_ONCE), width=16)
        number = int.from_bytes(self.drawn.pop()) & ~FIXED_BITS | VERSION_4
        return UUID(int=number)

    def make_persons(self, ids: Iterable[UUID]) -> None:
        """Store persons under these new random ids, each with its salt."""
        ids = list(ids)
        salts = slices(secrets.token_bytes(SALT_BYTES * len(ids)), width=SALT_BYTES)
        columns = {
            "id": [of_uuid(each) for each in ids],
            "organisation_id": repeat(of_text(self.organisation)),
            "salt": [of_bytes(each) for each in salts],
            "created_at": repeat(of_moment(self.now)),
        }
        copy_columns(Person._meta.db_table, columns, count=len(ids))
        self.salts.update(zip(ids, salts, strict=True))

    def move_persons(self, moves: Mapping[UUID, UUID]) -> None:
        """Give what leads back to one person to another: the links and the vault of a study that got its patient."""
        columns = [list(moves), list(moves.values())]
        with connection.cursor() as cursor:
            for statement in MOVE_PERSONS if moves else ():
                cursor.execute(statement, columns)

    def salt_of(self, person_id: UUID) -> bytes:
        """Return a person's salt; one who was erased has none, so what is salted for them now nobody opens again."""
        if person_id not in self.salts:
            self.load_salts({person_id})
        return self.salts.setdefault(person_id, secrets.token_bytes(SALT_BYTES))

    def load_salts(self, persons: Iterable[UUID]) -> None:
        missing = [each for each in set(persons) if each not in self.salts]
        if not missing:
            return
        with connection.cursor() as cursor:
            cursor.execute(FIND_SALTS, [joined(str(each) for each in missing)])
            self.salts.update((person_id, bytes(salt)) for person_id, salt in cursor.fetchall())


def rotation_lock(organisation: str) -> int:
    """Return the number of the lock that writers share and a rotation takes alone."""
    return int.from_bytes(sha256(f"rotation/{organisation}".encode()).digest()[:8], "big", signed=True)


def joined(values: Iterable[str]) -> str:
    """Return keys and ids as one text: a long array of them costs the driver more than the database."""
    return ",".join(values)
