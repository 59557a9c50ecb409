"""Documents on paper: PDF/A-2b made from their JSON twin by typst, the same bytes for the same twin and instant."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
import typst

from monitoring.errors import ReportError

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates" / "monitoring" / "evidence" / "paper"
NO_GLYPH = re.compile(r'the text `"(.+?)"` could not be displayed')
ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")
PLAIN = {"\\n": "\n", "\\r": "\r", "\\t": "\t", "\\0": "\0", '\\"': '"', "\\\\": "\\", "\\'": "'"}
# In JSON: an escaped control character but a tab or a line's end, or a whole other escape, or DEL itself.
CONTROL = re.compile(r"\\u00([01][0-9a-f])|\\([bf])|\\.|(\x7f)")
CONTROL_ESCAPES = {"b": "08", "f": "0C"}
MOST_STRANGE = 5_000
PROBE = b"#set document(title: [x], date: auto)\n#sys.inputs.text"


def pdf_of(name: str, twin: Mapping[str, Any], *, codes: Sequence[str], instant: datetime) -> bytes:
    """Return the document `name` with the figures of its twin. The instant is its date and identity.

    A letter that no embedded font has stands as its code point, since PDF/A has no room for it.

    Raises:
        ReportError: the template and the twin do not fit each other.
    """
    shown = without_strange_letters(json.dumps(twin, ensure_ascii=False))
    try:
        return compiled(
            (TEMPLATES / f"{name}.typ").read_bytes(), {"data": shown, "codes": json.dumps(list(codes))}, instant=instant
        )
    except typst.TypstError as error:
        raise ReportError(f"The document {name} cannot be set: {error}") from error


def compiled(source: bytes, inputs: Mapping[str, str], *, instant: datetime, **form: Any) -> Any:
    return typst.compile(
        source,
        root=str(TEMPLATES),
        sys_inputs=dict(inputs),
        timestamp=int(instant.timestamp()),
        ignore_system_fonts=True,
        **(form or {"format": "pdf", "pdf_standards": ["a-2b"]}),
    )


def without_strange_letters(text: str) -> str:
    """Return the text with the letters that the fonts lack as [U+…]; which they are, the setter itself says."""
    text = CONTROL.sub(as_code_point, text)
    left = "".join(sorted({each for each in text if ord(each) > 127}))
    for _ in range(MOST_STRANGE):
        strange = first_strange(left)
        if not strange:
            return text
        for letter in strange:
            text, left = text.replace(letter, f"[U+{ord(letter):04X}]"), left.replace(letter, "")
    return text.encode("ascii", "replace").decode()


def as_code_point(found: re.Match[str]) -> str:
    escaped, short, delete = found.groups()
    code = escaped or CONTROL_ESCAPES.get(short or "") or ("7F" if delete else "")
    return f"[U+00{code.upper()}]" if code else found[0]


def first_strange(letters: str) -> str:
    try:
        compiled(PROBE, {"text": letters}, instant=datetime(2000, 1, 1, tzinfo=UTC))
    except typst.TypstError as error:
        if match := NO_GLYPH.search(str(error)):
            return unescaped(match[1])
        raise
    return ""


def unescaped(text: str) -> str:
    text = ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    return PLAIN.get(text, text)


def pages_of(name: str, twin: Mapping[str, Any], *, codes: Sequence[str], instant: datetime) -> list[bytes]:
    """Return the document's pages as pictures, for looking at them."""
    inputs = {"data": without_strange_letters(json.dumps(twin, ensure_ascii=False)), "codes": json.dumps(list(codes))}
    found = compiled((TEMPLATES / f"{name}.typ").read_bytes(), inputs, instant=instant, format="png", ppi=90)
    return list(found) if isinstance(found, list) else [found]


def code_of(note: str) -> str:
    """Return a checkpoint as a QR code, an SVG of its own."""
    file = BytesIO()
    segno.make(note.encode(), error="m", micro=False).save(
        file, kind="svg", scale=2, border=4, svgns=True, xmldecl=False
    )
    return file.getvalue().decode()
