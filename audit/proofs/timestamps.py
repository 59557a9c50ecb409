"""What a token of RFC 3161 says: over which hash, and when. Its signature is not verified here.

A token is CMS with RSA or ECDSA, which the standard library does not have; whoever reads it has OpenSSL do that.
"""

from collections.abc import Iterator
from dataclasses import dataclass

SEQUENCE, OCTETS, MOMENT, INTEGER, OID, IN_BRACKETS = 0x30, 0x04, 0x18, 0x02, 0x06, 0xA0
LARGEST_TOKEN = 64 * 1024


class TokenError(ValueError):
    """Bytes that are no time stamp."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """The hash that was stamped, and the moment as the token writes it: YYYYMMDDhhmmssZ."""

    imprint: bytes
    moment: str


def read_stamp(data: bytes) -> Stamp:
    """Return what a time stamp says, given the server's answer or the token alone.

    Raises:
        TokenError: it is none.
    """
    if len(data) > LARGEST_TOKEN:
        raise TokenError("it is too large for a time stamp")
    outer = parts_of(only(data, SEQUENCE))
    if outer and outer[0][0] == SEQUENCE:  # TimeStampResp: a status stands before the token
        outer = parts_of(at(outer, 1, SEQUENCE))
    signed = parts_of(only(at(outer, 1, IN_BRACKETS), SEQUENCE))  # ContentInfo: its type, then [0] SignedData
    content = parts_of(at(signed, 2, SEQUENCE))  # version, digest algorithms, then the content
    info = parts_of(only(only(at(content, 1, IN_BRACKETS), OCTETS), SEQUENCE))  # TSTInfo, RFC 3161, 2.4.2
    imprint = parts_of(at(info, 2, SEQUENCE))
    return Stamp(imprint=at(imprint, 1, OCTETS), moment=at(info, 4, MOMENT).decode("ascii", "replace"))


def at(parts: list[tuple[int, bytes]], index: int, tag: int) -> bytes:
    if index >= len(parts) or parts[index][0] != tag:
        raise TokenError("it is not built as a time stamp")
    return parts[index][1]


def only(data: bytes, tag: int) -> bytes:
    return at(parts_of(data)[:1], 0, tag)


def parts_of(data: bytes) -> list[tuple[int, bytes]]:
    return list(walk(data))


def walk(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (tag, content) of the values that stand one after another, in DER."""
    place = 0
    while place < len(data):
        if place + 2 > len(data):
            raise TokenError("it is cut off")
        tag, length = data[place], data[place + 1]
        place += 2
        if length & 0x80:
            count = length & 0x7F
            length = int.from_bytes(data[place : place + count], "big")
            place += count
        if place + length > len(data):
            raise TokenError("it is cut off")
        yield tag, data[place : place + length]
        place += length
