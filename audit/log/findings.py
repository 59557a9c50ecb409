"""What a verification carries along, and what it found: a sentence for each wrong thing."""

from collections.abc import Callable
from dataclasses import dataclass, field

from audit.proofs import notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with a log."""

    organisation: str
    sentence: str
    position: int | None = None

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """A checkpoint kept elsewhere: what the log once said of itself, and where that was kept."""

    checkpoint: notes.Checkpoint
    source: str


@dataclass(slots=True, kw_only=True)
class Verification:
    """One log under verification; `problems` grows as it is read."""

    organisation: str
    using: str
    advance: Callable[[int], None]
    size: int = 0
    frontier: list[bytes] = field(default_factory=list)
    edge: dict[int, bytes] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    latest: int = -(2**62)  # the latest time so far, in microseconds since 1970

    def wrong(self, sentence: str, *, position: int | None = None) -> None:
        self.problems.append(Problem(organisation=self.organisation, sentence=sentence, position=position))

    def place(self, position: int) -> str:
        return f"position {position} of the log of {self.organisation}"
