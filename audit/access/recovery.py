"""What an administrator does for somebody who cannot get in: a first password, no more factors, no more lock.

Each is an act with its reason, and the person is told. One administrator does
not do the first two to one person within a day: together they would be a way
to become that person (21 CFR 11.200(a)(3)).
"""

from datetime import datetime, timedelta

from axes.utils import reset as reset_attempts
from django.db import transaction

from audit.access.actions import log_user, notify
from audit.access.counting import KEYED, keyed
from audit.access.models import Failure, Session, User
from audit.access.second_step import holder
from audit.access.secrets import new_password
from audit.errors import AccessError, FactorError
from audit.factors import actions as factor_actions
from audit.log.models import Act

APART = timedelta(days=1)
PASSWORD_RESET, FACTORS_RESET = "password_reset", "factors_reset"
BY_TWO = "You reset the other half of this log-in within the last day: let another administrator do this one."


@transaction.atomic
def reset_password(*, user: User, reason: str, by: User, now: datetime) -> str:
    """Return a first password, which must be changed. Sessions end; the signing key ends with the next signature.

    Raises:
        AccessError
    """
    refuse(user, reason=reason, by=by, other_half=FACTORS_RESET, now=now)
    chosen = new_password()
    user.set_password(chosen)
    user.password_set_at, user.password_is_first = now, True
    user.save(update_fields=["password", "password_set_at", "password_is_first"])
    ended, _ = Session.objects.filter(user=user).delete()
    details = {"reason": reason.strip(), "sessions": ended}
    log_user(PASSWORD_RESET, user=user, by=by, now=now, details=details)
    notify(user, f"Your password was reset by {by.username}. Reason: {reason.strip()}", now=now)
    return chosen


@transaction.atomic
def reset_factors(*, user: User, reason: str, by: User, now: datetime) -> None:
    """Remove all second factors of a person. Sessions end.

    Raises:
        AccessError
    """
    refuse(user, reason=reason, by=by, other_half=PASSWORD_RESET, now=now)
    try:
        factor_actions.reset(holder(user), reason=reason, by=by.actor, now=now)
    except FactorError as error:
        raise AccessError(str(error)) from error
    Session.objects.filter(user=user).delete()
    notify(user, f"Your second factors were removed by {by.username}. Reason: {reason.strip()}", now=now)


def refuse(user: User, *, reason: str, by: User, other_half: str, now: datetime) -> None:
    if by.pk == user.pk:
        raise AccessError("Nobody resets their own log-in; change it on your account page.")
    if not reason.strip():
        raise AccessError("Say why: the reason goes into the log.")
    User.objects.select_for_update().get(pk=user.pk)  # the two halves at once are two acts, one after the other
    done = Act.objects.filter(subject=f"user/{user.username}", entry__kind=other_half, entry__actor=by.actor)
    if done.filter(received_at__gt=now - APART).exists():
        raise AccessError(BY_TWO)


@transaction.atomic
def lift_lock(*, user: User, by: User, now: datetime) -> None:
    """Let somebody try again before the time is over."""
    gone = reset_attempts(username=user.username)
    subjects = (f"user/{user.username}", keyed(user.username))
    rows = Failure.objects.filter(subject__in=subjects, kind__in=("log_in_failed", "second_factor_failed"))
    failures = sum(each.count for each in rows if not each.subject.startswith(KEYED))
    deleted, _ = rows.delete()
    if not (gone or deleted):
        raise AccessError("This log-in is not locked.")
    log_user("lockout_lifted", user=user, by=by, now=now, details={"failures": failures})
