"""Holds monitors to the log: a design that was edited after it was switched on is named."""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from audit.log.findings import Problem
from audit.log.holding import acts_of, hold
from monitoring.signals.models import Monitor


def check_monitors(using: str) -> Iterator[Problem]:
    """Yield the monitors whose design is not the logged one, those that the log does not know, and the lost ones."""
    acts = {act.subject: act for act in acts_of("monitor.designed", using=using)}
    for monitor in Monitor.objects.using(using).order_by("key").iterator(chunk_size=1_000):
        act = acts.pop(f"monitor/{monitor.key}", None)
        if act is None:
            sentence = f"The monitor {monitor.key} has no act: it was put in past the log."
            yield Problem(organisation=monitor.organisation, sentence=sentence)
        elif is_changed(monitor, held=act.details):
            sentence = f"The design of the monitor {monitor.key} was changed after it was switched on."
            yield Problem(organisation=act.organisation, sentence=sentence, position=act.entry.position)
    for subject, act in acts.items():
        sentence = f"The {subject} is in the log and not in its table: it was deleted."
        yield Problem(organisation=act.organisation, sentence=sentence, position=act.entry.position)


def is_changed(monitor: Monitor, *, held: Mapping[str, Any]) -> bool:
    """Return whether a design differs from what its act holds: a digest, or in older acts a few words."""
    if said := held.get("design_sha256"):
        return bool(design_digest(monitor.design) != said)
    return any(monitor.design.get(name) != value for name, value in held.items())


def design_digest(design: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a design as the database gives it."""
    return sha256(json.dumps(design, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def register() -> None:
    hold("monitors", check_monitors)
