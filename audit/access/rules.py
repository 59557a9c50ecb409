"""What is asked of a person's log-in: the installation's rules, made stricter by their organisations'.

An organisation's rules hold for the roles that are bound to it. It can ask
for more than the installation does, never for less.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from audit.access.models import AccessRules, User
from audit.log.actions import record_act

NO_LIMIT = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogInRules:
    """`password_days` 0: a password is good until it is changed."""

    factor_roles: frozenset[str] = frozenset()
    idle_minutes: int = 30
    longest_hours: int = 12
    password_days: int = NO_LIMIT
    first_password_days: int = 7
    first_password_changes: bool = True


def installation_rules() -> LogInRules:
    """Return the rules of the settings. The demo's public log-ins need nothing but the password."""
    rules = LogInRules(
        factor_roles=frozenset(settings.RADVIGIL_SECOND_FACTOR_ROLES),
        idle_minutes=settings.RADVIGIL_SESSION_IDLE_MINUTES,
        longest_hours=settings.RADVIGIL_SESSION_HOURS,
        password_days=settings.RADVIGIL_PASSWORD_DAYS,
    )
    if settings.RADVIGIL_DEMO:
        return replace(
            rules, factor_roles=frozenset(), password_days=NO_LIMIT, first_password_changes=False, idle_minutes=12 * 60
        )
    return rules


def rules_for(user: User, *, installation: LogInRules) -> LogInRules:
    """Return the strictest of the rules that a person stands under."""
    named = {grant.organisation for grant in user.live_grants if grant.organisation}
    own = {each.organisation: each for each in AccessRules.objects.filter(organisation__in=named)}
    asked = {grant.role for grant in user.live_grants if grant.organisation in own
             and grant.role in own[grant.organisation].factor_roles}  # fmt: skip
    return replace(
        installation,
        factor_roles=installation.factor_roles | asked,
        idle_minutes=least([installation.idle_minutes, *(each.idle_minutes for each in own.values())]),
        longest_hours=least([installation.longest_hours, *(each.longest_hours for each in own.values())]),
        password_days=least([installation.password_days, *(each.password_days for each in own.values())]),
    )


def least(limits: Iterable[int | None]) -> int:
    return min((each for each in limits if each), default=NO_LIMIT)


def needs_factor(user: User, *, rules: LogInRules) -> bool:
    return any(grant.role in rules.factor_roles for grant in user.live_grants)


def password_is_due(user: User, *, rules: LogInRules, now: datetime) -> bool:
    """Return whether a new password must be chosen: it is a first one, or too old (21 CFR 11.300(b))."""
    if user.password_is_first and rules.first_password_changes:
        return True
    return bool(rules.password_days) and now - set_at(user) >= timedelta(days=rules.password_days)


def first_password_is_over(user: User, *, rules: LogInRules, now: datetime) -> bool:
    """Return whether a first password was left unused for too long to be taken."""
    if not (user.password_is_first and rules.first_password_changes):
        return False
    return now - set_at(user) >= timedelta(days=rules.first_password_days)


def set_at(user: User) -> datetime:
    return user.password_set_at or user.created_at


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRules:
    """What an administrator sets for an organisation; None leaves it to the installation."""

    factor_roles: tuple[str, ...] = ()
    idle_minutes: int | None = None
    longest_hours: int | None = None
    password_days: int | None = None


@transaction.atomic
def set_rules(*, organisation: str, asked: AskedRules, by: User, now: datetime) -> None:
    """Set what an organisation asks of its people's log-ins. It holds from each person's next log-in on."""
    values = {name: getattr(asked, name) for name in ("idle_minutes", "longest_hours", "password_days")}
    roles = sorted(asked.factor_roles)
    AccessRules.objects.update_or_create(organisation=organisation, defaults=values | {"factor_roles": roles})
    said = {name: value for name, value in values.items() if value is not None}
    record_act(
        "access_rules_set",
        organisation=organisation,
        subject=f"organisation/{organisation}",
        actor=by.actor,
        at=now,
        details=said | {"factor_roles": roles},
    )
