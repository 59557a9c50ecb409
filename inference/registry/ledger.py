"""Puts one line into the registry: create, update or leave as is, with its `Registration` in the log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import models

from audit.log.actions import OPERATOR, record_fact
from audit.log.models import plain
from inference.registry.history import Change, refuse_rewriting
from inference.registry.models import Registration

CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"
BOOKKEEPING = frozenset({"id", "registered_at", "recorded_at", "recorded_by"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLine:
    """What became of one line of the file."""

    subject: str
    outcome: str


@dataclass(slots=True, kw_only=True)
class Ledger:
    """One registration under way: who makes it, when, and what became of each line so far."""

    actor: str
    now: datetime
    lines: list[ReportLine] = field(default_factory=list)

    def put(
        self,
        table: type[Any],
        *,
        subject: str,
        line: int,
        identity: Mapping[str, Any],
        stated: Mapping[str, Any],
        initial: Mapping[str, Any],
        logs: tuple[str, ...] = (OPERATOR,),
    ) -> Any:
        """Return the row of this identity, made or updated to say what is stated; None is not stated.

        Raises:
            HistoryError: a stated value would rewrite history.
        """
        said = {name: stored_form(value) for name, value in stated.items() if value is not None}
        row = table.objects.filter(**identity).first()
        if row is None:
            return self.add(table(**{**initial, **said, **identity}), subject=subject, logs=logs)
        changes = [Change(field=name, old=getattr(row, name), new=said[name]) for name in said]
        changes = [each for each in changes if each.old != each.new]
        refuse_rewriting(readable(changes), subject=subject, line=line)
        if not changes:
            return self.keep(row, subject=subject)
        for change in changes:
            setattr(row, change.field, change.new)
        row.save(update_fields=[change.field.removesuffix("_id") for change in changes])
        return self._note(row, subject=subject, outcome=UPDATED, logs=logs)

    def add(self, row: Any, *, subject: str, logs: tuple[str, ...]) -> Any:
        row.save(force_insert=True)
        return self._note(row, subject=subject, outcome=CREATED, logs=logs)

    def keep(self, row: Any, *, subject: str) -> Any:
        self.lines.append(ReportLine(subject=subject, outcome=UNCHANGED))
        return row

    def _note(self, row: Any, *, subject: str, outcome: str, logs: tuple[str, ...]) -> Any:
        values = described(row)
        for organisation in dict.fromkeys(logs):
            record_fact(
                Registration(organisation=organisation, subject=subject, values=values),
                scope=f"organisation/{organisation}",
                kind="registration",
                uid=uuid4().hex,
                actor=self.actor,
                at=self.now,
            )
        self.lines.append(ReportLine(subject=subject, outcome=outcome))
        return row


def described(row: models.Model) -> dict[str, Any]:
    """Return what a row says, as JSON, with other rows named by their key."""
    columns = [column for column in row._meta.concrete_fields if column.name not in BOOKKEEPING]
    return {column.name: as_json(getattr(row, column.name)) for column in columns}


def as_json(value: Any) -> Any:
    if isinstance(value, models.Model):
        return getattr(value, "key", None) or str(value)
    return plain(value)


def stored_form(value: Any) -> Any:
    """Return a line's value as its column keeps it."""
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def readable(changes: list[Change]) -> list[Change]:
    """Return the changes with columns named as the file names them."""
    return [Change(field=each.field.removesuffix("_id"), old=each.old, new=each.new) for each in changes]
