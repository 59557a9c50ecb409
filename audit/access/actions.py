"""Users, their grants and their tokens: every change is an act in the log.

Whether a key that a grant names is registered, the caller has checked: this
package knows organisations, sites and products by their key alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from audit.access.models import EXPIRING_ROLES, Grant, Level, Notice, Role, Session, Token, TokenScope, User
from audit.access.rules import installation_rules, needs_factor, rules_for
from audit.access.secrets import HINT_LENGTH, new_password, new_secret, token_digest
from audit.errors import AccessError, EndedError, LastAdministratorError, UnknownGrantError, UserExistsError
from audit.factors.queries import has_factor
from audit.log.actions import record_act
from audit.log.models import plain
from audit.signatures.actions import reseal

Actor = User | str
LONGEST_NOTICE = 500
REGULATORS_ACCESS = timedelta(days=90)  # unless the grant names its end


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantValues:
    """What a grant says. An empty key means all of them."""

    role: str
    organisation: str = ""
    site: str = ""
    product: str = ""
    level: str = Level.IMAGES.value
    expires_at: datetime | None = None


def actor_of(by: Actor) -> str:
    return by if isinstance(by, str) else by.actor


def create_user(
    *,
    username: str,
    printed_name: str,
    role: str,
    password: str | None = None,
    organisation: str = "",
    site: str = "",
    product: str = "",
    level: str = Level.IMAGES.value,
    expires_at: datetime | None = None,
    by: Actor,
    now: datetime,
) -> tuple[User, str]:
    """Make a log-in with its first grant, and return it with its password, which is shown this once.

    Raises:
        UserExistsError, UnknownGrantError
    """
    values = GrantValues(
        role=role, organisation=organisation, site=site, product=product, level=level, expires_at=expires_at
    )
    check_grant(values)
    chosen = password or new_password()
    try:
        with transaction.atomic():
            user = User(
                username=username,
                printed_name=printed_name or username,
                created_at=now,
                password_set_at=now,
                password_is_first=password is None,
                made_for=organisation,
            )
            user.set_password(chosen)
            user.save(force_insert=True)
            record_act(
                "user_created",
                organisation=organisation,
                subject=f"user/{username}",
                actor=actor_of(by),
                at=now,
                details={"printed_name": user.printed_name},
            )
            add_grant(user=user, values=values, by=by, now=now)
    except IntegrityError as error:
        raise UserExistsError(username) from error
    return user, chosen


def check_grant(values: GrantValues) -> None:
    """Raise UnknownGrantError unless role and level are ones that exist."""
    if values.role not in Role.values:
        raise UnknownGrantError(f"There is no role {values.role!r}; there are {', '.join(Role.values)}.")
    if values.level not in Level.values:
        raise UnknownGrantError(f"There is no level {values.level!r}; there are {', '.join(Level.values)}.")


def end_of(values: GrantValues, *, now: datetime) -> datetime | None:
    """Return when a grant ends by itself: a regulator's always does, after 90 days unless another day is named."""
    if values.expires_at is not None and values.expires_at <= now:
        raise UnknownGrantError("A grant ends after it begins; name a later day.")
    return values.expires_at or (now + REGULATORS_ACCESS if values.role in EXPIRING_ROLES else None)


@transaction.atomic
def add_grant(*, user: User, values: GrantValues, by: Actor, now: datetime) -> Grant:
    check_grant(values)
    grant = Grant.objects.create(
        user=user,
        role=values.role,
        organisation=values.organisation,
        site=values.site,
        product=values.product,
        level=values.level,
        created_at=now,
        expires_at=end_of(values, now=now),
    )
    log_grant("grant_added", grant=grant, by=by, now=now)
    end_without_factor(user, by=by, now=now)
    return grant


def end_without_factor(user: User, *, by: Actor, now: datetime) -> None:
    """End the sessions of a person whose new role asks for a second factor that they opened none with."""
    held = User.objects.get(pk=user.pk)  # with the role that was just given
    if has_factor(held.pk) or not needs_factor(held, rules=rules_for(held, installation=installation_rules())):
        return
    ended, _ = Session.objects.filter(user=held).delete()
    if ended:
        log_user("session_ended", user=held, by=by, now=now, details={"why": "role_needs_factor", "sessions": ended})


@transaction.atomic
def end_grant(*, grant: Grant, by: Actor, now: datetime) -> None:
    """End a role of a user; it stays on record. The last administrator of everything keeps theirs."""
    refuse_without_administrator(without=Grant.objects.filter(pk=grant.pk), now=now)
    if not Grant.objects.filter(pk=grant.pk, ended_at=None).update(ended_at=now):
        raise EndedError("The grant")
    log_grant("grant_ended", grant=grant, by=by, now=now)


@transaction.atomic
def extend_grant(*, grant: Grant, until: datetime, by: Actor, now: datetime) -> Grant:
    """Let a grant that names its end last longer, also one that is over by now. Nobody extends their own."""
    if isinstance(by, User) and by.pk == grant.user_id:
        raise AccessError("Nobody extends their own role; ask another administrator.")
    if until <= now:
        raise AccessError("Name a later day.")
    extended = Grant.objects.filter(pk=grant.pk, ended_at=None, is_emergency=False, expires_at__lt=until)
    if not extended.update(expires_at=until):
        raise AccessError("The role has ended, lasts that long already, or never ends; reload the page.")
    grant.refresh_from_db()
    log_grant("grant_extended", grant=grant, by=by, now=now)
    return grant


