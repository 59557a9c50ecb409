"""What the log holds."""

from collections.abc import Iterator

from django.db.models import QuerySet

from audit.log.models import Checkpoint, Entry, Fact, Tree


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


def fact_tables() -> Iterator[type[Fact]]:
    """Yield every concrete fact table, whichever package declares it."""
    waiting = list(Fact.__subclasses__())
    while waiting:
        table = waiting.pop()
        waiting.extend(table.__subclasses__())
        if not table._meta.abstract:
            yield table
