"""Who may do what: one table of roles and actions, and the only functions that read it.

Everything is named by key. The caller passes the organisation, site and
product of the thing; a manufacturer's reach comes from the sharing passed in.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase

from audit.access.models import Level, Role, User
from audit.access.scopes import (
    Bound,
    Hidden,
    Scope,
    Shared,
    at_depth,
    effective_level,
    hide_small,
    with_sharing,
)
from audit.errors import UnknownActionError

__all__ = [
    "ACTIONS", "Bound", "Hidden", "NotVisibleError", "Scope", "Shared", "allowed", "effective_level",
    "emergency_behind", "hide_small", "level_for", "may", "member_required", "require", "scope_for", "user_of",
]  # fmt: skip

Visitor = User | AnonymousUser
View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who may take an action, how deep their grant must reach, and whether an agreement or an emergency can give it."""

    roles: frozenset[str]
    needs: str
    shareable: bool
    urgent: bool = False


def to_see(needs: str, *roles: str, urgent: bool = False) -> Rule:
    """Looking: what a site shares with a manufacturer, its people may look at too."""
    return Rule(roles=frozenset(roles), needs=needs, shareable=True, urgent=urgent)


def to_do(needs: str, *roles: str, urgent: bool = False) -> Rule:
    """Acting, or looking behind the scenes: only where the grant itself reaches."""
    return Rule(roles=frozenset(roles), needs=needs, shareable=False, urgent=urgent)


QUALITY, READER, ARBITER, ENGINEER = Role.QUALITY_OFFICER, Role.RADIOLOGIST, Role.ARBITER, Role.ML_ENGINEER
INTEGRATOR, REGULATOR, ADMIN, RESOLVER = Role.INTEGRATOR, Role.REGULATOR, Role.ADMINISTRATOR, Role.RESOLVER
SUMS, ROWS, IMAGES = Level.AGGREGATE, Level.ROWS, Level.IMAGES

ACTIONS: dict[str, Rule] = {
    "see_overview": to_see(SUMS, QUALITY, READER, ARBITER, ENGINEER, INTEGRATOR, REGULATOR, ADMIN),
    "see_aggregates": to_see(SUMS, QUALITY, READER, ARBITER, ENGINEER, REGULATOR),
    "see_disagreement": to_see(SUMS, QUALITY, READER, ARBITER, ENGINEER, REGULATOR),
    "see_signals": to_see(SUMS, QUALITY, ENGINEER, INTEGRATOR, REGULATOR),
    "see_rescoring": to_see(SUMS, QUALITY, ENGINEER, REGULATOR),
    "see_evidence": to_see(SUMS, QUALITY, REGULATOR),
    "see_registry": to_see(SUMS, QUALITY, READER, ARBITER, ENGINEER, INTEGRATOR, REGULATOR, ADMIN),
    "see_rows": to_see(ROWS, QUALITY, READER, ARBITER, ENGINEER, REGULATOR),
    "see_flagged": to_see(ROWS, QUALITY, ENGINEER, INTEGRATOR, REGULATOR),
    "see_case": to_see(ROWS, QUALITY, READER, ARBITER, ENGINEER, REGULATOR, urgent=True),
    "see_image": to_see(IMAGES, QUALITY, READER, ARBITER, ENGINEER, REGULATOR, urgent=True),
    "see_completeness": to_do(ROWS, QUALITY, INTEGRATOR, REGULATOR),
    "see_worklist": to_do(ROWS, READER, ARBITER, urgent=True),
    "see_intake": to_do(SUMS, QUALITY, INTEGRATOR, REGULATOR, ADMIN),
    "see_quarantine": to_do(ROWS, INTEGRATOR),
    "see_log": to_do(SUMS, QUALITY, REGULATOR, ADMIN),
    "see_log_entries": to_do(ROWS, REGULATOR),
    "record_read": to_do(IMAGES, READER, ARBITER),
    "arbitrate": to_do(IMAGES, ARBITER),
    "see_label_plans": to_do(ROWS, QUALITY, ARBITER),
    "plan_labels": to_do(ROWS, QUALITY),
    "settle_truth": to_do(ROWS, QUALITY, READER, ARBITER),
    "review_signal": to_do(SUMS, QUALITY),
    "switch_claim": to_do(SUMS, QUALITY),
    "run_rescore": to_do(SUMS, QUALITY, ENGINEER),
    "replay_quarantine": to_do(ROWS, INTEGRATOR),
    "manage_rules": to_do(ROWS, INTEGRATOR),
    "export_package": to_do(SUMS, QUALITY, REGULATOR),
    "verify_log": to_do(SUMS, QUALITY, REGULATOR, ADMIN),
    "see_portal": to_see(SUMS, REGULATOR),
    "comment": to_see(SUMS, REGULATOR),
    "see_comments": to_see(SUMS, QUALITY, REGULATOR),
    "answer_comment": to_do(SUMS, QUALITY),
    "register_version": to_do(SUMS, ENGINEER, ADMIN),
    "manage_registry": to_do(SUMS, ADMIN),
    "manage_users": to_do(SUMS, ADMIN),
    "see_refusals": to_do(SUMS, ADMIN),
    "sign_sharing": to_do(SUMS, QUALITY, ADMIN),
    "break_glass": to_do(IMAGES, READER, ARBITER),
    "review_break_glass": to_do(SUMS, QUALITY, ADMIN),
    "manage_tokens": to_do(SUMS, ADMIN),
    "resolve_identity": to_do(ROWS, RESOLVER),
}


