"""Signs how far each log has grown, as C2SP checkpoints; never against what was signed before."""

from datetime import datetime, timedelta

from django.db.models import F, OuterRef, Subquery

from audit.errors import ForkedLogError
from audit.log.models import Checkpoint, Tree
from audit.log.queries import tiled_tree
from audit.log.signing import signers_for, using
from audit.proofs import notes
from audit.proofs.merkle import frontier_root, verify_consistency
from audit.proofs.tiles import TileError, consistency_from_tiles, hashes_in

INTERVAL = timedelta(minutes=1)


def sign_checkpoints(*, now: datetime, interval: timedelta = INTERVAL) -> int:
    """Sign every log that grew and whose last checkpoint is older than `interval`; return how many.

    Raises:
        ForkedLogError: a log no longer extends its last checkpoint; the others are signed nevertheless.
    """
    signed, forks = 0, []
    for tree in trees_to_sign(before=now - interval):
        try:
            sign_log(tree, now=now)
            signed += 1
        except ForkedLogError as fork:
            forks.append(fork)
    if forks:
        raise forks[0]
    return signed


def trees_to_sign(*, before: datetime) -> list[Tree]:
    """Return the trees that a checkpoint is due for, and those that shrank, in one query."""
    last = Checkpoint.objects.filter(organisation=OuterRef("organisation")).order_by("-size")
    trees = Tree.objects.using(using()).annotate(
        signed_size=Subquery(last.values("size")[:1]), signed_at=Subquery(last.values("signed_at")[:1])
    )
    never = trees.filter(size__gt=0, signed_size=None)
    since = trees.filter(size__gt=F("signed_size"), signed_at__lte=before)
    shrunk = trees.filter(size__lt=F("signed_size"))
    return list((never | since | shrunk).order_by("organisation"))


def sign_log(tree: Tree, *, now: datetime) -> None:
    """Sign the tree as it was read. Two signers at once sign the same; one checkpoint stands."""
    root = frontier_root(hashes_in(bytes(tree.frontier)))
    refuse_fork(tree, root=root)
    signers = signers_for(tree.organisation, now=now)
    text = notes.Checkpoint(origin=signers[0].origin, size=tree.size, root=root).text
    signed = [notes.sign_note(text, key=each.key, sign=each.sign) for each in signers]
    lines = "".join(each.rpartition("\n\n")[2] for each in signed)
    checkpoint = Checkpoint(
        organisation=tree.organisation, size=tree.size, root=root, note=f"{text}\n{lines}", signed_at=now
    )
    Checkpoint.objects.using(using()).bulk_create([checkpoint], ignore_conflicts=True)


def refuse_fork(tree: Tree, *, root: bytes) -> None:
    """Prove from the tiles that the tree extends its last checkpoint and has this root."""
    last = Checkpoint.objects.using(using()).filter(organisation=tree.organisation).order_by("-size").first()
    tiled = tiled_tree(tree.organisation, size=tree.size, using=using())
    try:
        if tiled.root() != root:
            raise ForkedLogError(tree.organisation)
        if last is None:
            return
        proof = consistency_from_tiles(tiled, old_size=last.size)
    except (TileError, IndexError) as error:
        raise ForkedLogError(tree.organisation) from error
    if not verify_consistency(last.size, tree.size, bytes(last.root), root, proof):
        raise ForkedLogError(tree.organisation)
