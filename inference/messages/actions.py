"""What people do about rules and waiting messages; each is an act in the provider's log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.access.models import User
from audit.log.actions import record_act
from inference.errors import MessageStateError
from inference.messages.models import InboundMessage, MappingRule, ModelSwitch
from inference.messages.receiving import Taken, content_of, interpret, note, understood
from inference.messages.rules import FIELDS, rule_of, rules_in_force
from inference.registry.models import Site

State = MappingRule.State


@transaction.atomic
def draft_rule(*, site: Site, values: Mapping[str, Any], by: User, now: datetime) -> MappingRule:
    """Keep a new rule as a draft: it reads nothing until it is switched on.

    Raises:
        RuleError: it cannot be used.
    """
    rule = MappingRule(site=site, created_at=now, created_by=by.actor, **values)
    rule_of(rule)
    rule.save()
    record(rule, act="rule.drafted", by=by, now=now)
    return rule


@transaction.atomic
def switch_on(rule: MappingRule, *, by: User, now: datetime) -> int:
    """Put a draft in force and read the waiting reports again; return how many no longer wait."""
    drafts = MappingRule.objects.filter(pk=rule.pk, state=State.DRAFT)
    if not drafts.update(state=State.IN_FORCE, in_force_from=now):
        raise MessageStateError("The rule is no draft any more; reload the page.")
    record(rule, act="rule.switched_on", by=by, now=now)
    return read_again(rule.site, now=now)


@transaction.atomic
def retire(rule: MappingRule, *, by: User, now: datetime) -> None:
    """End a rule; what it made stays."""
    if (
        not MappingRule.objects.filter(pk=rule.pk)
        .exclude(state=State.RETIRED)
        .update(state=State.RETIRED, retired_at=now)
    ):
        raise MessageStateError("The rule was retired already; reload the page.")
    record(rule, act="rule.retired", by=by, now=now)


def note_preview(rule: MappingRule, *, by: User, now: datetime) -> None:
    """Log that somebody looked at past reports through a rule."""
    record(rule, act="rule.previewed", by=by, now=now)


def read_again(site: Site, *, now: datetime) -> int:
    """Let the rules in force read every waiting report; return how many are settled by it."""
    labeller, settled = rules_in_force(site), 0
    waiting = InboundMessage.objects.select_for_update().filter(site=site, state=InboundMessage.State.WAITING)
    for kept in waiting.order_by("id").iterator(chunk_size=200):
        taken = Taken(state=InboundMessage.State.TAKEN)
        interpret(understood(kept), kept=kept, taken=taken, labeller=labeller, now=now)
        note(kept, taken=taken)
        settled += taken.state == InboundMessage.State.TAKEN
    return settled


@transaction.atomic
def switch_model(*, site: Site, model: str, is_on: bool, by: User, now: datetime) -> None:
    """Let the installation's language model read a site's reports from now on, or no longer."""
    ModelSwitch.objects.create(site=site, is_on=is_on, model=model, by=by.actor, at=now)
    record_act(
        "labeller.switched_on" if is_on else "labeller.switched_off",
        organisation=site.organisation_id,
        subject=f"site/{site.pk}",
        actor=by.actor,
        at=now,
        details={"model": model},
    )


def open_message(message: InboundMessage, *, by: User, now: datetime) -> str:
    """Return a message's content; that it was opened is logged first."""
    record_message(message, act="message.opened", by=by, now=now)
    return content_of(message).decode("utf-8", "replace").replace("\r", "\n")


@transaction.atomic
def dismiss(message: InboundMessage, *, reason: str, by: User, now: datetime) -> None:
    """Take a message off the queue: it says nothing that is watched here."""
    waiting = InboundMessage.objects.filter(pk=message.pk).exclude(
        state__in=[InboundMessage.State.TAKEN, InboundMessage.State.DISMISSED]
    )
    if not waiting.update(state=InboundMessage.State.DISMISSED, closed_at=now, closed_by=by.actor):
        raise MessageStateError("Somebody has closed this message meanwhile.")
    record_message(message, act="message.dismissed", by=by, now=now, reason=reason)


def record(rule: MappingRule, *, act: str, by: User, now: datetime) -> None:
    said = {name: getattr(rule, name) for name in ("name", *FIELDS)}
    details = {name: value for name, value in said.items() if value not in (None, "")}
    record_act(
        act,
        organisation=rule.site.organisation_id,
        subject=f"mapping-rule/{rule.pk}",
        actor=by.actor,
        at=now,
        details=details | {"site": rule.site_id},
    )


def record_message(message: InboundMessage, *, act: str, by: User, now: datetime, **details: str) -> None:
    record_act(
        act,
        organisation=message.site.organisation_id,
        subject=f"message/{message.pk}",
        actor=by.actor,
        at=now,
        details={"site": message.site_id, "kind": message.kind, "digest": message.digest, **details},
    )
