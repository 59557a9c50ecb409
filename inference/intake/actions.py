"""accept(): the one way in, for any kind of fact.

Check, pseudonymise, then facts and their entries in one transaction, and a
receipt for every row. Nothing statistical happens here.
"""

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice

from django.db import OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected

from inference.errors import RowError
from inference.intake.checking import check_row
from inference.intake.context import Context, load_context
from inference.intake.kinds import Kind, RawRow, Receipt, Row, Source
from inference.intake.resolving import name_scope
from inference.intake.setting_aside import Aside, set_aside
from inference.intake.storing import Stored, store_rows

BATCH_ROWS = 5_000
MOST_TRIES = 3


def accept(*, rows: Iterable[RawRow], kind: Kind, source: Source, now: datetime) -> list[Receipt]:
    """Take rows of one kind in and answer each with a receipt, in order.

    Raises:
        SourceNotAllowedError: a row names a deployment that the source may not write to; its batch is not stored.
    """
    receipts: list[Receipt] = []
    for batch in batches(rows):
        with collection_paused():
            receipts.extend(accept_safely(batch, kind=kind, source=source, now=now))
    return receipts


@contextmanager
def collection_paused() -> Iterator[None]:
    """Keep the cycle collector from walking a batch over and over while it is made: it takes a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def batches(rows: Iterable[RawRow]) -> Iterator[Sequence[RawRow]]:
    waiting = iter(rows)
    while batch := next_batch(waiting):
        yield batch


def next_batch(waiting: Iterator[RawRow]) -> list[RawRow]:
    with collection_paused():
        return list(islice(waiting, BATCH_ROWS))


def accept_safely(rows: Sequence[RawRow], *, kind: Kind, source: Source, now: datetime) -> list[Receipt]:
    """Take one batch in; one that the database ended for the sake of another writer is tried again."""
    for _ in range(MOST_TRIES - 1):
        try:
            return accept_batch(rows, kind=kind, source=source, now=now)
        except OperationalError as error:
            if connection.in_atomic_block or not isinstance(error.__cause__, DeadlockDetected):
                raise
    return accept_batch(rows, kind=kind, source=source, now=now)


@transaction.atomic
def accept_batch(rows: Sequence[RawRow], *, kind: Kind, source: Source, now: datetime) -> list[Receipt]:
    """Take one batch in, all of it in one transaction."""
    context = load_context(kind=kind, source=source, now=now)
    good, asides = check_rows(rows, context=context)
    stored = store_rows(good, context=context)
    asides.extend(stored.asides)
    set_aside(asides, context=context)
    return receipts(rows, stored=stored, asides=asides, kind=kind)


def check_rows(rows: Sequence[RawRow], *, context: Context) -> tuple[list[Row], list[Aside]]:
    good: list[Row] = []
    asides: list[Aside] = []
    kind, zone = context.kind, context.zone
    for raw in rows:
        try:
            declared = context.covariates if says_covariates(raw) else frozenset()
            row = check_row(raw, kind=kind, zone=zone, covariates=declared, parsers=context.parsers)
            name_scope(row, context=context)
            if kind.check:
                kind.check(row, context)
            good.append(row)
        except RowError as problem:
            asides.append(Aside.of_raw(raw, problem=problem))
    return good, asides


def says_covariates(raw: RawRow) -> bool:
    """Return whether the registry must be asked which covariates are declared."""
    return isinstance(raw.value, Mapping) and bool(raw.value.get("covariates"))


def receipts(rows: Sequence[RawRow], *, stored: Stored, asides: Sequence[Aside], kind: Kind) -> list[Receipt]:
    answers = {receipt.row: receipt for receipt in stored.receipts}
    answers.update({aside.number: aside.receipt(kind=kind.name) for aside in asides})
    return [answers[raw.number] for raw in rows]
