"""Holds grants and log-ins to the log: a right that somebody gave themselves past it is named."""

from collections.abc import Iterator

from audit.access.emergencies import ACKNOWLEDGED
from audit.access.emergencies import OPENED as OPENED_IN
from audit.access.models import Emergency, Grant, User
from audit.log.actions import OPERATOR
from audit.log.findings import Problem
from audit.log.holding import acts_of, differing, hold
from audit.log.models import Act, plain

ADDED, EXTENDED, ENDED = "grant_added", "grant_extended", "grant_ended"
CREATED, CLOSED, OPENED = "user_created", "user_deactivated", "user_reactivated"
BOUND_TO = ("role", "organisation", "site", "product", "level")


def check_grants(using: str) -> Iterator[Problem]:
    """Yield the grants that are not what was logged of them, those that no act made, and the lost ones."""
    rows = {each.pk: each for each in Grant.objects.using(using).select_related("user")}
    ended = {act.details.get("grant") for act in acts_of(ENDED, using=using)}
    extended = {act.details.get("grant"): act.details.get("expires_at") for act in acts_of(EXTENDED, using=using)}
    for act in acts_of(ADDED, using=using):
        grant = rows.pop(act.details.get("grant"), None)
        if grant is None:
            yield wrong(
                f"The grant {act.details.get('grant')} of {act.subject} is in the log alone: it was deleted", act
            )
        elif said := differing(
            said_by_row(grant), said_by_act(act, is_ended=grant.pk in ended, until=extended.get(grant.pk))
        ):
            yield wrong(f"The grant {grant.pk} of {act.subject} is not as it was given: {said}", act)
    for grant in rows.values():
        sentence = f"The grant {grant.pk} ({grant.role}) of user/{grant.user} has no act: it was put in past the log."
        yield Problem(organisation=grant.organisation or OPERATOR, sentence=sentence)


def said_by_row(grant: Grant) -> dict[str, object]:
    bound = {name: getattr(grant, name) for name in BOUND_TO}
    return bound | {
        "user": f"user/{grant.user.username}",
        "is ended": grant.ended_at is not None,
        "its end": plain(grant.expires_at),
        "emergency": grant.is_emergency,
    }


def said_by_act(act: Act, *, is_ended: bool, until: str | None) -> dict[str, object]:
    """Return what an act says of its grant; it leaves out what is empty. The last extension says its end."""
    bound = {name: act.details.get(name, "") for name in BOUND_TO}
    bound["emergency"] = act.details.get("is_emergency", False)
    if said := until or act.details.get("expires_at"):
        bound["its end"] = said
    return bound | {"user": act.subject, "is ended": is_ended}


def check_emergencies(using: str) -> Iterator[Problem]:
    """Yield the emergencies whose reason or review is not what was logged of it."""
    opened, reviewed = (
        {act.details.get("grant"): act for act in acts_of(kind, using=using)} for kind in (OPENED_IN, ACKNOWLEDGED)
    )
    for taken in Emergency.objects.using(using).select_related("grant").order_by("pk"):
        act, review = opened.get(taken.grant_id), reviewed.get(taken.grant_id)
        said = {"reason": taken.reason, "verdict": taken.verdict, "findings": taken.findings}
        none = {"verdict": "", "findings": ""}
        if act is None:
            sentence = f"The emergency access {taken.grant_id} has no act: it was put in past the log."
            yield Problem(organisation=taken.grant.organisation or OPERATOR, sentence=sentence)
        elif wrong_in := differing(said, {**act.details, **(review.details if review else none)}):
            yield wrong(f"The emergency access {taken.grant_id} is not as it was logged: {wrong_in}", act)


def check_users(using: str) -> Iterator[Problem]:
    """Yield the log-ins that no act made, those that are open though they were closed, and the lost ones."""
    last = {act.subject: act for act in acts_of(CREATED, CLOSED, OPENED, using=using)}
    for user in User.objects.using(using).order_by("pk"):
        act = last.pop(f"user/{user.username}", None)
        if act is None:
            sentence = f"The log-in {user.username} has no act: it was put in past the log."
            yield Problem(organisation=OPERATOR, sentence=sentence)
        elif user.is_active != (act.entry.kind != CLOSED):
            state = "open, but it was closed" if user.is_active else "closed, but no act closed it"
            yield wrong(f"The log-in {user.username} is {state}", act)
    for subject, act in last.items():
        yield wrong(f"The log-in {subject} is in the log alone: it was deleted", act)


def wrong(sentence: str, act: Act) -> Problem:
    return Problem(organisation=act.organisation, sentence=f"{sentence}.", position=act.entry.position)


def register() -> None:
    hold("grants", check_grants)
    hold("emergencies", check_emergencies)
    hold("log-ins", check_users)
