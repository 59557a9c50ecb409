"""From clean rows to facts: identities, record, defaults, entry, fact. Set-based, in the caller's transaction.

A row whose uid is in the log already is compared by its record: the same is a
duplicate, another a conflict. Only new rows are completed and stored.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection

from audit.log.actions import EntryDraft, append_entries
from inference.errors import RowError
from inference.intake import flags
from inference.intake.context import Context
from inference.intake.describing import described_of, learn_descriptions, store_descriptions
from inference.intake.kinds import Receipt, Row
from inference.intake.models import SetAside
from inference.intake.records import make_record, record_digest, same_record
from inference.intake.resolving import named_uids, resolve
from inference.intake.setting_aside import Aside
from inference.intake.writing import with_defaults, write_facts
from inference.studies.identities import joined


@dataclass(slots=True)
class Stored:
    """What became of the rows."""

    receipts: list[Receipt] = field(default_factory=list)
    asides: list[Aside] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class InLog:
    """What the log holds under a row's uid."""

    record_sha256: bytes
    person_id: UUID | None
    flags: tuple[str, ...]


def store_rows(rows: Sequence[Row], *, context: Context) -> Stored:
    stored = Stored()
    resolve(rows, context=context)
    known = in_log(rows, context=context)
    digest_rows(rows, known=known, context=context)
    fresh, repeats = without_repeats(rows, known=known, stored=stored, context=context)
    learn_descriptions(fresh, context=context)
    completed = complete(fresh, context=context, stored=stored)
    insert(completed, context=context, stored=stored)
    answer_repeats(repeats, stored=stored, context=context)
    return stored


IN_LOG = """
    SELECT e.uid, e.record_sha256, f.person_id, f.flags FROM audit_entry e JOIN {table} f ON f.entry_id = e.id
    WHERE e.scope = %s AND e.kind = %s AND e.uid = ANY(string_to_array(%s, ','))
"""


def in_log(rows: Sequence[Row], *, context: Context) -> dict[tuple[str, str], InLog]:
    """Return what the log holds under the rows' uids."""
    by_scope = defaultdict(list)
    for row in rows:
        by_scope[row.scope].append(row.entry_uid)
    statement = IN_LOG.format(table=context.kind.table._meta.db_table)
    known = {}
    with connection.cursor() as cursor:
        for scope, uids in by_scope.items():
            cursor.execute(statement, [scope, context.kind.name, joined(uids)])
            for uid, digest, person_id, flagged in cursor.fetchall():
                known[(scope, uid)] = InLog(bytes(digest), person_id, tuple(flagged))
    return known


def digest_rows(rows: Sequence[Row], *, known: Mapping[tuple[str, str], InLog], context: Context) -> None:
    """Make the record of each row, salted as the fact was that stands under its uid."""
    persons = {}
    for row in rows:
        seen = known.get((row.scope, row.entry_uid))
        persons[row.number] = seen.person_id if seen else row.owner(context.kind)
    context.identities.load_salts(person for person in persons.values() if person)
    for row in rows:
        digest_row(row, person_id=persons[row.number], context=context)


def digest_row(row: Row, *, person_id: UUID | None, context: Context) -> None:
    uids = named_uids(row, context=context)
    row.record = make_record(row, kind=context.kind, identities=context.identities, person_id=person_id, uids=uids)
    row.record_sha256 = record_digest(row.record)


def without_repeats(
    rows: Sequence[Row], *, known: Mapping[tuple[str, str], InLog], stored: Stored, context: Context
) -> tuple[list[Row], list[tuple[Row, Row]]]:
    """Answer the rows that are in the log; return the new ones, and repeats in this batch with the row they repeat."""
    fresh: dict[tuple[str, str], Row] = {}
    repeats = []
    for row in rows:
        key = (row.scope, row.entry_uid)
        seen = known.get(key)
        if seen:
            answer_known(row, digest=seen.record_sha256, flagged=seen.flags, stored=stored, context=context)
        elif row.problem:
            stored.asides.append(Aside.of_row(row, field="study_uid", reason=row.problem))
        elif key in fresh:
            repeats.append((row, fresh[key]))
        else:
            fresh[key] = row
    return list(fresh.values()), repeats


