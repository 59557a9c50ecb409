"""One value, the same bytes everywhere: the JSON Canonicalization Scheme, RFC 8785.

Python values in, UTF-8 bytes out, and back again. What cannot mean the same
to every reader (NaN, large integers, lone surrogates, duplicate keys) is refused.
"""

import json
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from math import isfinite
from typing import Any

LARGEST_INTEGER = 2**53 - 1
FIRST_ASTRAL = "\U00010000"
# ECMAScript prints a number without an exponent from 1e-7 (exclusive) to 1e21 (exclusive).
FIXED_DIGITS_ABOVE, FIXED_DIGITS_BELOW = 21, -6


class CanonicalError(ValueError):
    """A value that has no canonical form, or bytes that are no JSON."""


def canonical_json(value: Any) -> bytes:
    """Return the canonical bytes of a value made of dict, list, tuple, str, int, float, bool and None.

    Raises:
        CanonicalError: it holds another type, a key that is no text, NaN or an infinity,
            an integer outside ±(2^53 - 1), a lone surrogate, or is nested too deeply.
    """
    try:
        return encoded(value).encode("utf-8")
    except UnicodeEncodeError as error:
        raise CanonicalError("a text holds a lone surrogate") from error
    except RecursionError as error:
        raise CanonicalError("the value is nested too deeply") from error


def encoded(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is float:
        return number_text(value)
    if kind is dict:
        return encoded_object(value)
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if kind is int:
        return integer_text(value)
    if kind is list or kind is tuple:
        return f"[{','.join([encoded(item) for item in value])}]"
    return encoded_subtype(value)


def encoded_subtype(value: Any) -> str:
    """Subclasses (an enumeration's member, a named tuple) stand as what they extend."""
    if isinstance(value, str):
        return encode_basestring(str.__str__(value))
    if isinstance(value, int):
        return integer_text(int(value))
    if isinstance(value, float):
        return number_text(float(value))
    if isinstance(value, Mapping):
        return encoded_object(dict(value))
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
        return f"[{','.join([encoded(item) for item in value])}]"
    raise CanonicalError(f"a {type(value).__name__} has no JSON form")


def encoded_object(value: dict[Any, Any]) -> str:
    try:
        letters = "".join(value)
    except TypeError as error:
        raise CanonicalError("a key is no text") from error
    if letters.isascii() or max(letters) < FIRST_ASTRAL:
        names = sorted(value)
    else:
        # RFC 8785, 3.2.3: by UTF-16 code units, which differs beyond the basic plane.
        names = sorted(value, key=utf16)
    return "{" + ",".join([f"{encode_basestring(name)}:{encoded(value[name])}" for name in names]) + "}"


def utf16(text: str) -> bytes:
    return text.encode("utf-16-be", "surrogatepass")


def integer_text(value: int) -> str:
    if -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
        return int.__repr__(value)
    raise CanonicalError("an integer is outside ±(2^53 - 1); send it as text")


def number_text(value: float) -> str:
    """Return a number as ECMAScript prints it (ECMA-262, Number::toString; RFC 8785, 3.2.2.3)."""
    text = float.__repr__(value)
    if text.endswith(".0"):
        return "0" if value == 0 else text[:-2]
    if "e" not in text:
        if not isfinite(value):
            raise CanonicalError("NaN and infinities have no JSON form")
        return text
    mantissa, _, exponent = text.partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    return sign + printed(digits=whole + fraction, point=int(exponent) + 1)


def printed(*, digits: str, point: int) -> str:
    """Print 0.DIGITS × 10^point. Python's own notation covers everything in between."""
    if len(digits) <= point <= FIXED_DIGITS_ABOVE:
        return digits.ljust(point, "0")
    if 0 < point <= FIXED_DIGITS_ABOVE:
        return f"{digits[:point]}.{digits[point:]}"
    if FIXED_DIGITS_BELOW < point <= 0:
        return "0." + "0" * -point + digits
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{rest}e{point - 1:+d}"


def parse_json(data: bytes) -> Any:
    """Return the value of strict JSON in UTF-8.

    An integer beyond ±(2^53 - 1) that is a double printed as ECMAScript does comes back as
    that double, so that what `canonical_json` wrote can be written again; others stay integers.

    Raises:
        CanonicalError: malformed, not UTF-8, a duplicate key, NaN, a number beyond a double, a lone surrogate.
    """
    try:
        text = bytes(data).decode("utf-8")
        value = DECODER.decode(text)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except CanonicalError:
        raise
    except UnicodeError as error:
        raise CanonicalError("the text is not UTF-8 or holds a lone surrogate") from error
    except RecursionError as error:
        raise CanonicalError("the value is nested too deeply") from error
    except ValueError as error:
        raise CanonicalError(str(error)) from error
    return value


def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise CanonicalError("a key stands twice in one object")
    return found


def parsed_integer(text: str) -> int | float:
    value = int(text)
    if -LARGEST_INTEGER <= value <= LARGEST_INTEGER or len(text) > FIXED_DIGITS_ABOVE + 1:
        return value
    return float(value) if number_text(float(value)) == text else value


def parsed_float(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise CanonicalError("a number is beyond the range of a double")
    return value


def refused_constant(name: str) -> Any:
    raise CanonicalError(f"{name} is not JSON")


DECODER = json.JSONDecoder(
    object_pairs_hook=without_duplicates,
    parse_int=parsed_integer,
    parse_float=parsed_float,
    parse_constant=refused_constant,
)
