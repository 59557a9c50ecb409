"""Writing to the log: entries beside their facts, in the caller's transaction.

An entry has no position yet; the sequencer gives it one after the commit, so
writers never wait for each other.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections, transaction
from psycopg import Cursor
from psycopg.errors import UniqueViolation

from audit.errors import EntryTooLargeError
from audit.log.canonical_bytes import canonical_bytes
from audit.log.copying import column, copy_columns, copy_rows, form_of, of_bytes, reserve_ids
from audit.log.models import Act, Entry, Fact, plain
from audit.proofs.merkle import leaf_hash

LARGEST_ENTRY_BYTES = 65_535  # what an entry bundle of C2SP tlog-tiles can frame

EntryKey = tuple[str, str, str]


class EntryDraft(NamedTuple):
    """What an entry says, before it has a place in the log. `written` is the payload in canonical bytes, if made."""

    organisation: str
    scope: str
    kind: str
    uid: str
    actor: str
    at: datetime
    record_sha256: bytes
    payload: Mapping[str, Any]
    written: bytes = b""

    @property
    def key(self) -> EntryKey:
        return (self.scope, self.kind, self.uid)


BY_KEY = attrgetter("scope", "kind", "uid")


def entry_body(draft: EntryDraft) -> bytes:
    """Return the canonical bytes of an entry. A payload too large for an entry enters as its SHA-256."""
    payload = draft.written or canonical_bytes(draft.payload)
    body = framed_payload(draft, payload)
    if len(body) <= LARGEST_ENTRY_BYTES:
        return body
    body = framed_payload(draft, canonical_bytes({"payload_sha256": sha256(payload).hexdigest()}))
    if len(body) > LARGEST_ENTRY_BYTES:
        raise EntryTooLargeError(kind=draft.kind, size=len(body))
    return body


def framed_payload(draft: EntryDraft, payload: bytes) -> bytes:
    """Return an entry's bytes around those of its payload: its names stand in the order of RFC 8785."""
    before = said_before(draft.actor, draft.at, draft.kind, draft.organisation)
    uid = b'"%b"' % draft.uid.encode() if draft.uid.isascii() and draft.uid.isalnum() else canonical_bytes(draft.uid)
    digest, scope = draft.record_sha256.hex().encode(), canonical_scope(draft.scope)
    return b'%b,"payload":%b,"record_sha256":"%b","scope":%b,"uid":%b,"v":1}' % (before, payload, digest, scope, uid)


@lru_cache(maxsize=256)
def said_before(actor: str, at: datetime, kind: str, organisation: str) -> bytes:
    said = {"actor": actor, "at": plain(at), "by_clock": "server", "kind": kind, "organisation": organisation}
    return canonical_bytes(said)[:-1]


@lru_cache(maxsize=256)
def canonical_scope(scope: str) -> bytes:
    return canonical_bytes(scope)


INSERT_ENTRIES = """
    INSERT INTO audit_entry (organisation, scope, kind, uid, actor, at, record_sha256, leaf_hash, body)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                         %s::timestamptz[], %s::bytea[], %s::bytea[], %s::bytea[])
    ON CONFLICT (scope, kind, uid) DO NOTHING
    RETURNING scope, kind, uid, id
"""
COPIED_FROM = 64  # fewer entries are inserted sooner than copied
NAMES = ("organisation", "scope", "kind", "uid", "actor", "at", "record_sha256")
FIELDS = tuple(Entry._meta.get_field(name) for name in NAMES)


def append_entries(drafts: Sequence[EntryDraft], *, using: str = DEFAULT_DB_ALIAS) -> dict[EntryKey, int]:
    """Store the entries that are new and return their ids by (scope, kind, uid).

    A key that is missing from the answer was in the log before. Drafts go in
    sorted by key, so that two writers of the same rows cannot deadlock.
    """
    if not drafts:
        return {}
    ordered = sorted(drafts, key=as_one_text)
    bodies = [entry_body(draft) for draft in ordered]
    leaves = [leaf_hash(body) for body in bodies]
    if len(ordered) >= COPIED_FROM:
        try:
            return copied(ordered, leaves=leaves, bodies=bodies, using=using)
        except IntegrityError as error:
            if not isinstance(error.__cause__, UniqueViolation):
                raise
    return inserted(ordered, leaves=leaves, bodies=bodies, using=using)


def as_one_text(draft: EntryDraft) -> str:
    """Return a draft's key as a text of the same order, which compares sooner: no part of a key holds a NUL."""
    return f"{draft.scope}\x00{draft.kind}\x00{draft.uid}"


