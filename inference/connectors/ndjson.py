"""JSON as it arrives: one value, or one on each line. A line that is broken does not stop the next."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from inference.intake.kinds import RawRow


class MalformedJSONError(ValueError):
    """Says where the JSON broke."""

    def __init__(self, error: orjson.JSONDecodeError) -> None:
        self.line, self.column = error.lineno, error.colno
        super().__init__(f"{error.msg} at line {error.lineno}, column {error.colno}")


def parse(data: bytes) -> Any:
    """Return the value.

    Raises:
        MalformedJSONError: it is not JSON.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise MalformedJSONError(error) from error


def lines_of(pieces: Iterable[bytes], *, longest: int) -> Iterator[bytes]:
    """Yield the lines of a body that comes in pieces. Of one longer than `longest` only a beginning that is longer."""
    waiting = b""
    for piece in pieces:
        *lines, waiting = (waiting + piece).split(b"\n")
        waiting = waiting[: longest + 1]
        yield from lines
    yield waiting


def read_lines(lines: Iterable[bytes], *, longest: int = 0) -> Iterator[RawRow]:
    """Yield a row for every line that is not blank, counted by line; a malformed one carries its problem.

    So does one longer than `longest`, where that is given: only its beginning is kept.
    """
    for number, line in enumerate(lines, start=1):
        content = line.removeprefix(b"\xef\xbb\xbf").strip()
        if longest and len(content) > longest:
            problem = f"is longer than {longest} bytes; only its beginning is kept"
            yield RawRow(number=number, raw=content[:longest], problem=problem)
        elif content:
            yield row_of_line(content, number=number)


def row_of_line(content: bytes, *, number: int) -> RawRow:
    try:
        return RawRow(number=number, value=orjson.loads(content), raw=content)
    except orjson.JSONDecodeError as error:
        return RawRow(number=number, raw=content, problem=f"is not JSON: {error.msg} at column {error.colno}")
