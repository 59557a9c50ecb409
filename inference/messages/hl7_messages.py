"""HL7 v2 messages as plain values: fields by segment and number, times, identifiers, texts. Pure.

Parsing is the library's; what is added is which bytes these are, and that a
message which cannot be understood says why in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import hl7

CHARSETS = {
    "": "utf-8", "ASCII": "ascii", "UNICODE": "utf-8", "UNICODE UTF-8": "utf-8", "UTF-8": "utf-8",
    **{f"8859/{number}": f"iso-8859-{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
    "GB 18030-2000": "gb18030", "BIG-5": "big5", "ISO IR87": "iso2022_jp",
}  # fmt: skip
TIMES = {14: "%Y%m%d%H%M%S", 12: "%Y%m%d%H%M", 10: "%Y%m%d%H", 8: "%Y%m%d"}  # a month or a year is no moment
SEPARATORS = (b"MSH|^~\\&|", b"MSH|^~\\&#|")
OFFSET = re.compile(r"[+-]\d{4}$")
MOST_SEGMENTS, MOST_REPETITIONS = 10_000, 20_000
PREFERRED_IDENTIFIERS = ("MR", "PI", "PT", "")
# It writes fields that it cannot unescape, a patient's words. A filter outlives a new configuration of the logs.
hl7.util.logger.addFilter(lambda _record: False)


class UnreadableMessageError(ValueError):
    """The bytes are no HL7 message that can be understood; the message says why."""


@dataclass(frozen=True, slots=True)
class PatientName:
    """A patient as an identifier of its issuer; no name is read."""

    identifier: str
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment; `text` and the others take the numbers that the standard counts from 1."""

    name: str
    content: hl7.Segment
    message: hl7.Message

    def repetitions(self, number: int) -> list[str]:
        if number >= len(self.content):
            return []
        return [part for part in str(self.content[number]).split("~") if part]

    def raw(self, number: int) -> str:
        return str(self.content[number]) if number < len(self.content) else ""

    def text(self, number: int, component: int = 1) -> str:
        """Return a component of the first repetition, unescaped."""
        first = next(iter(self.repetitions(number)), "")
        parts = first.split("^")
        return self.plain(parts[component - 1].split("&")[0]) if component <= len(parts) else ""

    def plain(self, text: str) -> str:
        """Return a text with its escapes resolved and its breaks as new lines."""
        return str(self.message.unescape(text.replace("\\.br\\", "\n").replace("\\.sp\\", "\n"))).strip()

    def moment(self, number: int) -> str | None:
        return iso_moment(self.text(number))

    def patients(self, number: int) -> list[PatientName]:
        """Return identifiers of a CX field, medical record numbers first."""
        found = []
        for part in self.repetitions(number):
            pieces = [*part.split("^"), "", "", "", "", ""]
            if pieces[0]:
                name = PatientName(self.plain(pieces[0]), self.plain(pieces[3].split("&")[0]))
                found.append((pieces[4].upper(), name))
        ranked = {kind: place for place, kind in enumerate(PREFERRED_IDENTIFIERS)}
        return [name for _, name in sorted(found, key=lambda each: ranked.get(each[0], len(ranked)))]


@dataclass(frozen=True, slots=True)
class Message:
    """One message, its segments in order."""

    segments: tuple[Segment, ...]

    @property
    def header(self) -> Segment:
        return self.segments[0]

    @property
    def kind(self) -> str:
        """The type and its trigger, such as ADT^A40."""
        return "".join(each for each in f"{self.header.text(9)}^{self.header.text(9, 2)}" if each.isprintable())

    @property
    def control_id(self) -> str:
        return self.header.text(10)

    @property
    def sent_at(self) -> str | None:
        return self.header.moment(7)

    def all(self, name: str) -> Iterator[Segment]:
        return (each for each in self.segments if each.name == name)

    def first(self, name: str) -> Segment | None:
        return next(self.all(name), None)

    def groups(self, *starts: str) -> list[list[Segment]]:
        """Return the stretches of segments that begin with one of these names, each name once in a stretch.

        What stands before the first of them belongs to none.
        """
        found: list[list[Segment]] = []
        for each in self.segments:
            is_start = each.name in starts
            if is_start and (not found or each.name == starts[0] or holds(found[-1], each.name)):
                found.append([each])
            elif found:
                found[-1].append(each)
        return found


def holds(group: list[Segment], name: str) -> bool:
    return any(each.name == name for each in group)


def parse_message(data: bytes) -> Message:
    """Return the message.

    Raises:
        UnreadableMessageError: it is none, or in a character set that is not known.
    """
    head = data.lstrip()
    if not head.startswith(b"MSH") or len(head) < 8:
        raise UnreadableMessageError("the message does not begin with MSH")
    if not head.startswith(SEPARATORS):
        raise UnreadableMessageError("MSH-1 and MSH-2 name other separators than | and ^~\\&")
    text = decoded(head).replace("\r\n", "\r").replace("\n", "\r")
    if text.count("\r") > MOST_SEGMENTS or text.count("~") > MOST_REPETITIONS:
        raise UnreadableMessageError(f"it has more than {MOST_SEGMENTS} segments or {MOST_REPETITIONS} repetitions")
    try:
        parsed = hl7.parse(text)
        segments = tuple(Segment(str(each[0][0]), each, parsed) for each in parsed)
    except (hl7.HL7Exception, ValueError, IndexError, KeyError, AttributeError) as error:
        raise UnreadableMessageError(f"its segments cannot be told apart ({type(error).__name__})") from error
    message = Message(segments)
    if not message.header.text(9):
        raise UnreadableMessageError("MSH-9, the type of the message, is empty")
    return message


def decoded(data: bytes) -> str:
    first = data.split(b"\r", 1)[0].split(b"\n", 1)[0]
    fields = first.split(data[3:4])
    named = fields[17].split(b"~")[0].decode("ascii", "replace").strip() if len(fields) > 17 else ""
    if named.upper() not in CHARSETS:
        raise UnreadableMessageError(f"MSH-18 names the character set {named!r}, which is not known here")
    for charset in (CHARSETS[named.upper()], *(["cp1252"] if not named else [])):
        try:
            return data.decode(charset)
        except UnicodeDecodeError:
            continue
    raise UnreadableMessageError(f"its bytes are not {named or 'UTF-8'}")


def iso_moment(text: str) -> str | None:
    """Return an HL7 time as ISO 8601, with an offset only where it has one; None if it is none."""
    found = OFFSET.search(text)
    offset, bare = (found[0], text[: found.start()]) if found else ("", text)
    whole, _, fraction = bare.partition(".")
    if not bare.replace(".", "", 1).isascii() or not whole.isdigit() or len(whole) not in TIMES:
        return None
    try:
        moment = datetime.strptime(whole, TIMES[len(whole)])  # noqa: DTZ007 - the offset is put back below
        moment = moment.replace(microsecond=int(fraction[:6].ljust(6, "0")))
    except ValueError:
        return None
    return moment.isoformat() + (f"{offset[:3]}:{offset[3:]}" if offset else "")