def answer_repeats(repeats: Sequence[tuple[Row, Row]], *, stored: Stored, context: Context) -> None:
    """Answer rows that repeat one of this batch, once it is known whether that one went in."""
    refused = {aside.number: aside for aside in stored.asides} if repeats else {}
    for row, first in repeats:
        if first.number in refused:
            aside = refused[first.number]
            stored.asides.append(Aside.of_row(row, field=aside.field, reason=aside.reason, outcome=aside.outcome))
        else:
            flagged = tuple(sorted(first.flags))
            answer_known(row, digest=first.record_sha256, flagged=flagged, stored=stored, context=context)


def answer_known(row: Row, *, digest: bytes, flagged: tuple[str, ...], stored: Stored, context: Context) -> None:
    if same_record(digest, row.record_sha256):
        stored.receipts.append(receipt(row, status="duplicate", context=context, flagged=flagged))
        return
    reason = "the same uid is in the log with other content"
    stored.asides.append(Aside.of_row(row, field="", reason=reason, outcome=SetAside.Outcome.CONFLICT))


def complete(rows: Sequence[Row], *, context: Context, stored: Stored) -> list[Row]:
    """Fill defaults and columns by kind; a row that only the registry shows to be wrong is set aside."""
    good = []
    for row in rows:
        try:
            row.columns.update(common_columns(row, context=context))
            context.kind.complete(row, context)
            good.append(row)
        except RowError as problem:
            stored.asides.append(Aside.of_row(row, field=problem.field, reason=problem.reason))
    return good


def common_columns(row: Row, *, context: Context) -> dict[str, Any]:
    if "known_at" in row.clean:
        row.flag(flags.BACKFILLED)
    if context.is_future(row.moments):
        row.flag(flags.CLOCK_IN_FUTURE)
    return {
        "organisation": context.organisation,
        "site_id": context.site.pk,
        "study_id": row.study_id,
        "person_id": row.owner(context.kind),
        "described": described_of(row, context=context),
        "known_at": row.clean.get("known_at"),
        "received_at": context.now,
    }


def insert(rows: Sequence[Row], *, context: Context, stored: Stored) -> None:
    """Store entries and facts. A row that another writer stored meanwhile is compared with what stands."""
    drafts = [draft_of(row, context=context) for row in rows]
    ids = append_entries(drafts)
    placed = [(row, ids.get(draft.key)) for row, draft in zip(rows, drafts, strict=True)]
    fresh = [row for row, entry_id in placed if entry_id is not None]
    store_descriptions(fresh, context=context)
    entry_ids = [entry_id for _, entry_id in placed if entry_id is not None]
    write_facts(fresh, entry_ids=entry_ids, context=context)
    keep_secrets(fresh, context=context)
    stored.receipts.extend(receipt(row, status=status_of(row), context=context) for row in fresh)
    settle_lost([row for row, entry_id in placed if entry_id is None], context=context, stored=stored)


def settle_lost(rows: Sequence[Row], *, context: Context, stored: Stored) -> None:
    known = in_log(rows, context=context) if rows else {}
    for row in rows:
        seen = known[(row.scope, row.entry_uid)]
        digest_row(row, person_id=seen.person_id, context=context)
        answer_known(row, digest=seen.record_sha256, flagged=seen.flags, stored=stored, context=context)


def draft_of(row: Row, *, context: Context) -> EntryDraft:
    """Complete the columns of a row and return its entry, which says what the fact will."""
    kind = context.kind
    row.columns |= {"flags": sorted(row.flags), "defaulted": sorted(row.defaulted)}
    row.columns = with_defaults(row.columns, table=kind.table)
    if kind.part_table is not None:
        row.parts = [with_defaults(part, table=kind.part_table) for part in row.parts]
    return EntryDraft(
        organisation=context.organisation,
        scope=row.scope,
        kind=kind.name,
        uid=row.entry_uid,
        actor=context.source.actor,
        at=context.now,
        record_sha256=row.record_sha256,
        payload=kind.table.payload_of(row.columns, parts=row.parts),
    )


def keep_secrets(rows: Sequence[Row], *, context: Context) -> None:
    context.identities.seal(
        (row.columns["person_id"], name, row.entry_uid, value)
        for row in rows
        if row.columns["person_id"]
        for name, value in row.secrets.items()
    )


def status_of(row: Row) -> str:
    return "stored_flagged" if row.flags else "stored"


def receipt(row: Row, *, status: str, context: Context, flagged: tuple[str, ...] | None = None) -> Receipt:
    return Receipt(
        row=row.number,
        kind=context.kind.name,
        uid=row.uid,
        status=status,
        flags=tuple(sorted(row.flags)) if flagged is None else flagged,
        record_sha256=row.record_sha256.hex(),
    )
