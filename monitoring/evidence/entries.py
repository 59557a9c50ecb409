"""Which entries of a log a package takes, and how the few are shown that may not leave in full."""

import re
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

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
from inference.truth.models import Truth
from monitoring.evidence.scopes import Scope

AT_ONCE = 2_000
OF_STUDIES = (Inference, Event, Read, Response, Truth, Correction)
AGE = re.compile(rb'"patient_age_years":([0-9.]+)')
OLDEST_EXACT_AGE = 90

T = TypeVar("T")


def in_batches(values: Iterable[T]) -> Iterator[list[T]]:
    waiting = iter(values)
    while batch := list(islice(waiting, AT_ONCE)):
        yield batch


def positions_of(scope: Scope, *, organisation: str, studies: Iterable[UUID], acts: Sequence[str]) -> Sequence[int]:
    """Return the positions, rising, of everything about these studies, the registry lines and the acts named."""
    found: set[int] = set()
    for batch in in_batches(sorted(studies)):
        for table in OF_STUDIES:
            found |= set(placed(table, Q(study_id__in=batch), organisation=organisation))
        found |= set(placed(Rescore, Q(inference__study_id__in=batch), organisation=organisation))
    found |= set(placed(Registration, Q(subject__in=subjects_of(scope)), organisation=organisation))
    found |= set(placed(Act, Q(subject__in=acts), organisation=organisation))
    signed = Signature.objects.filter(subject__in=acts)
    found |= set(placed(Signature, Q(pk__in=signed), organisation=organisation))
    found |= set(placed(SigningKey, Q(username__in=signed.values("username")), organisation=organisation))
    return array("Q", sorted(found))


def placed(table: Any, condition: Q, *, organisation: str) -> Iterable[int]:
    facts = table._default_manager.filter(condition, entry__organisation=organisation, entry__position__isnull=False)
    return facts.values_list("entry__position", flat=True)


def subjects_of(scope: Scope) -> list[str]:
    """Return the registry lines that a package quotes, as the log names them."""
    product = scope.product.pk
    names = [f"product/{product}", f"organisation/{scope.product.manufacturer_id}"]
    names += [f"version/{product}/{each}" for each in scope.product.versions.values_list("version", flat=True)]
    names += [f"finding/{product}/{each}" for each in scope.product.findings.values_list("key", flat=True)]
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