def log_grant(kind: str, *, grant: Grant, by: Actor, now: datetime) -> None:
    details = {
        name: getattr(grant, name)
        for name in ("role", "organisation", "site", "product", "level")
        if getattr(grant, name)
    }
    if grant.expires_at:
        details["expires_at"] = plain(grant.expires_at)
    if grant.is_emergency:
        details["is_emergency"] = True
    record_act(
        kind,
        organisation=grant.organisation,
        subject=f"user/{grant.user.username}",
        actor=actor_of(by),
        at=now,
        details=details | {"grant": grant.pk},
    )


@transaction.atomic
def deactivate(*, user: User, by: Actor, now: datetime) -> None:
    """Close a log-in: its sessions and tokens stop at once. Nobody closes their own."""
    if isinstance(by, User) and by.pk == user.pk:
        raise AccessError("Nobody can close their own log-in; ask another administrator.")
    refuse_without_administrator(without=Grant.objects.filter(user=user), now=now)
    if not User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        raise EndedError("The log-in")
    ended, _ = Session.objects.filter(user=user).delete()
    revoked = Token.objects.filter(user=user, revoked_at=None).update(revoked_at=now)
    log_user("user_deactivated", user=user, by=by, now=now, details={"sessions": ended, "tokens": revoked})


@transaction.atomic
def reactivate(*, user: User, by: Actor, now: datetime) -> None:
    if not User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        raise AccessError("The log-in is open already; reload the page.")
    log_user("user_reactivated", user=user, by=by, now=now)


def refuse_without_administrator(*, without: QuerySet[Grant], now: datetime) -> None:
    """Raise LastAdministratorError if nobody would be left who can manage everything, by a role that is not over."""
    everything = (
        Grant.objects.select_for_update()
        .filter(role=Role.ADMINISTRATOR, organisation="", site="", product="", ended_at=None, user__is_active=True)
        .exclude(expires_at__lte=now)
    )
    live = {grant.pk for grant in everything}
    going = set(without.values_list("pk", flat=True))
    if live and live <= going:
        raise LastAdministratorError


@transaction.atomic
def change_password(*, user: User, password: str, current: str = "", by: Actor, now: datetime) -> None:
    """Set a password. Who gives the current one keeps their signing key; else it ends with their next signature."""
    user.set_password(password)
    user.password_set_at, user.password_is_first = now, False
    user.save(update_fields=["password", "password_set_at", "password_is_first"])
    if current:
        reseal(username=user.username, old=current, new=password)
    log_user("password_changed", user=user, by=by, now=now)


@transaction.atomic
def set_email(*, user: User, email: str, by: Actor, now: datetime) -> None:
    """Change where notices go, and tell the place they went to so far. The log holds no address."""
    if email == user.email:
        return
    notify(user, "The e-mail address for notices about your log-in was changed.", now=now)
    user.email = email
    user.save(update_fields=["email"])
    log_user("user_email_changed", user=user, by=by, now=now)


def log_user(kind: str, *, user: User, by: Actor, now: datetime, details: Mapping[str, Any] | None = None) -> None:
    record_act(
        kind,
        organisation=home_of(user),
        subject=f"user/{user.username}",
        actor=actor_of(by),
        at=now,
        details=details,
    )


def notify(user: User, text: str, *, now: datetime) -> None:
    """Tell a person something about their own log-in: on their pages until they have read it, and by mail if known."""
    Notice.objects.create(user=user, text=text[:LONGEST_NOTICE], at=now)
    if user.email:
        body = f"{text}\n\nIf this was not agreed with you, tell your administrator at once."
        send_mail("Your Radvigil log-in", body, None, [user.email], fail_silently=True)


def home_of(user: User) -> str:
    """Return the organisation whose log says what a user does: that of their first grant in force."""
    return next((grant.organisation for grant in user.live_grants if grant.organisation), user.made_for)


@transaction.atomic
def create_token(
    *,
    deployment: str = "",
    site: str = "",
    user: User | None = None,
    organisation: str = "",
    scope: str = "",
    expires_at: datetime | None = None,
    by: Actor,
    now: datetime,
) -> tuple[Token, str]:
    """Make a bearer token and return it with its secret, which is shown this once and never stored.

    `organisation` is whose log the act goes to: the provider of the site.

    Raises:
        AccessError: not exactly one holder is named.
    """
    if [bool(deployment), bool(site), user is not None].count(True) != 1:
        raise AccessError("A token belongs to one deployment, one site or one user; name exactly one.")
    chosen = scope or (TokenScope.READ if user else TokenScope.SEND)
    if chosen not in TokenScope.values or (chosen == TokenScope.SEND) == (user is not None):
        raise AccessError(f"A token of this holder is not for {chosen!r}: devices send, people read or provision.")
    secret = new_secret()
    token = Token.objects.create(
        digest=token_digest(secret),
        hint=secret[:HINT_LENGTH],
        deployment=deployment,
        site=site,
        user=user,
        scope=chosen,
        created_at=now,
        created_by=actor_of(by),
        expires_at=expires_at,
    )
    log_token("token_created", token=token, organisation=organisation, by=by, now=now)
    return token, secret


@transaction.atomic
def revoke_token(*, token: Token, organisation: str = "", by: Actor, now: datetime) -> None:
    if not Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        raise EndedError("The token")
    log_token("token_revoked", token=token, organisation=organisation, by=by, now=now)


def log_token(kind: str, *, token: Token, organisation: str, by: Actor, now: datetime) -> None:
    home = organisation or (home_of(token.user) if token.user else "")
    record_act(
        kind,
        organisation=home,
        subject=holder_of(token),
        actor=actor_of(by),
        at=now,
        details={"token": token.hint, "scope": token.scope, "sha256": token.digest},
    )


def holder_of(token: Token) -> str:
    """Return whose token it is, as the log names it."""
    if token.user:
        return f"user/{token.user.username}"
    return f"deployment/{token.deployment}" if token.deployment else f"site/{token.site}"
