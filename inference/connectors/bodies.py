"""The body of a request as it comes in: how long it may be, and whether all of it arrived.

A body is read in pieces, so that what is longer than the memory can still be
taken in. One that ends before it said it would is never taken for a whole one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from inference.connectors.problems import ProblemError

PIECE_BYTES = 256 * 1024


class CutBodyError(Exception):
    """The connection ended before the body did."""


@dataclass(slots=True)
class Body:
    """What is still to be read of a body; `announced` is None where it comes in chunks of its own."""

    source: Any
    announced: int | None
    taken: int = 0

    def read(self, most: int) -> bytes:
        """Return the next bytes, fewer than `most` only at the end.

        Raises:
            CutBodyError: the connection ended first.
        """
        pieces, missing = [], most
        while missing:
            piece = self.piece(min(missing, PIECE_BYTES))
            if not piece:
                break
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def piece(self, most: int) -> bytes:
        try:
            piece: bytes = self.source.read(most)
        except OSError as error:
            raise CutBodyError from error
        self.taken += len(piece)
        if not piece and self.announced is not None and self.taken < self.announced:
            raise CutBodyError
        return piece

    def pieces(self, *, largest: int) -> Iterator[bytes]:
        """Yield the rest, as long as the whole is no longer than `largest`."""
        while piece := self.piece(PIECE_BYTES):
            if self.taken > largest:
                raise too_large(largest)
            yield piece


def in_pieces(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), PIECE_BYTES):
        yield data[start : start + PIECE_BYTES]


def open_body(request: HttpRequest, *, largest: int) -> Body:
    """Return the body of a request, which may have `largest` bytes."""
    if request.headers.get("Content-Encoding", "identity").lower() not in {"identity", ""}:
        raise ProblemError(415, "Send the body without a Content-Encoding.")
    if request.headers.get("Transfer-Encoding"):
        # Django reads nothing of a body without a length; only some servers end such a body themselves, and say so.
        if not request.META.get("wsgi.input_terminated"):
            raise ProblemError(411, "Send the body with a Content-Length.")
        return Body(source=request.META["wsgi.input"], announced=None)
    length = request.headers.get("Content-Length", "0")
    announced = int(length) if length.isascii() and length.isdigit() else 0
    if announced > largest:
        raise too_large(largest)
    return Body(source=request, announced=announced)


def too_large(largest: int) -> ProblemError:
    return ProblemError(413, f"{largest} bytes is the most; send the rows in several requests.", limit=largest)
