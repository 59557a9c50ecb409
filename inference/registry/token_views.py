"""The page of bearer tokens: made, replaced by their next secret, revoked."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from audit.access.actions import revoke_token
from audit.access.again import freshly_authenticated
from audit.access.decisions import NotVisibleError, Scope, allowed, scope_for, user_of
from audit.access.models import Token, User
from audit.access.queries import is_in_force, tokens_of, users_within
from audit.access.rates import rates_at
from audit.access.rotating import rotate_token
from audit.errors import AccessError
from inference.registry.account_views import reaches
from inference.registry.accounts import create_token_for, responsible_for
from inference.registry.token_forms import RotationForm, TokenForm
from inference.registry.visibility import visible_deployments, visible_sites

TOKENS = "manage_tokens"
UNPROCESSABLE = 422
SHARED = "counted for all web processes together"
APART = "counted by each web process for itself, since the broker does not answer"


@allowed(TOKENS)
@require_http_methods(["GET", "POST"])
@freshly_authenticated
def tokens(request: HttpRequest) -> HttpResponse:
    form = token_form(request, data=request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        made, secret = create_token_for(**form.values(), by=user_of(request), now=timezone.now())
        return page(request, form=token_form(request, data=None), made=made, secret=secret)
    return page(request, form=form, status=UNPROCESSABLE if form.errors else 200)


def token_form(request: HttpRequest, *, data: Any) -> TokenForm:
    choices = holders(request)
    people = whole_users(choices["users"], scope=scope_for(request.user, TOKENS))
    return TokenForm(data, **choices | {"users": people}, today=timezone.now().date())


def page(
    request: HttpRequest, *, form: TokenForm, made: Token | None = None, secret: str = "", status: int = 200
) -> HttpResponse:
    """Show the tokens. A new secret stands on this answer alone: it is stored nowhere, not even in a session."""
    now, held = timezone.now(), tokens_of(**holders(request))
    context = {
        "form": form,
        "rotation": RotationForm(),
        "made": made,
        "secret": secret,
        "tokens": [(token, is_replaceable(token, now=now)) for token in held.select_related("user", "replaced_by")],
        "now": now,
        "rate_scope": SHARED if rates_at(settings.CELERY_BROKER_URL).is_shared() else APART,
        "requests_per_minute": settings.RADVIGIL_REQUESTS_PER_MINUTE,
        "breadcrumbs": [("Overview", "/"), ("Tokens", "")],
    }
    return render(request, "inference/registry/tokens.html", context, status=status)


def is_replaceable(token: Token, *, now: datetime) -> bool:
    return token.replaced_by_id is None and is_in_force(token, now=now)


def whole_users(people: Iterable[User], *, scope: Scope) -> list[User]:
    """Return the users with no right beyond the administrator's reach: a token hands over all of them."""
    return [
        person
        for person in people
        if all(reaches(scope, held) for held in person.grants.all() if held.ended_at is None)
    ]


def holders(request: HttpRequest) -> dict[str, Any]:
    """Return the deployments, sites and users whose tokens this administrator looks after."""
    now = timezone.now()
    return {
        "deployments": visible_deployments(request.user, TOKENS, now=now),
        "sites": visible_sites(request.user, TOKENS, now=now),
        "users": users_within(scope_for(request.user, TOKENS)),
    }


def get_token_for(request: HttpRequest, token_id: int) -> Token:
    token: Token | None = tokens_of(**holders(request)).filter(pk=token_id).first()
    if token is None:
        raise NotVisibleError
    return token


@allowed(TOKENS)
@require_POST
@freshly_authenticated
def rotate(request: HttpRequest, token_id: int) -> HttpResponse:
    token = get_token_for(request, token_id)
    if token.user and token.user not in whole_users([token.user], scope=scope_for(request.user, TOKENS)):
        raise NotVisibleError
    chosen = RotationForm(request.POST)
    if not chosen.is_valid():
        return page(request, form=token_form(request, data=None), status=UNPROCESSABLE)
    organisation = responsible_for(deployment=token.deployment, site=token.site)
    try:
        made, secret = rotate_token(
            token=token,
            overlap=chosen.overlap(),
            organisation=organisation,
            by=user_of(request),
            now=timezone.now(),
        )
    except AccessError as error:
        messages.error(request, str(error))
        return redirect("registry:tokens")
    return page(request, form=token_form(request, data=None), made=made, secret=secret)


@allowed(TOKENS)
@require_POST
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    token = get_token_for(request, token_id)
    try:
        organisation = responsible_for(deployment=token.deployment, site=token.site)
        revoke_token(token=token, organisation=organisation, by=user_of(request), now=timezone.now())
    except AccessError as error:
        messages.error(request, str(error))
    return redirect("registry:tokens")