def copied(
    drafts: Sequence[EntryDraft], *, leaves: Sequence[bytes], bodies: Sequence[bytes], using: str
) -> dict[EntryKey, int]:
    """Copy entries in, all of them or, where the log holds the key of one, none.

    Raises:
        IntegrityError: the log holds one, or the drafts hold one twice; the caller's transaction goes on.
    """
    ids = reserve_ids(Entry._meta.db_table, count=len(drafts), using=using)
    values = zip(*drafts, strict=True)  # the fields of a draft stand in the order of NAMES, then the payload
    columns = {name: column(form_of(field), said) for name, field, said in zip(NAMES, FIELDS, values, strict=False)}
    columns |= {"id": column(form_of(Entry._meta.pk), ids)}
    columns |= {"leaf_hash": column(of_bytes, leaves), "body": column(of_bytes, bodies)}
    with transaction.atomic(using=using):
        copy_columns(Entry._meta.db_table, columns, count=len(drafts), using=using)
    return {BY_KEY(draft): pk for draft, pk in zip(drafts, ids, strict=True)}


def inserted(
    drafts: Sequence[EntryDraft], *, leaves: Sequence[bytes], bodies: Sequence[bytes], using: str
) -> dict[EntryKey, int]:
    """Insert the entries that are new, with arrays beside the statement, not quoted into it: they may be long."""
    columns = [
        text_array(draft.organisation for draft in drafts),
        text_array(draft.scope for draft in drafts),
        text_array(draft.kind for draft in drafts),
        text_array(draft.uid for draft in drafts),
        text_array(draft.actor for draft in drafts),
        text_array(draft.at.isoformat() for draft in drafts),
        bytes_array(draft.record_sha256 for draft in drafts),
        bytes_array(leaves),
        bytes_array(bodies),
    ]
    database = connections[using]
    database.ensure_connection()
    with database.wrap_database_errors, Cursor(database.connection) as cursor:
        rows = cursor.execute(INSERT_ENTRIES, columns).fetchall()
    return {(scope, kind, uid): pk for scope, kind, uid, pk in rows}


def text_array(values: Iterable[str]) -> str:
    """Return PostgreSQL's text form of an array of texts."""
    quoted = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return '{"' + '","'.join(quoted) + '"}'


def bytes_array(values: Iterable[bytes]) -> str:
    return '{"\\\\x' + '","\\\\x'.join([bytes(value).hex() for value in values]) + '"}'


def draft_for(fact: Fact, *, scope: str, kind: str, uid: str, actor: str) -> EntryDraft:
    """Return the entry of a fact of our own making, whose payload is its record."""
    payload = fact.payload()
    written = canonical_bytes(payload)
    return EntryDraft(
        organisation=fact.organisation,
        scope=scope,
        kind=kind,
        uid=uid,
        actor=actor,
        at=fact.received_at,
        record_sha256=sha256(written).digest(),
        payload=payload,
        written=written,
    )


def record_facts(
    facts: Iterable[tuple[Fact, str]], *, scope: str, kind: str, actor: str, using: str = DEFAULT_DB_ALIAS
) -> int:
    """Store facts of our own making, each with its uid, and return how many were new.

    A uid that is in the log already is left as it is: recording twice stores once.
    """
    drafted = [(fact, draft_for(fact, scope=scope, kind=kind, uid=uid, actor=actor)) for fact, uid in facts]
    with transaction.atomic(using=using):
        stored = append_entries([draft for _, draft in drafted], using=using)
        fresh = [(fact, stored[draft.key]) for fact, draft in drafted if draft.key in stored]
        for fact, entry_id in fresh:
            fact.entry_id = entry_id
        store_facts([fact for fact, _ in fresh], using=using)
    return len(fresh)


def store_facts(facts: Sequence[Fact], *, using: str) -> None:
    if len(facts) >= COPIED_FROM:
        names = [field.attname for field in facts[0]._meta.concrete_fields if field.attname != "id"]
        values = attrgetter(*names)
        rows = [dict(zip(names, values(fact), strict=True)) for fact in facts]
        copy_rows(type(facts[0]), rows, using=using)
    elif facts:
        table: Any = type(facts[0])
        table.objects.using(using).bulk_create(facts)


F = TypeVar("F", bound=Fact)


def record_fact(
    fact: F, *, scope: str, kind: str, uid: str, actor: str, at: datetime, using: str = DEFAULT_DB_ALIAS
) -> F:
    """Store one fact of our own making with its entry, in the caller's transaction."""
    fact.received_at = at
    record_facts([(fact, uid)], scope=scope, kind=kind, actor=actor, using=using)
    return fact


def record_act(
    kind: str,
    *,
    organisation: str,
    subject: str,
    actor: str,
    at: datetime,
    details: Mapping[str, Any] | None = None,
    using: str = DEFAULT_DB_ALIAS,
) -> Act:
    """Log what somebody did: one act, one entry, in the caller's transaction."""
    act = Act(organisation=organisation or OPERATOR, subject=subject, details=dict(details or {}))
    scope = f"organisation/{act.organisation}"
    return record_fact(act, scope=scope, kind=kind, uid=uuid.uuid4().hex, actor=actor, at=at, using=using)


OPERATOR = "operator"
