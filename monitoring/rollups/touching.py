"""Which studies a stretch of the log touches: those its facts are about, and those whose patients it moves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from audit.log.models import Entry
from inference.corrections.models import Correction
from inference.events.models import Event
from inference.reads.models import Read
from inference.registry.models import Deployment, Product, Registration
from inference.registry.vocabulary import DEFAULT_RULE
from inference.results.models import Inference
from inference.truth.models import Truth
from monitoring.cases.corrections import studies_of_persons
from monitoring.cases.exam_loading import related
from monitoring.cases.fetching import fetch
from monitoring.cases.models import Case

TABLES: Mapping[str, Any] = {
    "inference": Inference, "event": Event, "read": Read, "truth": Truth, "correction": Correction,
    "registration": Registration,
}  # fmt: skip
ABOUT_STUDIES = frozenset(TABLES) - {"registration"}
AMENDABLE = ABOUT_STUDIES - {"inference"}
SETTLED_BY_REGISTRY = ("product/", "finding/", "claim/")
DEFAULT_RULE_SUBJECT = f"truth_rule/{DEFAULT_RULE}"
IDS_PER_QUERY = 5_000
ENTRIES = "SELECT id, kind, position FROM audit_entry WHERE organisation = %s AND position >= %b AND position < %b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The entries of one log from `first` up to, but without, `end`."""

    organisation: str
    first: int
    end: int

    @property
    def within(self) -> QuerySet[Entry]:
        return Entry.objects.filter(
            organisation=self.organisation, position__gte=self.first, position__lt=self.end
        ).order_by()

    def entries(self) -> dict[str, dict[int, int]]:
        """Return the position of every entry by kind and id."""
        found: dict[str, dict[int, int]] = defaultdict(dict)
        for pk, kind, position in fetch(ENTRIES, self.organisation, self.first, self.end):
            found[kind][pk] = position
        return found


def facts_of(entries: Iterable[int], *, kind: str, columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield columns of the facts of these entries.

    Asked by lists of ids, not by a join: its plan would hang on statistics that a large import has
    left behind, and a loop over all pairs of facts and entries is what they then lead to.
    """
    table = TABLES[kind]._meta.db_table
    statement = f"SELECT {', '.join(columns)} FROM {table} WHERE entry_id = ANY(%b)"  # noqa: S608
    waiting = iter(entries)
    while some := list(islice(waiting, IDS_PER_QUERY)):
        yield from fetch(statement, some)


def studies_touched(stretch: Stretch) -> dict[UUID, int]:
    """Return the studies whose cases may have changed, in a fixed order, each with its last position here."""
    entries, last = stretch.entries(), stretch.end - 1
    found: dict[UUID | None, int] = {}
    for kind in sorted(entries.keys() & ABOUT_STUDIES):
        for entry, study in facts_of(entries[kind], kind=kind, columns=("entry_id", "study_id")):
            found[study] = max(entries[kind][entry], found.get(study, 0))
    for kind in sorted(entries.keys() & AMENDABLE):
        found |= dict.fromkeys(amended_studies(entries[kind], kind=kind), last)
    if "event" in entries:
        found |= dict.fromkeys(studies_of_early_events(entries["event"]), last)
    if "correction" in entries:
        pairs = facts_of(entries["correction"], kind="correction", columns=("person_id", "other_person_id"))
        found |= dict.fromkeys(studies_of_persons({each for pair in pairs for each in pair if each}), last)
    found |= dict.fromkeys(related([study for study in found if study is not None]), last)
    return {study: place for study, place in sorted(found.items(), key=lambda pair: str(pair[0])) if study is not None}


def amended_studies(entries: Iterable[int], *, kind: str) -> set[UUID | None]:
    """Return the studies of the facts that these amend."""
    amended = [uid for (uid,) in facts_of(entries, kind=kind, columns=("amends",)) if uid]
    return studies_of_uids(amended, kind=kind)


def studies_of_early_events(entries: Iterable[int]) -> set[UUID | None]:
    """Return the studies of events that came in before their run did."""
    rows = facts_of(entries, kind="event", columns=("study_id", "inference_uid"))
    return studies_of_uids([uid for study, uid in rows if study is None], kind="inference")


def studies_of_uids(uids: Iterable[str], *, kind: str) -> set[UUID | None]:
    waiting, found = iter(uids), set()
    while some := list(islice(waiting, IDS_PER_QUERY)):
        facts = TABLES[kind].objects.filter(entry__uid__in=some, entry__kind=kind)
        found.update(facts.order_by().values_list("study_id", flat=True))
    return found


def products_touched(stretch: Stretch) -> set[str]:
    """Return the products whose cases a registration may change: new findings, regions, dimensions, rules."""
    found: set[str] = set()
    registered = stretch.within.filter(kind="registration").values_list("id", flat=True)
    for (subject,) in facts_of(registered, kind="registration", columns=("subject",)):
        if subject == DEFAULT_RULE_SUBJECT:
            return set(Product.objects.values_list("key", flat=True))
        if subject.startswith(SETTLED_BY_REGISTRY):
            found.add(subject.split("/")[1])
        elif subject.startswith("site/"):
            found |= products_of_opted_out(subject.split("/")[1])
    return found


def products_of_opted_out(site: str) -> set[str]:
    """Return the products whose cases a site's rule of opting out may change."""
    said = Correction.objects.filter(site__organisation__sites=site, kind=Correction.Kind.OPTED_OUT).exists()
    return set(Deployment.objects.filter(site=site).values_list("product_id", flat=True)) if said else set()


def studies_of_products(products: Iterable[str], *, after: UUID | None, limit: int) -> list[UUID]:
    """Return the next studies with cases of these products, by id. Those without cases are touched by their runs."""
    met = Case.objects.filter(product_id__in=list(products))
    if after is not None:
        met = met.filter(study_id__gt=after)
    return list(met.order_by("study_id").values_list("study_id", flat=True).distinct()[:limit])
