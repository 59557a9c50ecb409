"""What was signed or kept of a log at some size, and its comparison with the tree as it grows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.log.findings import Verification, Witnessed
from audit.log.keyhistory import believed, compromised_keys
from audit.log.models import Checkpoint
from audit.proofs import notes
from audit.proofs.merkle import extend_frontier, frontier_root


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A root that somebody signed or kept for a size of the log."""

    size: int
    root: bytes
    source: str


def stated_sizes(
    check: Verification, *, keys: Sequence[notes.PublicKey], witnessed: Sequence[Witnessed]
) -> Iterator[Stated]:
    """Yield what checkpoints here and elsewhere state, by size."""
    lost = compromised_keys(check.organisation, using=check.using)
    elsewhere = sorted(witnessed, key=lambda each: each.checkpoint.size)
    signed = Checkpoint.objects.using(check.using).filter(organisation=check.organisation)
    for checkpoint in signed.order_by("size").iterator():
        while elsewhere and elsewhere[0].checkpoint.size <= checkpoint.size:
            yield of_witnessed(elsewhere.pop(0))
        if is_signed(check, checkpoint=checkpoint, keys=believed(keys, at=checkpoint.signed_at, compromised=lost)):
            name = f"the checkpoint signed at {checkpoint.signed_at.isoformat()}"
            yield Stated(size=checkpoint.size, root=bytes(checkpoint.root), source=name)
    for each in elsewhere:
        yield of_witnessed(each)


def of_witnessed(each: Witnessed) -> Stated:
    return Stated(size=each.checkpoint.size, root=each.checkpoint.root, source=each.source)


def is_signed(check: Verification, *, checkpoint: Checkpoint, keys: Sequence[notes.PublicKey]) -> bool:
    name = f"The checkpoint of size {checkpoint.size} of the log of {check.organisation}"
    try:
        opened = notes.open_checkpoint(checkpoint.note.encode(), keys=keys, verify=verify_fast)
    except notes.NoteError as error:
        check.wrong(f"{name} is not signed as it stands: {error}.")
        return False
    if (opened.size, opened.root) != (checkpoint.size, bytes(checkpoint.root)):
        check.wrong(f"{name} was changed: its note says size {opened.size} and another root than beside it.")
        return False
    return True


def verify_fast(*, public_key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


class Marks:
    """Compares the growing tree with each stated root as its size is reached."""

    def __init__(self, *, check: Verification, stated: Iterator[Stated]) -> None:
        self._check, self._stated = check, stated
        self._next = next(stated, None)

    def pass_by(self, leaves: Sequence[bytes]) -> None:
        check = self._check
        for leaf in leaves:
            extend_frontier(check.frontier, size=check.size, leaf=leaf)
            check.size += 1
            while self._next and self._next.size <= check.size:
                self._compare(self._next)
                self._next = next(self._stated, None)

    def _compare(self, stated: Stated) -> None:
        if stated.size < self._check.size or frontier_root(self._check.frontier) == stated.root:
            return
        sentence = (
            f"The first {stated.size} entries of the log of {self._check.organisation} do not have the root of "
            f"{stated.source}: the log was rewritten."
        )
        self._check.wrong(sentence)

    def finish(self) -> None:
        while self._next:
            if self._next.size > self._check.size:
                sentence = (
                    f"The log of {self._check.organisation} has {self._check.size} entries, but {self._next.source} "
                    f"counts {self._next.size}: its end was cut off."
                )
                self._check.wrong(sentence)
            self._next = next(self._stated, None)
