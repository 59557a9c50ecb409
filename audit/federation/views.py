"""To the provider and back: authorization code with PKCE, state and nonce; each good once, for ten minutes."""

import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from audit.access.again import freshly_authenticated
from audit.access.counting import note_failure
from audit.access.decisions import user_of
from audit.access.entering import ELSEWHERE, PROVIDER_FACTOR, add_proof, begin, entering
from audit.access.models import User
from audit.access.sessions import AUTHENTICATED
from audit.access.views import go_on, safe_onward
from audit.errors import SingleSignOnError
from audit.federation import actions
from audit.federation.groups import follow_groups, groups_in, mapping_in
from audit.federation.provider import Client, Provider, provider_of
from audit.federation.tokens import NOT_TAKEN, Question, claims_of, key_named

PENDING, LINK_KEY = "single_sign_on", "single_sign_on_link"
LOG_IN, AGAIN, LINK = "log_in", "again", "link"
GOOD_FOR_SECONDS = 600
RANDOM_BYTES = 32


def provider() -> Provider:
    if not settings.RADVIGIL_OIDC_ISSUER:
        raise Http404
    return provider_of(
        Client(
            issuer=settings.RADVIGIL_OIDC_ISSUER,
            client_id=settings.RADVIGIL_OIDC_CLIENT,
            secret=settings.RADVIGIL_OIDC_SECRET,
        )
    )


@never_cache
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """Send the visitor to the provider, and remember what was asked."""
    found, purpose = provider(), purpose_of(request)
    kept = {name: secrets.token_urlsafe(RANDOM_BYTES) for name in ("state", "nonce", "verifier")}
    request.session[PENDING] = kept | {
        "purpose": purpose,
        "onward": safe_onward(request),
        "user": request.user.pk,
        "at": timezone.now().timestamp(),
    }
    asked = {
        "response_type": "code",
        "client_id": found.client.client_id,
        "redirect_uri": address_back(request),
        "scope": settings.RADVIGIL_OIDC_SCOPE,
        "state": kept["state"],
        "nonce": kept["nonce"],
        "code_challenge": create_s256_code_challenge(kept["verifier"]),
        "code_challenge_method": "S256",
    }
    if purpose == AGAIN:
        asked |= {"prompt": "login", "max_age": "0"}
    try:
        address = found.address("authorization_endpoint", seconds=time.monotonic())
    except SingleSignOnError as error:
        return refused(request, error)
    return redirect(f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}")


def purpose_of(request: HttpRequest) -> str:
    """Return what the way is for. To link needs the key that the account page gave: nobody is led into it."""
    if not request.user.is_authenticated:
        return LOG_IN
    key = request.session.pop(LINK_KEY, "")
    return LINK if key and constant_time_compare(key, request.GET.get("link", "")) else AGAIN


def address_back(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("federation:back"))


@never_cache
@require_GET
def back(request: HttpRequest) -> HttpResponse:
    """Take what the provider says, when it is the answer to what was asked."""
    kept = request.session.pop(PENDING, None)
    try:
        claims = answered(request, kept)
        return taken(request, kept or {}, claims=claims)
    except SingleSignOnError as error:
        return refused(request, error)


def answered(request: HttpRequest, kept: Mapping[str, Any] | None) -> Mapping[str, Any]:
    now = timezone.now().timestamp()
    found, seconds = provider(), time.monotonic()
    if not kept or now - kept["at"] >= GOOD_FOR_SECONDS:
        raise SingleSignOnError("not_asked", "Begin again: nothing was asked of the provider, or too long ago.")
    if not constant_time_compare(kept["state"], request.GET.get("state", "")):
        raise SingleSignOnError("another_state", NOT_TAKEN)
    # RFC 9207: a provider that names itself names the one that was asked.
    if request.GET.get("iss", found.client.issuer) != found.client.issuer:
        raise SingleSignOnError("another_issuer", NOT_TAKEN)
    if "error" in request.GET or not request.GET.get("code"):
        raise SingleSignOnError("refused_there", "The provider did not let you in.")
    said = found.token_for(
        code=request.GET["code"], verifier=kept["verifier"], back=address_back(request), seconds=seconds
    )
    token = said.get("id_token")
    if not isinstance(token, str):
        raise SingleSignOnError("no_token", NOT_TAKEN)
    question = Question(
        issuer=found.client.issuer,
        client_id=found.client.client_id,
        nonce=kept["nonce"],
        longest_ago_seconds=0 if kept["purpose"] == AGAIN else None,
    )
    keys = found.key_set(seconds=seconds, wanted=key_named(token))
    return claims_of(token, keys=keys, question=question, now_seconds=int(now))


