"""The end of a drift report: the signed state of the log it was made beside, as text and as a code to keep."""

from django.template.loader import render_to_string

from audit.log.models import Checkpoint
from audit.witnesses.codes import code_svg

BODY_ENDS = b"</body>"


def with_checkpoint(html: bytes, *, checkpoint: Checkpoint | None) -> bytes:
    """Return the report with the checkpoint before its end; as it is where the log has none yet."""
    before, ends, after = html.rpartition(BODY_ENDS)
    if checkpoint is None or not ends:
        return html
    context = {"checkpoint": checkpoint, "code": code_svg(checkpoint.note)}
    return before + render_to_string("monitoring/drift/_checkpoint.html", context).encode() + ends + after
