"""One package under way: what it is about, who asked, at which instant, and where it says how far it is."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from audit.log.actions import OPERATOR
from audit.log.models import plain
from audit.proofs.canonical import canonical_json
from monitoring.evidence.scopes import Scope

T = TypeVar("T")
TELL_EVERY = 2_000

Tell = Callable[[str, int, int], None]
"""Called with the step, and how much of how much of it is done (0 of 0 where that is not known)."""


def tell_nobody(step: str, done: int, of: int) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A finished package: its hash and size, how many cases, and the fingerprint of each log in it."""

    sha256: str
    size: int
    cases: int
    keys: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class Making:
    """One package under way; `folder` holds its tables until they are in it."""

    uid: str
    scope: Scope
    actor: str
    now: datetime
    tell: Tell = tell_nobody
    folder: Path = Path()

    @property
    def logs(self) -> tuple[str, ...]:
        return self.scope.organisations or (OPERATOR,)

    @property
    def instant(self) -> datetime:
        """The moment at which everything in it was known; the same scope and instant make the same content."""
        return self.scope.wanted.as_of or self.now

    @property
    def content_id(self) -> str:
        """The name of the content: that of what was asked for at which instant, whoever asks how often."""
        wanted = replace(self.scope.wanted, as_of=None, previous=None)
        said = {each.name: str(getattr(wanted, each.name)) for each in fields(wanted)}
        return sha256(canonical_json(said | {"instant": plain(self.instant)})).hexdigest()[:32]

    def counted(self, values: Iterable[T], *, step: str, of: int = 0) -> Iterator[T]:
        """Yield the values and say now and then how many there were."""
        self.tell(step, 0, of)
        for number, value in enumerate(values, start=1):
            yield value
            if number % TELL_EVERY == 0:
                self.tell(step, number, max(of, number) if of else 0)