def taken(request: HttpRequest, kept: Mapping[str, Any], *, claims: Mapping[str, Any]) -> HttpResponse:
    now, purpose = timezone.now(), kept["purpose"]
    if purpose == LOG_IN:
        user = actions.user_for(claims, now=now)
        mapping = mapping_in(settings.RADVIGIL_OIDC_GRANTS)
        groups = groups_in(claims, claim=settings.RADVIGIL_OIDC_GROUPS_CLAIM)
        follow_groups(user, groups=groups, mapping=mapping, now=now)
        found = begin(request, user, proof=ELSEWHERE, onward=kept["onward"], now=now)
        if shown_two(claims):
            add_proof(request, PROVIDER_FACTOR)
            found = entering(request, now=now) or found
        return go_on(request, found)
    user = own(request, kept)
    if purpose == LINK:
        actions.link(user, claims, now=now)
        messages.success(request, "Linked.")
        return redirect("access:account")
    if not user.identities.filter(issuer=claims["iss"], subject=claims["sub"]).exists():
        raise SingleSignOnError("another_person", "The provider says that this is somebody else.")
    request.session[AUTHENTICATED] = now.timestamp()
    return redirect(kept["onward"])


def own(request: HttpRequest, kept: Mapping[str, Any]) -> User:
    if not request.user.is_authenticated or request.user.pk != kept["user"]:
        raise SingleSignOnError("another_session", NOT_TAKEN)
    return user_of(request)


def shown_two(claims: Mapping[str, Any]) -> bool:
    """Return whether the provider says that the person showed a second factor there (RFC 8176)."""
    trusted = set(settings.RADVIGIL_OIDC_FACTORS)
    said = claims.get("amr")
    methods = said if isinstance(said, list) else []
    return bool(trusted & {each for each in [*methods, claims.get("acr")] if isinstance(each, str)})


def refused(request: HttpRequest, error: SingleSignOnError) -> HttpResponse:
    """Say that it did not work. The log holds why, in one word of ours, and nothing that the provider sent."""
    details = {"why": error.why}
    note_failure(
        "single_sign_on_failed",
        organisation="",
        subject="log-in",
        actor="visitor",
        now=timezone.now(),
        details=details,
    )
    context = {"text": str(error), "name": settings.RADVIGIL_OIDC_NAME}
    return render(request, "audit/federation/refused.html", context, status=422)


@login_required
@never_cache
@require_POST
@freshly_authenticated
def link(request: HttpRequest) -> HttpResponse:
    """Give the person a way to the provider that links what comes back: a page with a link, as forms stay here."""
    provider()
    request.session[LINK_KEY] = key = secrets.token_urlsafe(RANDOM_BYTES)
    context = {"key": key, "name": settings.RADVIGIL_OIDC_NAME, "breadcrumbs": way("Link")}
    return render(request, "audit/federation/link.html", context)


def way(last: str) -> list[tuple[str, str]]:
    return [("Overview", "/"), ("Account", reverse("access:account")), (last, "")]


@login_required
@require_POST
@freshly_authenticated
def unlink(request: HttpRequest) -> HttpResponse:
    named = request.POST.get("identity", "")
    try:
        identity_id = int(named) if named.isascii() and named.isdigit() and len(named) < 19 else 0
        actions.unlink(user_of(request), identity_id=identity_id, now=timezone.now())
    except SingleSignOnError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Unlinked.")
    return redirect("access:account")


@never_cache
@require_GET
def left(request: HttpRequest) -> HttpResponse:
    """Say that the session here is over, and offer to end the one at the provider too."""
    found, address = provider(), ""
    try:
        end = found.address("end_session_endpoint", seconds=time.monotonic())
    except SingleSignOnError:
        end = ""
    if end:
        there = {
            "client_id": found.client.client_id,
            "post_logout_redirect_uri": request.build_absolute_uri(reverse("access:log_in")),
        }
        address = f"{end}{'&' if '?' in end else '?'}{urlencode(there)}"
    return render(request, "audit/federation/left.html", {"address": address, "name": settings.RADVIGIL_OIDC_NAME})
