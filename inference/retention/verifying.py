"""Holds legal holds to the log: one that was taken away, put in or lifted past it is named."""

from collections.abc import Iterator

from audit.log.findings import Problem
from audit.log.holding import acts_of, differing, hold
from audit.log.models import Act
from inference.retention.models import Hold

SET, LIFTED = "hold.set", "hold.lifted"


def check_holds(using: str) -> Iterator[Problem]:
    """Yield the holds that are not what was logged of them, those that no act set, and the lost ones."""
    last = {act.subject: act for act in acts_of(SET, LIFTED, using=using)}
    for row in Hold.objects.using(using).order_by("pk"):
        act = last.pop(f"hold/{row.pk}", None)
        if act is None:
            sentence = f"The legal hold {row.pk} has no act: it was put in past the log."
            yield Problem(organisation=row.organisation_id, sentence=sentence)
        elif said := differing(said_by_row(row), said_by_act(act)):
            yield problem(f"The legal hold {row.pk} is not the logged one: {said}.", act)
    for subject, act in last.items():
        yield problem(f"The legal {subject} is in the log and not in its table: it was deleted.", act)


def said_by_row(row: Hold) -> dict[str, object]:
    named = {"person": str(row.person_id), "study": str(row.study_id), "reason": row.reason}
    return named | {"organisation": row.organisation_id, "is lifted": row.lifted_at is not None}


def said_by_act(act: Act) -> dict[str, object]:
    return {**act.details, "organisation": act.organisation, "is lifted": act.entry.kind == LIFTED}


def problem(sentence: str, act: Act) -> Problem:
    return Problem(organisation=act.organisation, sentence=sentence, position=act.entry.position)


def register() -> None:
    hold("legal holds", check_holds)
