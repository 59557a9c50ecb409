"""A body of lines longer than the memory: batches through the one pipeline, receipts back in order.

Most clients send everything before they read anything. Receipts therefore wait
on disk while rows come in, and one blank a batch tells whoever stands between
that the answer goes on. An answer that ends early has no closing bracket.
"""

import logging
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Protocol

import orjson
from django.db import OperationalError

from inference.connectors.bodies import Body, CutBodyError, in_pieces
from inference.connectors.ndjson import lines_of, read_lines
from inference.connectors.problems import CUT, ProblemError, busy, foreign, problem_content
from inference.connectors.spool import Spool
from inference.errors import SourceNotAllowedError
from inference.intake.actions import BATCH_ROWS, accept
from inference.intake.kinds import Kind, RawRow, Receipt, Source

logger = logging.getLogger(__name__)

BATCH_BYTES = 8 * 1024 * 1024


class AnswerEndedError(Exception):
    """Ends the connection after an answer that is not whole, so that no client takes it for one."""


class Clock(Protocol):
    def __call__(self) -> datetime: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Rows of one kind on their way in: what was read of their body already, and the rest."""

    kind: Kind
    source: Source
    head: bytes
    body: Body
    largest: int
    longest_line: int
    clock: Clock

    def batches(self) -> Iterator[list[RawRow]]:
        pieces = chain(in_pieces(self.head), self.body.pieces(largest=self.largest))
        lines = lines_of(pieces, longest=self.longest_line)
        return row_batches(read_lines(lines, longest=self.longest_line))

    def take(self, batch: Sequence[RawRow]) -> bytes:
        """Store one batch and return its receipts, without the brackets around them."""
        return written(accept(rows=batch, kind=self.kind, source=self.source, now=self.clock()))[1:-1]


def answered(stream: Stream) -> Iterator[bytes]:
    """Yield the answer. Its first piece comes when the first batch is stored.

    Raises:
        ProblemError, SourceNotAllowedError, OperationalError, CutBodyError: before the first piece, nothing is stored.
        AnswerEndedError: after it, once the receipts so far and the problem are out.
    """
    batches = stream.batches()
    with Spool() as spool:
        first = next(batches, None)
        if first is not None:
            spool.keep(stream.take(first))
        yield b"["
        problem = yield from taken_in(batches, stream=stream, spool=spool)
        separator = b""
        for block in spool.blocks():
            yield separator + block
            separator = b",\n"
    if problem is not None:
        yield separator + orjson.dumps(problem_content(problem))
        raise AnswerEndedError(problem.detail)
    yield b"]\n"


def taken_in(
    batches: Iterable[Sequence[RawRow]], *, stream: Stream, spool: Spool
) -> Generator[bytes, None, ProblemError | None]:
    """Store batch after batch and yield a blank for each; return what ended them early, or nothing."""
    try:
        for batch in batches:
            spool.keep(stream.take(batch))
            yield b"\n"
    except ProblemError as problem:
        return problem
    except SourceNotAllowedError as error:
        return foreign(error)
    except CutBodyError:
        return ProblemError(400, CUT)
    except (OperationalError, OSError):
        logger.exception("stream ended: kind=%s", stream.kind.name)
        return busy()
    return None


def row_batches(rows: Iterable[RawRow]) -> Iterator[list[RawRow]]:
    """Yield rows in batches of at most `BATCH_ROWS` and, a single long row apart, `BATCH_BYTES`."""
    batch: list[RawRow] = []
    size = 0
    for row in rows:
        if batch and (len(batch) >= BATCH_ROWS or size + len(row.raw) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += len(row.raw)
    if batch:
        yield batch


def written(receipts: Sequence[Receipt]) -> bytes:
    return orjson.dumps(receipts)
