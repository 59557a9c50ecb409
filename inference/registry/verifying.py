"""Holds the registry to the log: a threshold, a claim, a rule or an agreement that was edited past it is named.

Every line that made or changed a row left a `Registration` with the whole row, so the latest one says what it must be.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.db import models

from audit.log.actions import OPERATOR
from audit.log.findings import Problem
from audit.log.holding import differing, hold
from inference.registry.claims import subject_of
from inference.registry.deploying import moment
from inference.registry.ledger import described
from inference.registry.models import (
    Claim,
    Concept,
    Configuration,
    Deployment,
    Finding,
    Market,
    Organisation,
    Product,
    Registration,
    Sharing,
    Site,
    TruthRule,
    Version,
)

# How the log names a row of each table; the word before the first slash is the table's.
SUBJECTS: dict[type[models.Model], Callable[[Any], str]] = {
    Organisation: lambda row: f"organisation/{row.pk}",
    Site: lambda row: f"site/{row.pk}",
    Concept: lambda row: f"concept/{row.pk}",
    TruthRule: lambda row: f"truth_rule/{row.pk}",
    Product: lambda row: f"product/{row.pk}",
    Market: lambda row: f"market/{row.product_id}/{row.market}",
    Finding: lambda row: f"finding/{row.product_id}/{row.key}",
    Version: lambda row: f"version/{row.product_id}/{row.version}",
    Claim: lambda row: subject_of(row, product=row.product),
    Deployment: lambda row: f"deployment/{row.pk}",
    Configuration: lambda row: f"configuration/{row.deployment_id}/{moment(row.starts_at)}",
    Sharing: lambda row: f"sharing/{row.site_id}/{row.product_id}/{row.to_id}/{moment(row.starts_at)}",
}


def check_registry(using: str) -> Iterator[Problem]:
    """Yield the rows that are not what was registered last, those that no registration made, and the lost ones."""
    last = latest_registrations(using)
    for table, subject in SUBJECTS.items():
        for row in rows_of(table, using=using):
            yield from held_to(last.pop(subject(row), None), row=row, subject=subject(row))
    for registration in last.values():
        sentence = f"The {registration.subject} is in the log and not in the registry: it was deleted."
        yield problem(sentence, registration=registration)


def latest_registrations(using: str) -> dict[str, Registration]:
    latest = Registration.objects.using(using).order_by("subject", "-id").distinct("subject").select_related("entry")
    # A time that somebody put out of all bounds cannot be read here; `verify_log` names it.
    return {each.subject: each for each in latest.defer("received_at", "known_at", "entry__at")}


def rows_of(table: type[models.Model], *, using: str) -> Iterator[Any]:
    named = [column.name for column in table._meta.concrete_fields if column.is_relation]
    yield from table._default_manager.using(using).select_related(*named).order_by("pk").iterator(chunk_size=1_000)


def held_to(registration: Registration | None, *, row: Any, subject: str) -> Iterator[Problem]:
    if registration is None:
        sentence = f"The {subject} was never registered: it was put in past the log."
        yield Problem(organisation=responsible_for(row), sentence=sentence)
    elif wrong := differing(described(row), registration.values):
        yield problem(f"The {subject} is not as it was registered: {wrong}.", registration=registration)


def problem(sentence: str, *, registration: Registration) -> Problem:
    position = registration.entry.position
    return Problem(organisation=registration.organisation, sentence=sentence, position=position)


def responsible_for(row: Any) -> str:
    """Return the organisation whose log would know of a row; the operator's for what belongs to nobody."""
    row = getattr(row, "deployment", row)
    for name in ("site", "product"):
        row = getattr(row, name, row)
    if isinstance(row, Organisation):
        return row.pk
    return getattr(row, "organisation_id", "") or getattr(row, "manufacturer_id", "") or OPERATOR


def register() -> None:
    hold("registry", check_registry)
