"""Facts that found no study, or one of several: counted and listed for whoever connects the hospital.

Studies are named by the random ids of the log alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from audit.access.decisions import Visitor
from inference.corrections.models import Correction
from inference.events.models import OF_ORDERS, Event
from inference.intake.models import SetAside
from inference.reads.models import Read, Response
from inference.registry.models import Site
from inference.registry.visibility import visible_sites
from inference.results.models import Inference
from inference.studies.models import BY_DAY, BY_ORDER, SharedOrder, Study
from inference.studies.patient_days import SEVERAL
from inference.studies.planning import SEVERAL_OF_ORDER
from inference.truth.models import Truth

ACTION = "see_quarantine"
SHOWN = 50
STATEMENTS = (Read, Truth)
TABLES = (Inference, Event, Read, Response, Truth, Correction)
ANOTHER_PATIENT = "study_differs:patient"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One fact or row: what it is, its study under its random id, and when it came."""

    kind: str
    study: str
    site: str
    received_at: datetime
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One way of not fitting: its key, in words, and how many there are."""

    key: str
    title: str
    says: str
    count: int


def sites_of(user: Visitor, *, site: str, now: datetime) -> list[Site]:
    sites = visible_sites(user, ACTION, now=now)
    return list(sites.filter(pk=site) if site else sites)


def unamended(table: Any, *, sites: Sequence[Site]) -> QuerySet[Any]:
    """Return the facts of these sites that no later one amends."""
    facts = table.objects.filter(site__in=sites)
    if not hasattr(table, "amends"):
        return facts
    return facts.exclude(Exists(table.objects.filter(amends=OuterRef("entry__uid")).exclude(amends="")))


def of_shared_orders(table: Any, *, sites: Sequence[Site]) -> QuerySet[Any]:
    """Return the facts that name alone an order of several studies."""
    others = SharedOrder.objects.filter(first=OuterRef("study_id")).exclude(other=F("first"))
    return unamended(table, sites=sites).filter(Exists(others), defaulted__contains=[BY_ORDER])


def of_whole_order(sites: Sequence[Site]) -> list[QuerySet[Any]]:
    """Return what is said of an order of several studies, and so of each of them."""
    said = [of_shared_orders(table, sites=sites) for table in STATEMENTS]
    return [*said, of_shared_orders(Event, sites=sites).filter(kind__in=OF_ORDERS)]


def may_mean_another(sites: Sequence[Site]) -> list[QuerySet[Any]]:
    """Return what names an order alone that turned out to cover several studies, and is about one: the first."""
    one = [of_shared_orders(table, sites=sites) for table in (Inference, Response, Correction)]
    return [*one, of_shared_orders(Event, sites=sites).exclude(kind__in=OF_ORDERS)]


def said_again(sites: Sequence[Site]) -> list[QuerySet[Any]]:
    """Return reads and truths that somebody said before under another uid: the same report from two systems."""
    same = {Read: ("reader", "stage", "read_at"), Truth: ("standard", "level", "determined_at")}
    return [
        unamended(table, sites=sites).filter(
            Exists(
                unamended(table, sites=sites).filter(
                    id__lt=OuterRef("id"),
                    **{name: OuterRef(name) for name in ("study_id", "finding", "region", *names)},
                )
            )
        )
        for table, names in same.items()
    ]


def by_day(sites: Sequence[Site]) -> list[QuerySet[Any]]:
    return [unamended(table, sites=sites).filter(defaulted__contains=[BY_DAY]) for table in TABLES]


def without_run(sites: Sequence[Site]) -> list[QuerySet[Any]]:
    """Return events and responses of a run that did not come before them; a run that came since has joined them."""
    came = Inference.objects.filter(deployment=OuterRef("deployment"), entry__uid=OuterRef("inference_uid"))
    return [
        unamended(table, sites=sites).filter(~Exists(came), study=None).exclude(inference_uid="")
        for table in (Event, Response)
    ]


def never_met(sites: Sequence[Site]) -> list[QuerySet[Any]]:
    """Return reads and truth of studies that no product has met."""
    met = Inference.objects.filter(study=OuterRef("study"))
    return [unamended(table, sites=sites).filter(~Exists(met)) for table in STATEMENTS]


def another_patient(sites: Sequence[Site]) -> list[QuerySet[Any]]:
    return [unamended(table, sites=sites).filter(flags__contains=[ANOTHER_PATIENT]) for table in TABLES]


def ambiguous(sites: Sequence[Site]) -> list[QuerySet[Any]]:
    waiting = SetAside.objects.filter(site__in=sites, state=SetAside.State.WAITING)
    return [waiting.filter(reason__in=(SEVERAL, SEVERAL_OF_ORDER, "names no study"))]


def differing(sites: Sequence[Site]) -> list[QuerySet[Any]]:
    """Return the rows that say something else under a uid that is stored: two systems, or one that was repaired."""
    waiting = SetAside.objects.filter(site__in=sites, state=SetAside.State.WAITING)
    return [waiting.filter(outcome=SetAside.Outcome.CONFLICT)]


Find = Callable[[Sequence[Site]], list[QuerySet[Any]]]
GROUPS: dict[str, tuple[str, str, Find]] = {
    "covers": (
        "Said of an order of several studies",
        "One report covers several studies. It counts for each of them, or says why not; what names the study and "
        "amends it counts in its place.",
        of_whole_order,
    ),
    "order": (
        "May mean another study",
        "Named by an order alone, which covers several studies by now. It stays on the study it was first matched "
        "with; send it again with the study uid, amending it, where it means another.",
        may_mean_another,
    ),
    "ambiguous": (
        "Waits in quarantine for a study",
        "Named by an order or a patient's day that covers several studies: repair it with the study uid.",
        ambiguous,
    ),
    "patient": (
        "Names another patient",
        "The study is known with another patient. The first stands until a correction says which one is right.",
        another_patient,
    ),
    "run": ("Names a run that has not come", "It joins the run when that comes.", without_run),
    "unmet": ("Read or settled without a product", "No product has logged a run on the study.", never_met),
    "day": ("Matched by patient and day", "Named by nothing else, and the only study of that day.", by_day),
    "twice": (
        "Said twice, alike",
        "The same reader, stage and moment, or the same standard and moment, under another uid, for instance from two "
        "systems. Both are stored; a case counts the last of them.",
        said_again,
    ),
    "differs": (
        "Said twice, differently",
        "The same uid came with other content, for instance from two systems: what was stored first stands.",
        differing,
    ),
}


def groups_within(sites: Sequence[Site]) -> list[Group]:
    return [
        Group(key=key, title=title, says=says, count=sum(each.count() for each in find(sites)))
        for key, (title, says, find) in GROUPS.items()
    ]


def lines_of(key: str, *, sites: Sequence[Site]) -> list[Line]:
    """Return the newest of one group."""
    found = (line for rows in GROUPS[key][2](sites) for line in newest(rows))
    return nlargest(SHOWN, found, key=lambda line: line.received_at)


def newest(rows: QuerySet[Any]) -> Iterator[Line]:
    is_row = rows.model is SetAside
    for row in rows.select_related(None).order_by("-received_at", "-id")[:SHOWN]:
        yield Line(
            kind=row.kind if is_row else rows.model._meta.model_name or "",
            study="" if is_row else str(row.study_id or ""),
            site=row.site_id,
            received_at=row.received_at,
            says=row.reason if is_row else getattr(row, "finding", "") or getattr(row, "kind", ""),
        )


def shared_with(study: Study) -> list[SharedOrder]:
    """Return the pairs of studies of one order that a study is in."""
    pairs = SharedOrder.objects.filter(Q(first=study.pk) | Q(other=study.pk)).exclude(first=F("other"))
    return list(pairs.order_by("known_at", "id"))
