"""What of the logs a person may see, and how each stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Min, Q, QuerySet

from audit.access.decisions import NotVisibleError, Scope, Visitor, scope_for
from audit.log.models import Act, Checkpoint, Entry, LogKey, Tree
from audit.log.queries import organisations_in_log, tiled_tree
from audit.proofs.merkle import verify_inclusion
from audit.proofs.notes import PublicKey
from audit.proofs.tiles import TileError, inclusion_from_tiles

VERIFIED = "log.verified"
ENTRIES_ON_A_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState:
    """How one log stands."""

    organisation: str
    size: int
    waiting: int
    waits_since: datetime | None
    checkpoint: Checkpoint | None
    key: PublicKey | None

    @property
    def unsigned(self) -> int:
        return self.size - (self.checkpoint.size if self.checkpoint else 0)

    def lag(self, now: datetime) -> timedelta | None:
        return now - self.waits_since if self.waits_since else None


def organisations_for(user: Visitor, action: str) -> list[str]:
    """Return the logs a person may see. A log belongs to an organisation as a whole, so a site's grant opens none."""
    scope = scope_for(user, action)
    return [each for each in organisations_in_log() if scope.covers(organisation=each)] if scope else []


def require_log(user: Visitor, action: str, *, organisation: str) -> Scope:
    scope = scope_for(user, action)
    if not scope.covers(organisation=organisation):
        raise NotVisibleError
    return scope


def states_of(organisations: Sequence[str]) -> list[LogState]:
    """Return how these logs stand, in four queries however many they are."""
    sizes = dict(Tree.objects.filter(organisation__in=organisations).values_list("organisation", "size"))
    waiting = Entry.objects.filter(organisation__in=organisations, position=None).values("organisation")
    lags: dict[str, Any] = {row["organisation"]: row for row in waiting.annotate(number=Count("id"), since=Min("at"))}
    newest = Checkpoint.objects.filter(organisation__in=organisations).order_by("organisation", "-size")
    signed = {each.organisation: each for each in newest.distinct("organisation")}
    last_keys = LogKey.objects.filter(organisation__in=organisations).order_by("organisation", "-id")
    keys = {each.organisation: each for each in last_keys.distinct("organisation")}
    return [
        LogState(
            organisation=name,
            size=sizes.get(name, 0),
            waiting=lags.get(name, {}).get("number", 0),
            waits_since=lags.get(name, {}).get("since"),
            checkpoint=signed.get(name),
            key=PublicKey(name=keys[name].origin, key=bytes(keys[name].public_key)) if name in keys else None,
        )
        for name in organisations
    ]


def found_entries(organisation: str, *, filters: dict[str, Any]) -> QuerySet[Entry]:
    """Return a log's entries, the newest first: those waiting for their place, then by position."""
    wanted = Q(organisation=organisation)
    if filters.get("kind"):
        wanted &= Q(kind__startswith=filters["kind"])
    if filters.get("actor"):
        wanted &= Q(actor__icontains=filters["actor"])
    if filters.get("uid"):
        wanted &= Q(uid=filters["uid"])
    if filters.get("since"):
        wanted &= Q(at__date__gte=filters["since"])
    if filters.get("until"):
        wanted &= Q(at__date__lte=filters["until"])
    return Entry.objects.filter(wanted).defer("body").order_by("-position")


class LogPaginator(Paginator):  # type: ignore[type-arg]
    """Pages of a whole log: its size is known and need not be counted."""

    def __init__(self, entries: QuerySet[Entry], *, known: int | None) -> None:
        self._known = known
        super().__init__(entries, ENTRIES_ON_A_PAGE)

    @property
    def count(self) -> int:  # type: ignore[override]
        return self._known if self._known is not None else int(self.object_list.count())  # type: ignore[union-attr,attr-defined,call-arg]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """An entry's inclusion proof, and whether it leads to the root that was signed."""

    holds: bool
    checkpoint: Checkpoint | None
    proof: tuple[str, ...] = ()
    reason: str = ""


def proof_of(entry: Entry) -> Proved:
    """Prove an entry against the log's last checkpoint, from its body and the tiles."""
    newest = Checkpoint.objects.filter(organisation=entry.organisation).order_by("-size").first()
    if entry.position is None or newest is None or entry.position >= newest.size:
        return Proved(holds=False, checkpoint=newest, reason="It is not signed yet; the next checkpoint covers it.")
    tree = tiled_tree(entry.organisation, size=newest.size)
    try:
        proof = inclusion_from_tiles(tree, index=entry.position)
    except TileError as error:
        return Proved(holds=False, checkpoint=newest, reason=f"A tile of the tree is missing: {error}.")
    holds = verify_inclusion(bytes(entry.leaf_hash), entry.position, newest.size, proof, bytes(newest.root))
    return Proved(
        holds=holds,
        checkpoint=newest,
        proof=tuple(each.hex() for each in proof),
        reason="" if holds else "The proof does not lead to the signed root: run the verification.",
    )


def last_verification(organisation: str, *, since: datetime | None = None) -> Act | None:
    acts = Act.objects.filter(entry__organisation=organisation, entry__kind=VERIFIED)
    if since is not None:
        acts = acts.filter(received_at__gte=since)
    return acts.select_related("entry").order_by("-id").first()
