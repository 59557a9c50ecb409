"""A checkpoint as a QR code: what a person can photograph, keep, and hold a log to years later."""

import segno


def code_svg(note: str) -> str:
    """Return the note as an SVG element that stands within a page; the note alone is in it, nothing to fetch."""
    code = segno.make(note.encode(), error="m", micro=False)
    return str(code.svg_inline(scale=2, border=4, dark="#000", light="#fff", title="Checkpoint", omitsize=False))
