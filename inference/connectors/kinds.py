"""The six kinds of fact by the names that the API and the import commands use."""

from collections.abc import Mapping

from inference.corrections.kind import CORRECTION
from inference.events.kind import EVENT
from inference.intake.kinds import Kind
from inference.reads.kind import READ, RESPONSE
from inference.results.kind import INFERENCE
from inference.truth.kind import TRUTH

KINDS: Mapping[str, Kind] = {
    "inferences": INFERENCE,
    "events": EVENT,
    "reads": READ,
    "responses": RESPONSE,
    "truth": TRUTH,
    "corrections": CORRECTION,
}
PLURALS: Mapping[str, str] = {kind.name: plural for plural, kind in KINDS.items()}
