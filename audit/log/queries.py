"""What the log holds."""

from collections.abc import Iterator
from datetime import datetime

from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet

from audit.log.models import Checkpoint, Entry, Fact, Tile, Tree
from audit.proofs.tiles import TiledTree


def organisations_in_log() -> list[str]:
    """Return the organisations that have a tree or an entry waiting for one."""
    grown = set(Tree.objects.values_list("organisation", flat=True))
    waiting = Entry.objects.filter(position=None).values_list("organisation", flat=True).distinct()
    return sorted(grown | set(waiting))


def entries_after(*, organisation: str, position: int, limit: int) -> QuerySet[Entry]:
    """Return the entries from a position on, in the order of the log."""
    entries = Entry.objects.filter(organisation=organisation, position__gte=position)
    return entries.order_by("position")[:limit]


def latest_checkpoint(organisation: str) -> Checkpoint | None:
    return Checkpoint.objects.filter(organisation=organisation).order_by("-size").first()


def checkpoint_before(organisation: str, *, moment: datetime) -> Checkpoint | None:
    """Return the last checkpoint that was signed before a moment."""
    signed = Checkpoint.objects.filter(organisation=organisation, signed_at__lt=moment)
    return signed.order_by("-size").first()


def fact_tables() -> Iterator[type[Fact]]:
    """Yield every concrete fact table, whichever package declares it."""
    waiting = list(Fact.__subclasses__())
    while waiting:
        table = waiting.pop()
        waiting.extend(table.__subclasses__())
        if not table._meta.abstract:
            yield table


def tiled_tree(organisation: str, *, size: int, using: str = DEFAULT_DB_ALIAS) -> TiledTree:
    """Return a log's tree at a size, its tiles read from the database as they are needed."""

    def read(level: int, index: int) -> bytes:
        tile = tile_of(organisation, level=level, index=index, using=using)
        return bytes(tile.hashes) if tile else b""

    return TiledTree(size=size, read_tile=read)


def tile_of(organisation: str, *, level: int, index: int, using: str = DEFAULT_DB_ALIAS) -> Tile | None:
    return Tile.objects.using(using).filter(organisation=organisation, level=level, index=index).first()
