"""Holds the rules that read reports to the log: one that means something else than it did is named."""

from collections.abc import Iterator

from audit.log.findings import Problem
from audit.log.holding import acts_of, hold
from audit.log.models import Act
from inference.messages.models import MappingRule
from inference.messages.rules import FIELDS

STATES = {
    "rule.drafted": MappingRule.State.DRAFT,
    "rule.switched_on": MappingRule.State.IN_FORCE,
    "rule.retired": MappingRule.State.RETIRED,
}


def check_rules(using: str) -> Iterator[Problem]:
    """Yield the rules that are not what was logged of them last, those that no act knows, and the lost ones."""
    last = {act.subject: act for act in acts_of(*STATES, using=using)}
    for rule in MappingRule.objects.using(using).select_related("site").order_by("id"):
        act = last.pop(f"mapping-rule/{rule.pk}", None)
        if wrong := "it was put in past the log" if act is None else changed(rule, act=act):
            sentence = f"The mapping rule {rule.pk} ({rule.name}) is not the logged one: {wrong}."
            position = act.entry.position if act else None
            yield Problem(organisation=rule.site.organisation_id, sentence=sentence, position=position)
    for subject, act in last.items():
        sentence = f"The rule {subject} is in the log and not in its table: it was deleted."
        yield Problem(organisation=act.organisation, sentence=sentence, position=act.entry.position)


def changed(rule: MappingRule, *, act: Act) -> str:
    """Return what of a rule differs from its latest act; an act leaves out what is empty."""
    said = {name: getattr(rule, name) for name in ("name", *FIELDS)} | {"site": rule.site_id}
    wrong = [name for name, value in said.items() if (None if value == "" else value) != act.details.get(name)]
    if rule.state != STATES[act.entry.kind]:
        wrong.append("state")
    return ", ".join(wrong)


def register() -> None:
    hold("mapping rules", check_rules)
