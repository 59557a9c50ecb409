"""Breaking the glass: somebody without the right to look at a site takes it for an hour, with a reason, in the open.

It gives a look and nothing else, at a site of the person's own organisation.
The log, the quality officers and the administrators know at once; each thing
seen is an entry; and somebody else must say afterwards whether it was right.
"""

import logging
from datetime import datetime, timedelta
from hashlib import sha256

from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F, Q, QuerySet

from audit.access.actions import end_grant, log_grant
from audit.access.decisions import ACTIONS, Scope, emergency_behind, gives
from audit.access.models import Emergency, Grant, Level, Notice, User
from audit.errors import AccessError
from audit.log.actions import record_act, record_facts
from audit.log.models import Act, plain

logger = logging.getLogger(__name__)

LASTS = timedelta(hours=1)
OPENED, SEEN, ENDED, ACKNOWLEDGED = (
    "break_glass.opened", "break_glass.seen", "break_glass.ended", "break_glass.acknowledged",
)  # fmt: skip


@transaction.atomic
def break_glass(*, user: User, organisation: str, site: str, reason: str, now: datetime) -> Emergency:
    """Give a person an hour's look at a site, and sound the alarm. Which sites they may take, the caller has checked.

    Raises:
        AccessError: it is open already, or there is no reason.
    """
    if not reason.strip():
        raise AccessError("Say why: the reason goes into the log and to those who review it.")
    held = User.objects.select_for_update().get(pk=user.pk).live_grants  # asked anew: two clicks take one hour
    if any(grant.is_emergency and grant.site == site for grant in held):
        raise AccessError(f"Your emergency access to {site} is open already.")
    grant = Grant.objects.create(
        user=user,
        role=clinical_role(user),
        organisation=organisation,
        site=site,
        level=Level.IMAGES,
        created_at=now,
        expires_at=now + LASTS,
        is_emergency=True,
    )
    taken = Emergency.objects.create(grant=grant, reason=reason.strip())
    log_grant("grant_added", grant=grant, by=user, now=now)
    record_act(
        OPENED,
        organisation=organisation,
        subject=f"site/{site}",
        actor=user.actor,
        at=now,
        details={"grant": grant.pk, "reason": taken.reason, "until": plain(grant.expires_at)},
    )
    sound_alarm(taken, now=now)
    return taken


def clinical_role(user: User) -> str:
    rule = ACTIONS["break_glass"]
    return next(grant.role for grant in user.live_grants if gives(grant, rule))


def sound_alarm(taken: Emergency, *, now: datetime) -> None:
    """Tell every quality officer and administrator of the site: on their pages, and by mail where theirs is known."""
    grant, reason = taken.grant, taken.reason.rstrip(". ")
    text = (
        f"{grant.user.printed_name} ({grant.user.username}) broke the glass for {grant.site}: {reason}. "
        "Review it under Emergency access."
    )[:500]
    people = list(reviewers(organisation=grant.organisation, site=grant.site).exclude(pk=grant.user_id))
    Notice.objects.bulk_create([Notice(user=person, text=text, at=now) for person in people])
    addresses = [person.email for person in people if person.email]
    logger.warning("the glass was broken: site=%s grant=%d reviewers=%d", grant.site, grant.pk, len(people))
    if addresses:
        transaction.on_commit(lambda: mail(text, addresses=addresses))


def mail(text: str, *, addresses: list[str]) -> None:
    for address in addresses:
        send_mail("Emergency access was taken", text, None, [address], fail_silently=True)


def reviewers(*, organisation: str, site: str) -> QuerySet[User]:
    """Return the open log-ins whose grants in force let them review what happens at a site."""
    near = Q(organisation__in=("", organisation), site__in=("", site), product="", ended_at=None)
    roles = ACTIONS["review_break_glass"].roles
    held = Grant.objects.filter(near, role__in=roles, is_emergency=False).values("user")
    return User.objects.filter(pk__in=held, is_active=True).order_by("username")


def note_seen(user: User, action: str, *, organisation: str, site: str, subject: str, now: datetime) -> None:
    """Log a thing that somebody sees by an emergency's right alone: each thing once."""
    grant = emergency_behind(user, action, organisation=organisation, site=site)
    if grant is None:
        return
    act = Act(organisation=organisation, subject=subject, details={"grant": grant.pk, "site": site}, received_at=now)
    uid = sha256(f"{grant.pk}/{subject}".encode()).hexdigest()
    record_facts([(act, uid)], scope=f"organisation/{organisation}", kind=SEEN, actor=user.actor)


@transaction.atomic
def end_emergency(taken: Emergency, *, by: User, now: datetime) -> None:
    """End an emergency's access before its hour is over."""
    end_grant(grant=taken.grant, by=by, now=now)
    record_act(
        ENDED,
        organisation=taken.grant.organisation,
        subject=f"site/{taken.grant.site}",
        actor=by.actor,
        at=now,
        details={"grant": taken.grant_id},
    )


@transaction.atomic
def acknowledge(taken: Emergency, *, verdict: str, findings: str, by: User, now: datetime) -> None:
    """Say what the review found, of all that was seen; what was not justified ends at once. Nobody reviews their own.

    Raises:
        AccessError
    """
    if by.pk == taken.grant.user_id:
        raise AccessError("Nobody reviews their own emergency access.")
    if verdict == Emergency.Verdict.JUSTIFIED and is_open(taken, now=now):
        raise AccessError(
            "It is still open, and more may be seen. Review it when it is over, or end it as not justified."
        )
    waiting = Emergency.objects.filter(pk=taken.pk, acknowledged_at=None)
    said = {"verdict": verdict, "findings": findings.strip()}
    if not waiting.update(**said, acknowledged_at=now, acknowledged_by=by.actor):
        raise AccessError("Somebody reviewed it already; reload the page.")
    if verdict == Emergency.Verdict.NOT_JUSTIFIED and is_open(taken, now=now):
        end_emergency(taken, by=by, now=now)
    record_act(
        ACKNOWLEDGED,
        organisation=taken.grant.organisation,
        subject=f"site/{taken.grant.site}",
        actor=by.actor,
        at=now,
        details={"grant": taken.grant_id, **said},
    )


def is_open(taken: Emergency, *, now: datetime) -> bool:
    grant = taken.grant
    return grant.ended_at is None and grant.expires_at is not None and grant.expires_at > now


def emergencies_within(scope: Scope) -> QuerySet[Emergency]:
    """Return the emergencies at sites that a reviewer looks after, those not reviewed first."""
    found = Emergency.objects.select_related("grant__user").order_by(
        F("acknowledged_at").asc(nulls_first=True), "-grant__created_at"
    )
    if scope.is_everything:
        return found
    reach = Q(pk=None)
    for bound in scope.bounds:
        if not bound.product:
            named = {"grant__organisation": bound.organisation, "grant__site": bound.site}
            reach |= Q(**{name: key for name, key in named.items() if key})
    return found.filter(reach)


def seen_under(taken: Emergency) -> QuerySet[Act]:
    """Return the entries of what was seen, in order."""
    scope = f"organisation/{taken.grant.organisation}"
    found = Act.objects.filter(entry__scope=scope, entry__kind=SEEN, details__grant=taken.grant_id)
    return found.select_related("entry").order_by("id")
