"""How many ways a regular expression can try one text: what could take for ever is refused before it is used. Pure.

Every repetition multiplies the ways, alternatives add them; what is repeated must itself have one way only.
Over texts of at most `LONGEST_TEXT` characters a pattern within the limit ends in a fraction of a second.
"""

from __future__ import annotations

from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

LONGEST_TEXT = 500
MOST_WAYS = (LONGEST_TEXT + 1) ** 2  # two open repetitions, one after the other
MOST_REPEATED = 20
REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)


def takes_too_long(pattern: str) -> bool:
    """Return whether a pattern could try a text in more ways than a report is worth.

    Raises:
        re.error: it is no regular expression.
    """
    return ways(parser.parse(pattern)) > MOST_WAYS


def ways(parsed: Any) -> int:
    found = 1
    for name, value in parsed:
        found = min(found * ways_of(name, value), MOST_WAYS + 1)
    return found


def ways_of(name: Any, value: Any) -> int:
    if name in REPEATS:
        low, high, repeated = value
        inside, most = ways(repeated), min(int(high), LONGEST_TEXT)
        return most - min(low, most) + 1 if inside == 1 else int(inside ** min(most, MOST_REPEATED))
    if name is op.BRANCH:
        return sum(ways(each) for each in value[1])
    if name is op.SUBPATTERN:
        return ways(value[-1])
    if name in (op.ASSERT, op.ASSERT_NOT):
        return ways(value[1])
    if name is op.ATOMIC_GROUP:
        return ways(value)
    if name is op.GROUPREF_EXISTS:
        return sum(ways(each) for each in value[1:] if each is not None)
    return 1
