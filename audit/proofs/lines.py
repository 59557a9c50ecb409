"""Many canonical lines at once: their values, and which of them are not in the form of RFC 8785.

The compiled reader and writer of the standard library do the work; where their
answer could differ from audit.proofs.canonical, that one decides, line by line.
"""

from __future__ import annotations

import json
import json.encoder
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from math import isfinite
from typing import Any

from audit.proofs.canonical import CanonicalError, canonical_json, number_text, parse_json

AT_ONCE = 100  # more no longer fit into a processor's cache
MOST_DIGITS = 15  # an integer of so many digits is always within ±(2^53 - 1)
# Python prints a double below 1e-4 or from 1e16 on with an exponent of two digits, ECMAScript otherwise.
EXPONENT = re.compile(r"(?:(?<=[:,\[])|^)-?\d[\d.]*e[-+]\d+(?=[,}\]]|$)", re.MULTILINE)
WHOLE = re.compile(r"\.0[,}\]]")


class UnlikeError(ValueError):
    """Something that the compiled reader takes otherwise than RFC 8785 does."""


@dataclass(slots=True)
class Lines:
    """The value of each line, and for each line that is not canonical, by its index, why."""

    values: list[Any]
    wrong: dict[int, str] = field(default_factory=dict)


def read_lines(lines: Sequence[bytes]) -> Lines:
    """Return the values of lines without their ends. The value of a line that cannot be parsed is None."""
    found = Lines([])
    for first in range(0, len(lines), AT_ONCE):
        some = lines[first : first + AT_ONCE]
        found.values += plainly(some) or one_by_one(some, found=found)
    return found


def one_by_one(lines: Sequence[bytes], *, found: Lines) -> list[Any]:
    first, values = len(found.values), []
    for number, line in enumerate(lines, start=first):
        values += plainly([line]) or [exactly(line, number=number, found=found)]
    return values


def plainly(lines: Sequence[bytes]) -> list[Any] | None:
    """Return the values when all lines are sure to be canonical; nothing when that is not so, or not sure."""
    try:
        text = f"[{b','.join(lines).decode()}]"
        values: list[Any] = READ(text)
        if len(values) != len(lines) or has_astral(text):
            return None
        # Each by itself: two lines that make one value together would hide behind one that makes two.
        written = "\n".join([written_plainly(value) for value in values])
    except (ValueError, RecursionError):
        return None
    stands = b"\n".join(lines).decode()
    if written != stands and EXPONENT.sub(as_ecmascript, written) != stands:
        return None
    return values


def written_plainly(value: Any) -> str:
    return "".join(ENCODER(value, 0)) if ENCODER else WRITE(value)


def has_astral(text: str) -> bool:
    # RFC 8785, 3.2.3 orders keys by UTF-16 code units, Python by code points: beyond the basic plane they differ.
    return not text.isascii() and len(text.encode("utf-16-le", "surrogatepass")) != 2 * len(text)


def canonical_text(value: Any) -> str:
    """Return the canonical form of an object or list that came out of canonical JSON."""
    written = written_plainly(value)
    if (".0" in written and WHOLE.search(written)) or has_astral(written):
        return canonical_json(value).decode()
    return EXPONENT.sub(as_ecmascript, written) if "e-" in written or "e+" in written else written


def as_ecmascript(found: re.Match[str]) -> str:
    return number_text(float(found[0]))


def exactly(line: bytes, *, number: int, found: Lines) -> Any:
    try:
        value = parse_json(line)
        if canonical_json(value) != line:
            found.wrong[number] = "it is not in canonical form"
    except CanonicalError as error:
        found.wrong[number] = str(error)
        return None
    return value


def short_integer(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise UnlikeError
    return int(text)


def exact_number(text: str) -> float:
    """Return a number that is written as ECMAScript does."""
    if text.endswith("0") or "e" in text or "E" in text:
        value = float(text)
        if not isfinite(value) or number_text(value) != text:
            raise UnlikeError
        return value
    return float(text)


def no_constant(name: str) -> Any:
    raise UnlikeError


READ = json.JSONDecoder(parse_int=short_integer, parse_float=exact_number, parse_constant=no_constant).decode
# What `JSONEncoder.encode` makes anew for each value; where it is not compiled, that is used.
COMPILED: Any = getattr(json.encoder, "c_make_encoder", None)
ENCODER = COMPILED and COMPILED(None, no_constant, encode_basestring, None, ":", ",", True, False, False)
WRITE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode
