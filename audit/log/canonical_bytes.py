"""The canonical bytes of `audit.proofs.canonical`, made by a compiled writer wherever its bytes are the same.

RFC 8785 and orjson agree on ASCII text without escapes, on the order of such
names, and on numbers that need no exponent once ".0" is taken off. Whatever
holds anything else is left to the one implementation that the verifier has.
"""

import re
from typing import Any

import orjson

from audit.proofs.canonical import canonical_json

OPTIONS = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)
# Between texts stand punctuation, true, false and numbers; null may have been NaN, an exponent or a minus zero prints
# differently.
UNLIKE = re.compile(rb"n|\d[eE]|-0\.?0*(?![\d.])")
WHOLE = re.compile(rb"\.0(?!\d)")


def canonical_bytes(value: Any) -> bytes:
    """Return what `canonical_json` returns, and raise what it raises; a UUID, which has none there, stands as text."""
    try:
        written = orjson.dumps(value, option=OPTIONS)
    except orjson.JSONEncodeError:
        return canonical_json(value)
    if not written.isascii() or b"\\" in written:
        return canonical_json(value)
    pieces = written.split(b'"')
    between = b" ".join(pieces[::2])
    if UNLIKE.search(between):
        return canonical_json(value)
    if b".0" in between:
        pieces[::2] = WHOLE.sub(b"", between).split(b" ")
        return b'"'.join(pieces)
    return written
