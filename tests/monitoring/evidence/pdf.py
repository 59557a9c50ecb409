"""Reads a PDF far enough for tests: its pages' words by the fonts' own tables, its fonts, its metadata."""

import io
import re
from collections.abc import Iterator
from typing import Any

from pyhanko.pdf_utils.reader import PdfFileReader

SHOWN = re.compile(rb"/(\w+) [\d.]+ Tf|<([0-9A-Fa-f]+)>|\(((?:\\.|[^\\()])*)\)", re.DOTALL)
SINGLE = re.compile(r"<([0-9A-Fa-f]+)> <([0-9A-Fa-f]+)>\n")
RANGES = re.compile(r"<([0-9A-Fa-f]+)> <([0-9A-Fa-f]+)> <([0-9A-Fa-f]+)>\n")
ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def plain(value: Any) -> Any:
    return value.get_object() if hasattr(value, "get_object") else value


class Pdf:
    def __init__(self, data: bytes) -> None:
        self.root = PdfFileReader(io.BytesIO(data)).root

    @property
    def metadata(self) -> str:
        return str(plain(self.root["/Metadata"]).data.decode())

    def pages(self) -> list[Any]:
        return list(leaves(plain(self.root["/Pages"])))

    def fonts(self) -> Iterator[Any]:
        for page in self.pages():
            for font in plain(plain(page["/Resources"])["/Font"]).values():
                yield plain(font)

    def text(self) -> str:
        return "\n".join(text_of(page) for page in self.pages())


def leaves(node: Any) -> Iterator[Any]:
    if str(node["/Type"]) == "/Page":
        yield node
        return
    for kid in node["/Kids"]:
        yield from leaves(plain(kid))


def descriptor_of(font: Any) -> Any:
    inner = plain(plain(font["/DescendantFonts"])[0]) if "/DescendantFonts" in font else font
    return plain(inner["/FontDescriptor"])


def text_of(page: Any) -> str:
    fonts = {
        name[1:].encode(): mapping_of(plain(font)) for name, font in plain(plain(page["/Resources"])["/Font"]).items()
    }
    found, mapping = [], {}
    for match in SHOWN.finditer(plain(page["/Contents"]).data):
        name, hexed, literal = match.groups()
        if name:
            mapping = fonts.get(name, {})
            continue
        codes = bytes.fromhex(hexed.decode()) if hexed else unescaped(literal)
        found.append("".join(mapping.get(codes[at : at + 2], "") for at in range(0, len(codes), 2)))
    return "".join(found)


def unescaped(literal: bytes) -> bytes:
    def one(match: "re.Match[bytes]") -> bytes:
        said = match[1]
        return bytes([int(said, 8) & 255]) if said[:1].isdigit() else ESCAPES.get(said, said)

    return re.sub(rb"\\([0-7]{1,3}|.)", one, literal, flags=re.DOTALL)


def mapping_of(font: Any) -> dict[bytes, str]:
    table = plain(font["/ToUnicode"]).data.decode()
    found = {}
    for part in re.findall(r"beginbfchar\n(.*?)endbfchar", table, re.DOTALL):
        for code, text in SINGLE.findall(part):
            found[bytes.fromhex(code)] = bytes.fromhex(text).decode("utf-16-be")
    for part in re.findall(r"beginbfrange\n(.*?)endbfrange", table, re.DOTALL):
        for first, last, text in RANGES.findall(part):
            begin = int.from_bytes(bytes.fromhex(text))
            for code in range(int(first, 16), int(last, 16) + 1):
                found[code.to_bytes(2)] = chr(begin + code - int(first, 16))
    return found
