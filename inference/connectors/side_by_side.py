"""Batches stored by several processes side by side: what one computes, another may meanwhile wait for.

To the database they are clients that send at once. Answers come in the order
of the batches; which of two neighbouring batches is first to say something of a study is not fixed.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import fields
from datetime import datetime
from multiprocessing import get_context
from typing import Any

from django.db import connections

from inference.connectors.kinds import KINDS, PLURALS
from inference.intake.actions import accept
from inference.intake.kinds import Kind, RawRow, Receipt, Source

WAITING_A_PROCESS = 2

Plain = tuple[Any, ...]
RAW, ANSWER = (tuple(each.name for each in fields(table)) for table in (RawRow, Receipt))

Dated = tuple[Sequence[RawRow], datetime]


def taken_in(batches: Iterable[Dated], *, kind: Kind, source: Source, processes: int) -> Iterator[list[Receipt]]:
    """Yield the receipts of each batch, in order. One that fails ends them; others may be in."""
    connections.close_all()  # a child must not speak on its parent's connection
    waiting: deque[Future[list[Plain]]] = deque()
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
        pool.submit(int).result()  # the children start here, before the file's reader starts threads of its own
        for rows, now in batches:
            sent = [plain(row, names=RAW) for row in rows]
            waiting.append(pool.submit(take, sent, PLURALS[kind.name], source, now))
            if len(waiting) >= WAITING_A_PROCESS * processes:
                yield answered(waiting.popleft().result())
        while waiting:
            yield answered(waiting.popleft().result())


def take(sent: Sequence[Plain], plural: str, source: Source, now: datetime) -> list[Plain]:
    rows = [RawRow(**dict(zip(RAW, each, strict=True))) for each in sent]
    receipts = accept(rows=rows, kind=KINDS[plural], source=source, now=now)
    return [plain(receipt, names=ANSWER) for receipt in receipts]


def answered(sent: Sequence[Plain]) -> list[Receipt]:
    return [Receipt(**dict(zip(ANSWER, each, strict=True))) for each in sent]


def plain(value: RawRow | Receipt, *, names: Sequence[str]) -> Plain:
    """Return the values of a row or receipt: what passes between processes costs a third without its class."""
    return tuple([getattr(value, name) for name in names])
