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


def read_lines(lines: Iterable[bytes]) -> Iterator[RawRow]:
    """Yield a row for every line that is not blank, counted by line; a malformed one carries its problem."""
    for number, line in enumerate(lines, start=1):
        content = line.removeprefix(b"\xef\xbb\xbf").strip()
        if content:
            yield row_of_line(content, number=number)


def row_of_line(content: bytes, *, number: int) -> RawRow:
    try:
        return RawRow(number=number, value=orjson.loads(content), raw=content)
    except orjson.JSONDecodeError as error:
        return RawRow(number=number, raw=content, problem=f"is not JSON: {error.msg} at column {error.colno}")