class NotVisibleError(Http404):
    """Answers 404, so that nobody learns whether what they may not see exists."""


def rule_of(action: str) -> Rule:
    if action not in ACTIONS:
        raise UnknownActionError(action)
    return ACTIONS[action]


def scope_for(user: Visitor, action: str, *, sharing: Iterable[Shared] = ()) -> Scope:
    """Return everything that this user may take the action on. `sharing` holds the agreements in force."""
    rule = rule_of(action)
    if not isinstance(user, User) or not user.is_active:
        return Scope()
    granted = Scope(bounds=tuple(_bound(grant) for grant in user.live_grants if gives(grant, rule)))
    reach = with_sharing(granted, sharing=sharing) if rule.shareable else granted
    return at_depth(reach, needed=rule.needs)


def gives(grant: Any, rule: Rule) -> bool:
    """Return whether a grant is one of a rule's; one taken in an emergency gives what is urgent alone."""
    return grant.role in rule.roles and (rule.urgent or not grant.is_emergency)


def emergency_behind(user: Visitor, action: str, *, organisation: str, site: str) -> Any:
    """Return the grant taken in an emergency by which alone a user reaches a site's things, or None."""
    if not isinstance(user, User) or not any(grant.is_emergency for grant in user.live_grants):
        return None
    place = {"organisation": organisation, "site": site, "product": ""}
    reaching = [each for each in user.live_grants if gives(each, rule_of(action)) and _bound(each).covers(**place)]
    return None if any(not each.is_emergency for each in reaching) else next(iter(reaching), None)


def _bound(grant: Any) -> Bound:
    return Bound(organisation=grant.organisation, site=grant.site, product=grant.product, level=grant.level)


def may(
    user: Visitor,
    action: str,
    *,
    organisation: str = "",
    site: str = "",
    product: str = "",
    sharing: Iterable[Shared] = (),
) -> bool:
    """Return whether the user may take the action on a thing with these keys; with no key at all: on anything."""
    scope = scope_for(user, action, sharing=sharing)
    if not (organisation or site or product):
        return bool(scope)
    return scope.covers(organisation=organisation, site=site, product=product)


def require(
    user: Visitor,
    action: str,
    *,
    organisation: str = "",
    site: str = "",
    product: str = "",
    sharing: Iterable[Shared] = (),
) -> None:
    """Raise NotVisibleError unless `may` says yes."""
    if not may(user, action, organisation=organisation, site=site, product=product, sharing=sharing):
        raise NotVisibleError


def level_for(user: Visitor, *, organisation: str, site: str, product: str, sharing: Iterable[Shared] = ()) -> str:
    """Return how deep the user may look at a thing: `none`, `aggregate`, `rows` or `images`."""
    scope = scope_for(user, "see_aggregates", sharing=sharing)
    return scope.level_at(organisation=organisation, site=site, product=product)


def is_member(user: Visitor) -> bool:
    return isinstance(user, User) and user.is_active and bool(user.live_grants)


def user_of(request: HttpRequest) -> User:
    """Return who is logged in, on a page whose guard has let them in.

    Raises:
        NotVisibleError: nobody is.
    """
    if not isinstance(request.user, User):
        raise NotVisibleError
    return request.user


def member_required(view: View) -> View:
    """A stranger is sent to log in; a log-in without any grant sees nothing."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not is_member(request.user):
            raise NotVisibleError
        return view(request, *args, **kwargs)

    return guarded


def allowed(action: str) -> Callable[[View], View]:
    """Let in who may take the action on anything at all. What exactly they see, the view's query decides."""
    rule_of(action)

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not may(request.user, action):
                raise NotVisibleError
            return view(request, *args, **kwargs)

        guarded.action = action  # type: ignore[attr-defined] # the walk over every address reads it
        return guarded

    return decorate
