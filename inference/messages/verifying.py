"""Holds the rules and the switch of the language model that read reports to the log: what was edited is named."""

from collections import Counter
from collections.abc import Iterator

from audit.log.findings import Problem
from audit.log.holding import acts_of, hold
from audit.log.models import Act
from inference.messages.models import MappingRule, ModelSwitch
from inference.messages.rules import FIELDS

STATES = {
    "rule.drafted": MappingRule.State.DRAFT,
    "rule.switched_on": MappingRule.State.IN_FORCE,
    "rule.retired": MappingRule.State.RETIRED,
}
MODEL_ON, MODEL_OFF = "labeller.switched_on", "labeller.switched_off"


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


def check_model_switches(using: str) -> Iterator[Problem]:
    """Yield the switches of the language model that no act made, and those that only the log still knows."""
    rows = list(ModelSwitch.objects.using(using).select_related("site").order_by("id"))
    stored = Counter(said_by_switch(row) for row in rows)
    acts = list(acts_of(MODEL_ON, MODEL_OFF, using=using))
    logged = Counter(said_by_act(act) for act in acts)
    for row in rows:
        if said_by_switch(row) in stored - logged:
            sentence = f"The switch {row.pk} of the language model of site/{row.site_id} is not the logged one."
            yield Problem(organisation=row.site.organisation_id, sentence=sentence)
    for act in acts:
        if said_by_act(act) in logged - stored:
            sentence = f"A switch of the language model of {act.subject} is in the log alone: it was edited or deleted."
            yield Problem(organisation=act.organisation, sentence=sentence, position=act.entry.position)


def said_by_switch(row: ModelSwitch) -> tuple[object, ...]:
    return (f"site/{row.site_id}", row.is_on, row.model, row.by, row.at)


def said_by_act(act: Act) -> tuple[object, ...]:
    return (act.subject, act.entry.kind == MODEL_ON, act.details.get("model"), act.entry.actor, act.entry.at)


def register() -> None:
    hold("mapping rules", check_rules)
    hold("language models", check_model_switches)
