"""Which studies a stretch of the log touches: those its facts are about, and those whose patients it moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Max, QuerySet

from audit.log.models import Entry
from inference.corrections.models import Correction
from inference.events.models import Event
from inference.reads.models import Read
from inference.registry.models import Product, Registration
from inference.registry.vocabulary import DEFAULT_RULE
from inference.results.models import Inference
from inference.truth.models import Truth
from monitoring.cases.corrections import studies_of_persons
from monitoring.cases.models import Case

TABLES: Mapping[str, Any] = {
    "inference": Inference, "event": Event, "read": Read, "truth": Truth, "correction": Correction,
}  # fmt: skip
AMENDABLE = frozenset(TABLES) - {"inference"}
SETTLED_BY_REGISTRY = ("product/", "finding/", "claim/")
DEFAULT_RULE_SUBJECT = f"truth_rule/{DEFAULT_RULE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The entries of one log from `first` up to, but without, `end`."""

    organisation: str
    first: int
    end: int

    @property
    def entries(self) -> QuerySet[Entry]:
        return Entry.objects.filter(
            organisation=self.organisation, position__gte=self.first, position__lt=self.end
        ).order_by()

    def facts(self, table: Any) -> QuerySet[Any]:
        """Return the facts of one table whose entries lie in the stretch."""
        return table.objects.filter(
            entry__organisation=self.organisation, entry__position__gte=self.first, entry__position__lt=self.end
        ).order_by()

    def kinds(self) -> set[str]:
        return set(self.entries.values_list("kind", flat=True).distinct())


def studies_touched(stretch: Stretch) -> dict[UUID, int]:
    """Return the studies whose cases may have changed, in a fixed order, each with its last position here."""
    kinds, last = stretch.kinds(), stretch.end - 1
    found: dict[UUID | None, int] = {}
    for kind in sorted(kinds & TABLES.keys()):
        found |= {study: max(place, found.get(study, 0)) for study, place in last_places(stretch, TABLES[kind])}
    for kind in sorted(kinds & AMENDABLE):
        found |= dict.fromkeys(amended_studies(stretch, kind=kind), last)
    if "event" in kinds:
        found |= dict.fromkeys(studies_of_early_events(stretch), last)
    if "correction" in kinds:
        rows = stretch.facts(Correction).values_list("person_id", "other_person_id")
        found |= dict.fromkeys(studies_of_persons({each for row in rows for each in row if each}), last)
    return {study: place for study, place in sorted(found.items(), key=lambda pair: str(pair[0])) if study is not None}


def last_places(stretch: Stretch, table: Any) -> Iterable[tuple[UUID | None, int]]:
    return stretch.facts(table).values_list("study_id").annotate(last=Max("entry__position"))


def amended_studies(stretch: Stretch, *, kind: str) -> set[UUID | None]:
    """Return the studies of the facts that those of the stretch amend."""
    amended = list(stretch.facts(TABLES[kind]).exclude(amends="").values_list("amends", flat=True))
    if not amended:
        return set()
    facts = TABLES[kind].objects.filter(entry__uid__in=amended, entry__kind=kind)
    return set(facts.values_list("study_id", flat=True))


def studies_of_early_events(stretch: Stretch) -> set[UUID | None]:
    """Return the studies of events that came in before their run did."""
    uids = list(stretch.facts(Event).filter(study__isnull=True).values_list("inference_uid", flat=True))
    runs = Inference.objects.filter(entry__uid__in=uids, entry__kind="inference")
    return set(runs.values_list("study_id", flat=True)) if uids else set()


def products_touched(stretch: Stretch) -> set[str]:
    """Return the products whose cases a registration may change: new findings, regions, dimensions, rules."""
    found: set[str] = set()
    for subject in stretch.facts(Registration).values_list("subject", flat=True):
        if subject == DEFAULT_RULE_SUBJECT:
            return set(Product.objects.values_list("key", flat=True))
        if subject.startswith(SETTLED_BY_REGISTRY):
            found.add(subject.split("/")[1])
    return found


def studies_of_products(products: Iterable[str], *, after: UUID | None, limit: int) -> list[UUID]:
    """Return the next studies with cases of these products, by id. Those without cases are touched by their runs."""
    met = Case.objects.filter(product_id__in=list(products))
    if after is not None:
        met = met.filter(study_id__gt=after)
    return list(met.order_by("study_id").values_list("study_id", flat=True).distinct()[:limit])
