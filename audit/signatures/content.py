"""What can be signed: each kind of record says here what it shows, and who may sign it as what.

A record is shown and signed as the same mapping; its hash is what the signature
binds. Subjects above this package add their kinds when they are loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from audit.proofs.statements import content_digest

if TYPE_CHECKING:
    from audit.signatures.models import Signature

PARTS = ("author", "reviewer", "approver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signable:
    """One record as it stands: `content` is shown in full, `href` leads back to its page.

    `meanings` are those the person may give it; `in_order` asks for author, reviewer and approver, three people.
    `then` is what the signature brings about, in its transaction: where it refuses, nothing is signed.
    """

    subject: str
    title: str
    organisation: str
    content: Mapping[str, Any]
    meanings: tuple[str, ...]
    href: str = ""
    in_order: bool = False
    then: Callable[[Signature], None] | None = None

    @property
    def digest(self) -> str:
        return content_digest(self.content)


Find = Callable[[Any, str], Signable]
KINDS: dict[str, Find] = {}


def signable(kind: str, find: Find) -> None:
    """Let records of a kind be signed. `find` is given the person and the record's id, and answers 404 for others'."""
    KINDS[kind] = find
