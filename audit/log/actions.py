"""Writing to the log: entries beside their facts, in the caller's transaction.

An entry has no position yet; the sequencer gives it one after the commit, so
writers never wait for each other.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from psycopg import Cursor

from audit.errors import EntryTooLargeError
from audit.log.canonical_bytes import canonical_bytes
from audit.log.models import Act, Fact, plain
from audit.proofs.merkle import leaf_hash

LARGEST_ENTRY_BYTES = 65_535  # what an entry bundle of C2SP tlog-tiles can frame

EntryKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryDraft:
    """What an entry says, before it has a place in the log."""

    organisation: str
    scope: str
    kind: str
    uid: str
    actor: str
    at: datetime
    record_sha256: bytes
    payload: Mapping[str, Any]

    @property
    def key(self) -> EntryKey:
        return (self.scope, self.kind, self.uid)


def entry_body(draft: EntryDraft) -> bytes:
    """Return the canonical bytes of an entry. A payload too large for an entry enters as its SHA-256."""
    content = {
        "v": 1,
        "organisation": draft.organisation,
        "scope": draft.scope,
        "kind": draft.kind,
        "uid": draft.uid,
        "actor": draft.actor,
        "at": plain(draft.at),
        "by_clock": "server",
        "record_sha256": draft.record_sha256.hex(),
        "payload": draft.payload,
    }
    body = canonical_bytes(content)
    if len(body) <= LARGEST_ENTRY_BYTES:
        return body
    digest = sha256(canonical_bytes(draft.payload)).hexdigest()
    body = canonical_bytes(content | {"payload": {"payload_sha256": digest}})
    if len(body) > LARGEST_ENTRY_BYTES:
        raise EntryTooLargeError(kind=draft.kind, size=len(body))
    return body


INSERT_ENTRIES = """
    INSERT INTO audit_entry (organisation, scope, kind, uid, actor, at, record_sha256, leaf_hash, body)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                         %s::timestamptz[], %s::bytea[], %s::bytea[], %s::bytea[])
    ON CONFLICT (scope, kind, uid) DO NOTHING
    RETURNING scope, kind, uid, id
"""


def append_entries(drafts: Sequence[EntryDraft], *, using: str = DEFAULT_DB_ALIAS) -> dict[EntryKey, int]:
    """Insert the entries that are new and return their ids by (scope, kind, uid).

    A key that is missing from the answer was in the log before. Drafts go in
    sorted by key, so that two writers of the same rows cannot deadlock.
    """
    if not drafts:
        return {}
    ordered = sorted(drafts, key=lambda draft: draft.key)
    bodies = [entry_body(draft) for draft in ordered]
    columns = [
        text_array(draft.organisation for draft in ordered),
        text_array(draft.scope for draft in ordered),
        text_array(draft.kind for draft in ordered),
        text_array(draft.uid for draft in ordered),
        text_array(draft.actor for draft in ordered),
        text_array(draft.at.isoformat() for draft in ordered),
        bytes_array(draft.record_sha256 for draft in ordered),
        bytes_array(leaf_hash(body) for body in bodies),
        bytes_array(bodies),
    ]
    rows = inserted(columns, using=using)
    return {(scope, kind, uid): pk for scope, kind, uid, pk in rows}


def inserted(columns: Sequence[str], *, using: str) -> list[tuple[Any, ...]]:
    """Run the insert with its arrays beside the statement, not quoted into it: they may have megabytes."""
    database = connections[using]
    database.ensure_connection()
    with database.wrap_database_errors, Cursor(database.connection) as cursor:
        return cursor.execute(INSERT_ENTRIES, columns).fetchall()


def text_array(values: Iterable[str]) -> str:
    """Return PostgreSQL's text form of an array of texts."""
    quoted = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return '{"' + '","'.join(quoted) + '"}'


def bytes_array(values: Iterable[bytes]) -> str:
    return '{"\\\\x' + '","\\\\x'.join([bytes(value).hex() for value in values]) + '"}'


def draft_for(fact: Fact, *, scope: str, kind: str, uid: str, actor: str, record_sha256: bytes) -> EntryDraft:
    return EntryDraft(
        organisation=fact.organisation,
        scope=scope,
        kind=kind,
        uid=uid,
        actor=actor,
        at=fact.received_at,
        record_sha256=record_sha256,
        payload=fact.payload(),
    )


def record_facts(
    facts: Iterable[tuple[Fact, str]], *, scope: str, kind: str, actor: str, using: str = DEFAULT_DB_ALIAS
) -> int:
    """Store facts of our own making, each with its uid, and return how many were new.

    A uid that is in the log already is left as it is: recording twice stores once.
    """
    drafted = [
        (fact, draft_for(fact, scope=scope, kind=kind, uid=uid, actor=actor, record_sha256=record_digest(fact)))
        for fact, uid in facts
    ]
    with transaction.atomic(using=using):
        stored = append_entries([draft for _, draft in drafted], using=using)
        fresh = [(fact, stored[draft.key]) for fact, draft in drafted if draft.key in stored]
        for fact, entry_id in fresh:
            fact.entry_id = entry_id
        if fresh:
            table: Any = type(fresh[0][0])
            table.objects.using(using).bulk_create([fact for fact, _ in fresh])
    return len(fresh)


F = TypeVar("F", bound=Fact)


def record_fact(
    fact: F, *, scope: str, kind: str, uid: str, actor: str, at: datetime, using: str = DEFAULT_DB_ALIAS
) -> F:
    """Store one fact of our own making with its entry, in the caller's transaction."""
    fact.received_at = at
    record_facts([(fact, uid)], scope=scope, kind=kind, actor=actor, using=using)
    return fact


def record_digest(fact: Fact) -> bytes:
    return sha256(canonical_bytes(fact.payload())).digest()


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
