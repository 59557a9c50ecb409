"""Which studies a stretch of the log touches: those its facts are about, and those whose patients it moves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from audit.log.models import Entry
from inference.corrections.models import Correction
from inference.events.models import Event
from inference.reads.models import Read
from inference.registry.models import Product, Registration
from inference.registry.vocabulary import DEFAULT_RULE
from inference.results.models import Inference
from inference.truth.models import Truth
from monitoring.cases.corrections import studies_of_persons

TABLES: Mapping[str, Any] = {"event": Event, "read": Read, "truth": Truth, "correction": Correction}
SETTLED_BY_REGISTRY = ("product/", "finding/", "claim/")
DEFAULT_RULE_SUBJECT = f"truth_rule/{DEFAULT_RULE}"


def studies_touched(entries: Sequence[Entry]) -> list[UUID]:
    """Return the studies whose cases may have changed, in a fixed order."""
    by_kind: dict[str, list[int]] = defaultdict(list)
    for entry in entries:
        by_kind[entry.kind].append(entry.pk)
    found: set[UUID | None] = set()
    if runs := by_kind.get("inference"):
        found.update(Inference.objects.filter(entry_id__in=runs).values_list("study_id", flat=True))
    for kind, table in TABLES.items():
        if ids := by_kind.get(kind):
            found.update(touched_by(table, ids))
    if events := by_kind.get("event"):
        found.update(touched_by_early_events(events))
    if corrections := by_kind.get("correction"):
        found.update(touched_by_corrections(corrections))
    return sorted(each for each in found if each is not None)


def touched_by(table: Any, ids: Iterable[int]) -> set[UUID | None]:
    """Return the studies of these facts, and of the facts that they amend."""
    rows = list(table.objects.filter(entry_id__in=ids).values_list("study_id", "amends"))
    amended = [amends for _, amends in rows if amends]
    touched = {study for study, _ in rows}
    if amended:
        kind = next(name for name, each in TABLES.items() if each is table)
        facts = table.objects.filter(entry__uid__in=amended, entry__kind=kind)
        touched.update(facts.values_list("study_id", flat=True))
    return touched


def touched_by_early_events(ids: Iterable[int]) -> set[UUID | None]:
    """Return the studies of events that came in before their run did."""
    early = Event.objects.filter(entry_id__in=ids, study__isnull=True).values_list("inference_uid", flat=True)
    uids = list(early)
    runs = Inference.objects.filter(entry__uid__in=uids, entry__kind="inference")
    return set(runs.values_list("study_id", flat=True)) if uids else set()


def touched_by_corrections(ids: Iterable[int]) -> set[UUID]:
    rows = Correction.objects.filter(entry_id__in=ids).values_list("person_id", "other_person_id")
    return studies_of_persons({each for row in rows for each in row if each})


def products_touched(entries: Sequence[Entry]) -> set[str]:
    """Return the products whose cases a registration may change: new findings, regions, dimensions, rules."""
    ids = [entry.pk for entry in entries if entry.kind == "registration"]
    if not ids:
        return set()
    found: set[str] = set()
    for subject in Registration.objects.filter(entry_id__in=ids).values_list("subject", flat=True):
        if subject == DEFAULT_RULE_SUBJECT:
            return set(Product.objects.values_list("key", flat=True))
        if subject.startswith(SETTLED_BY_REGISTRY):
            found.add(subject.split("/")[1])
    return found


def studies_of_products(products: Iterable[str], *, after: UUID | None, limit: int) -> list[UUID]:
    """Return the next studies that met one of these products, in the order of their ids."""
    met = Inference.objects.filter(deployment__product_id__in=list(products)).filter(study__isnull=False)
    if after is not None:
        met = met.filter(study_id__gt=after)
    return list(met.order_by("study_id").values_list("study_id", flat=True).distinct()[:limit])
