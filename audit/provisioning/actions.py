"""What SCIM asks for, done by the same acts as by an administrator: made without any grant, closed at once."""

from datetime import datetime

from django.db import IntegrityError, transaction

from audit.access.actions import deactivate, log_user, reactivate
from audit.access.models import Identity, User
from audit.access.ways_in import LINKED, details_of
from audit.errors import AccessError, EndedError
from audit.log.actions import record_act
from audit.provisioning.resources import NAME, ScimError, Wanted


def make(wanted: Wanted, *, organisation: str, issuer: str, by: User, now: datetime) -> User:
    """Make a log-in that nothing opens but single sign-on: it has no password and no grant.

    It is linked to the subject that the client names, at the provider that this installation has.

    Raises:
        ScimError: the name or the subject is taken, or the name is none.
    """
    if not wanted.username or not NAME.fullmatch(wanted.username):
        detail = "userName has 1 to 150 letters, digits and _ . @ -"
        raise ScimError(400, detail, scim_type="invalidValue")
    user = User(
        username=wanted.username,
        printed_name=wanted.printed_name or wanted.username,
        email=wanted.email or "",
        created_at=now,
        logs_in_elsewhere=True,
        made_for=organisation,
    )
    user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            record_act(
                "user_created",
                organisation=organisation,
                subject=f"user/{user.username}",
                actor=by.actor,
                at=now,
                details={"printed_name": user.printed_name, "way": "scim"},
            )
            if issuer and wanted.subject:
                held = Identity.objects.create(user=user, issuer=issuer, subject=wanted.subject, linked_at=now)
                log_user(LINKED, user=user, by=by, now=now, details=details_of(held))
    except IntegrityError as error:
        raise ScimError(409, "There is a user of this name or externalId.", scim_type="uniqueness") from error
    if wanted.active is False:
        change(user, Wanted(active=False), by=by, now=now)
    return user


@transaction.atomic
def change(user: User, wanted: Wanted, *, by: User, now: datetime) -> User:
    """Bring a user to what is wanted.

    Raises:
        ScimError: the name would change, or the access rules refuse it.
    """
    if wanted.username is not None and wanted.username != user.username:
        raise ScimError(400, "A user's name never changes.", scim_type="mutability")
    held = {each.subject for each in user.identities.all()}
    if wanted.subject is not None and held and wanted.subject not in held:
        raise ScimError(400, "externalId is set once, when a user is made.", scim_type="mutability")
    rename(user, wanted, by=by, now=now)
    try:
        if wanted.active is False and user.is_active:
            deactivate(user=user, by=by, now=now)
        if wanted.active is True and not user.is_active:
            reactivate(user=user, by=by, now=now)
    except EndedError:
        pass  # another request was first
    except AccessError as error:
        raise ScimError(409, str(error)) from error
    user.refresh_from_db()
    return user


def rename(user: User, wanted: Wanted, *, by: User, now: datetime) -> None:
    changed = {"printed_name": wanted.printed_name, "email": wanted.email}
    fields = [name for name, value in changed.items() if value is not None and value != getattr(user, name)]
    if not fields:
        return
    for name in fields:
        setattr(user, name, changed[name])
    user.save(update_fields=fields)
    log_user("user_changed", user=user, by=by, now=now, details={"fields": fields})
