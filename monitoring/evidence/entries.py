"""Which entries of a log a package takes, and how the few are shown that may not leave in full."""

import re
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import reduce
from itertools import islice
from operator import or_
from typing import Any, TypeVar
from uuid import UUID

import numpy as np
from django.db.models import Q

from audit.log.models import Act, Entry
from audit.proofs.canonical import parse_json
from audit.signatures.models import Signature, SigningKey
from inference.corrections.models import Correction
from inference.events.models import Event
from inference.reads.models import Read, Response
from inference.registry.models import Registration
from inference.rescoring.models import Rescore
from inference.results.models import Inference
from inference.studies.models import Study
from inference.truth.models import Truth
from monitoring.evidence.scopes import Scope

AT_ONCE = 2_000
AGE = re.compile(rb'"patient_age_years":([0-9.]+)')
OLDEST_EXACT_AGE = 90

T = TypeVar("T")


def in_batches(values: Iterable[T]) -> Iterator[list[T]]:
    waiting = iter(values)
    while batch := list(islice(waiting, AT_ONCE)):
        yield batch


def positions_of_facts(
    scope: Scope, *, organisation: str, studies: Iterable[UUID], until: datetime | None
) -> "array[int]":
    """Return the positions, rising, of what concerns the product about these studies; what came in later is not there.

    Runs, events and responses of other deployments stay behind, as do reads and truths of other concepts.
    """
    found = Positions()
    for batch in in_batches(studies):
        for table, condition in facts_about(scope, batch=batch, until=until):
            found.add(placed(table, condition, organisation=organisation))
    return found.rising()


def facts_about(scope: Scope, *, batch: Sequence[UUID], until: datetime | None) -> Iterator[tuple[Any, Q]]:
    by_then = Q(received_at__lte=until) if until else Q()
    concepts = list(scope.product.findings.values_list("concept_id", flat=True))
    of_study, here = Q(study_id__in=batch), Q(deployment_id__in=scope.keys)
    persons = Study.objects.filter(pk__in=batch).values("person_id")
    yield Inference, of_study & here & by_then
    yield Event, of_study & (here | Q(deployment=None)) & by_then
    yield Response, of_study & here & by_then
    yield Read, of_study & Q(finding__in=concepts) & by_then
    yield Truth, of_study & Q(finding__in=concepts) & by_then
    yield Correction, (of_study | Q(person_id__in=persons) | Q(other_person_id__in=persons)) & by_then
    yield Rescore, Q(inference__study_id__in=batch, inference__deployment_id__in=scope.keys) & by_then


def positions_of_acts(
    scope: Scope, *, organisation: str, own: str, acts: Sequence[str], until: datetime
) -> "array[int]":
    """Return the positions, rising, of the package's own act, and until then of registry lines, acts and signatures."""
    by_then = Q(entry__at__lte=until)
    signed = Signature.objects.filter(by_then, subject__in=acts)
    found = Positions()
    for table, condition in (
        (Act, Q(subject=own)),
        (Act, Q(subject__in=acts) & by_then),
        (Registration, Q(subject__in=subjects_of(scope)) & by_then),
        (Registration, configurations_of(scope) & by_then),
        (Signature, Q(pk__in=signed)),
        (SigningKey, Q(username__in=signed.values("username"))),
    ):
        found.add(placed(table, condition, organisation=organisation))
    return found.rising()


class Positions:
    """Positions of a log, eight bytes each, each of them once in the end."""

    def __init__(self) -> None:
        self._found: array[int] = array("Q")

    def add(self, positions: Iterable[int]) -> None:
        self._found.extend(positions)

    def rising(self) -> "array[int]":
        return array("Q", np.unique(np.frombuffer(self._found, dtype=np.uint64)).tobytes())


def configurations_of(scope: Scope) -> Q:
    names = [Q(subject__startswith=f"configuration/{key}/") for key in scope.keys if scope.has_rows]
    return reduce(or_, names, Q(pk=None))


def placed(table: Any, condition: Q, *, organisation: str) -> Iterable[int]:
    facts = table._default_manager.filter(condition, entry__organisation=organisation, entry__position__isnull=False)
    return facts.values_list("entry__position", flat=True)


def subjects_of(scope: Scope) -> list[str]:
    """Return the registry lines that a package quotes, as the log names them; sums quote none of a house's own."""
    product = scope.product.pk
    names = [f"product/{product}", f"organisation/{scope.product.manufacturer_id}"]
    names += [f"version/{product}/{each}" for each in scope.product.versions.values_list("version", flat=True)]
    names += [f"finding/{product}/{each}" for each in scope.product.findings.values_list("key", flat=True)]
    if not scope.has_rows:
        return names
    names += [f"deployment/{each}" for each in scope.keys]
    return names + [f"site/{each}" for each in scope.sites]


def bodies_at(organisation: str, positions: Sequence[int]) -> Iterator[bytes]:
    """Yield the entries at these positions, in order."""
    for batch in in_batches(positions):
        entries = Entry.objects.filter(organisation=organisation, position__in=batch).order_by("position")
        for body in entries.values_list("body", flat=True):
            yield bytes(body)


def shown_with_age_band(body: bytes) -> Mapping[str, Any] | None:
    """Return an entry with its age as 90+ where it is above 89, and nothing for all the others."""
    ages = [float(age) for age in AGE.findall(body)]
    if not any(age >= OLDEST_EXACT_AGE for age in ages):
        return None
    entry: Mapping[str, Any] = parse_json(body)
    return with_band(entry)


def with_band(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: banded(name, part) for name, part in value.items()}
    return [with_band(part) for part in value] if isinstance(value, list) else value


def banded(name: str, value: Any) -> Any:
    if name == "patient_age_years" and isinstance(value, int | float) and value >= OLDEST_EXACT_AGE:
        return f"{OLDEST_EXACT_AGE}+"
    return with_band(value)
