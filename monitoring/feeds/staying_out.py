"""What a flagged row stays out of. Pure.

The answers are those of monitoring.cases: a test asks it about every flag.
"""

from dataclasses import dataclass

from inference.intake import flags
from monitoring.cases import reasons
from monitoring.cases.runs import FLAGS_THAT_EXCLUDE

OF_ONE_FINDING = (
    flags.MISSING_PREDICTION,
    flags.UNREGISTERED_FINDING,
    flags.UNREGISTERED_REGION,
    flags.DECISION_CONTRADICTS_THRESHOLD,
)
REASON_OF = {flags.MISSING_PREDICTION: reasons.NO_PREDICTION}
EVERYTHING, FINDING, NOTHING = "every estimate", "estimates of that finding", "nothing: it is counted"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaysOut:
    """Of what a row stays out, the reason that cases give for it, and that reason as a sentence."""

    of: str
    reason: str = ""

    @property
    def why(self) -> str:
        return reasons.sentence(self.reason) if self.reason else ""


def stays_out(flag: str, *, kind: str) -> StaysOut:
    """Return what a row of a kind with this flag stays out of. Only a run's flags keep anything out."""
    name = flag.partition(":")[0]
    if kind == "inference" and name in FLAGS_THAT_EXCLUDE:
        return StaysOut(of=EVERYTHING, reason=name)
    if kind == "inference" and name in OF_ONE_FINDING:
        return StaysOut(of=FINDING, reason=REASON_OF.get(name, name))
    return StaysOut(of=NOTHING)
