"""Holds the switches of claims to the log: a design, a reason or a date that was edited is named."""

from collections.abc import Iterator

from audit.log.findings import Problem
from audit.log.holding import acts_of, differing, hold
from audit.log.models import Act
from monitoring.claims.models import ClaimSwitch

ON, OFF = "claim.switched_on", "claim.switched_off"


def check_switches(using: str) -> Iterator[Problem]:
    """Yield the switches that are not what the log says of them, those that it does not know, and the lost ones."""
    rows = {each.uid: each for each in ClaimSwitch.objects.using(using)}
    for act in acts_of(ON, OFF, using=using):
        uid = str(act.details.get("switch", ""))
        row = rows.pop(uid, None)
        if row is None:
            sentence = f"The switch {uid} of {act.subject} is in the log and not in its table: it was deleted."
            yield Problem(organisation=act.organisation, sentence=sentence, position=act.entry.position)
        elif wrong := differing(said_by_row(row), said_by_act(act)):
            sentence = f"The switch {uid} of {act.subject} was changed: {wrong}."
            yield Problem(organisation=act.organisation, sentence=sentence, position=act.entry.position)
    for row in rows.values():
        yield Problem(
            organisation=row.organisation,
            sentence=f"The switch {row.uid} of {row} has no act: it was put in past the log.",
        )


def said_by_row(row: ClaimSwitch) -> dict[str, object]:
    return {
        "claim": f"claim/{row.product_id}/{row.claim_id}",
        "organisation": row.organisation,
        "is_on": row.is_on,
        "at": row.at,
        "by": row.by,
        "reason": row.reason,
        "design": row.design,
    }


def said_by_act(act: Act) -> dict[str, object]:
    return {
        "claim": act.subject,
        "organisation": act.organisation,
        "is_on": act.entry.kind == ON,
        "at": act.entry.at,
        "by": act.entry.actor,
        **{name: act.details[name] for name in ("reason", "design") if name in act.details},
    }


def register() -> None:
    hold("claim switches", check_switches)
