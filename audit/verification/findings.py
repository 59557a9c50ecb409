"""What the verifier found, and the two ways in which it ends early."""

from dataclasses import dataclass, field

MOST_SENTENCES = 1_000


class UnreadableError(Exception):
    """The package cannot be read at all: no file, no zip, cut off."""


@dataclass(slots=True)
class Report:
    """Sentences, in the order they were found: what is wrong, and what could not be checked."""

    problems: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    unpinned: list[str] = field(default_factory=list)
    count: int = 0

    def wrong(self, sentence: str) -> None:
        self.count += 1
        if len(self.problems) < MOST_SENTENCES:
            self.problems.append(sentence)

    def notice(self, sentence: str) -> None:
        self.notices.append(sentence)

    def followed_by(self, other: "Report") -> "Report":
        """Return what both found, this one's first."""
        problems = [*self.problems, *other.problems][:MOST_SENTENCES]
        return Report(
            problems, [*self.notices, *other.notices], [*self.unpinned, *other.unpinned], self.count + other.count
        )
