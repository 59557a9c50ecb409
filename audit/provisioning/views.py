"""`/scim/v2/Users`: the door for an identity provider, by a token that is for this alone.

The token's user is an administrator; it reaches the users that they look
after, and those that it made itself and that have no grant yet.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from audit.access.decisions import scope_for
from audit.access.models import Token, TokenScope, User
from audit.access.queries import token_for, users_within
from audit.provisioning.actions import change, make
from audit.provisioning.resources import Person, ScimError, listing, name_asked_for, patched, resource, wanted_of

MANAGE = "manage_users"
CONTENT = "application/scim+json"
MOST_AT_ONCE = 100
LARGEST_BODY = 64 * 1024
MOST_DIGITS = 18
NOT_FOUND = "There is no such user."

Answer = tuple[int, dict[str, Any]]


def scim(view: Callable[..., Answer]) -> Callable[..., HttpResponse]:
    """Answer in SCIM's words, refusals too."""

    @csrf_exempt
    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            if request.method not in ALLOWED[len(kwargs)].split(", "):
                raise ScimError(405, METHODS)
            status, body = view(request, *args, by=bearer(request), **kwargs)
        except ScimError as error:
            status, body = error.status, error.body()
        response = HttpResponse(json.dumps(body), status=status, content_type=CONTENT)
        if status == 401:
            response["WWW-Authenticate"] = 'Bearer realm="radvigil"'
        if status == 405:
            response["Allow"] = ALLOWED[len(kwargs)]
        if status == 201:
            response["Location"] = body["meta"]["location"]
        response["Cache-Control"] = "private, no-store"
        return response

    return answered


METHODS = "Not by this method. A user is closed by active=false, and stays on record."
ALLOWED = {0: "GET, POST", 1: "GET, PUT, PATCH"}


def bearer(request: HttpRequest) -> Token:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    sent = secret.strip() if scheme.lower() == "bearer" and "\0" not in secret else ""
    token = token_for(sent, now=timezone.now()) if sent else None
    if token is None or token.user is None or not token.is_for(TokenScope.PROVISION):
        raise ScimError(401, "Send the header `Authorization: Bearer TOKEN` with a token for provisioning.")
    if not scope_for(token.user, MANAGE):
        raise ScimError(403, "The user of this token looks after no users.")
    return token


@scim
def users(request: HttpRequest, *, by: Token) -> Answer:
    if request.method == "GET":
        return listed(request, by=by)
    administrator = administrator_of(by)
    made = make(
        wanted_of(read(request)),
        organisation=home(administrator),
        issuer=settings.RADVIGIL_OIDC_ISSUER,
        by=administrator,
        now=timezone.now(),
    )
    return 201, shown(request, made)


@scim
def user(request: HttpRequest, *, user_id: str, by: Token) -> Answer:
    readers: dict[str, Callable[[Any], Any]] = {"PUT": wanted_of, "PATCH": patched}
    is_number = user_id.isascii() and user_id.isdigit() and len(user_id) <= MOST_DIGITS
    found = reach(by).filter(pk=int(user_id)).first() if is_number else None
    if found is None:
        raise ScimError(404, NOT_FOUND)
    if request.method in readers:
        administrator = administrator_of(by)
        whole(found, by=administrator)
        found = change(found, readers[request.method](read(request)), by=administrator, now=timezone.now())
    return 200, shown(request, found)


def whole(found: User, *, by: User) -> None:
    """Refuse a user who has rights beyond this administrator's reach, in words that tell nothing of them."""
    scope = scope_for(by, MANAGE)
    if not all(scope.covers(organisation=g.organisation, site=g.site, product=g.product) for g in found.live_grants):
        raise ScimError(404, NOT_FOUND)


def listed(request: HttpRequest, *, by: Token) -> Answer:
    name, found = name_asked_for(request.GET.get("filter", "")), reach(by)
    if name is not None:
        found = found.filter(username=name)
    start = max(1, number(request, "startIndex", default=1))
    count = min(MOST_AT_ONCE, max(0, number(request, "count", default=MOST_AT_ONCE)))
    rows = [shown(request, each) for each in found[start - 1 : start - 1 + count]]
    return 200, listing(rows, total=found.count(), start=start)


def number(request: HttpRequest, name: str, *, default: int) -> int:
    text = request.GET.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ScimError(400, f"{name} is a whole number.", scim_type="invalidValue")
    return int(text)


def reach(by: Token) -> QuerySet[User]:
    """Return the users that the token's administrator looks after, and those made for them who have no grant yet."""
    administrator = administrator_of(by)
    found = Q(pk__in=users_within(scope_for(administrator, MANAGE)).order_by().values("pk"))
    if home(administrator):
        found |= Q(made_for=home(administrator), grants=None)
    return User.objects.filter(found).prefetch_related("identities").order_by("username")


def administrator_of(by: Token) -> User:
    if by.user is None:
        raise ScimError(401, "This token is nobody's.")
    return by.user


def home(administrator: User) -> str:
    """Return the organisation for which users are made: that of the administrator's role."""
    bounds = scope_for(administrator, MANAGE).bounds
    return next((bound.organisation for bound in bounds if bound.organisation), "")


def shown(request: HttpRequest, found: User) -> dict[str, Any]:
    issuer = settings.RADVIGIL_OIDC_ISSUER
    person = Person(
        pk=found.pk,
        username=found.username,
        printed_name=found.printed_name,
        email=found.email,
        is_active=found.is_active,
        created_at=found.created_at,
        subject=next((each.subject for each in found.identities.all() if each.issuer == issuer), ""),
    )
    return resource(person, location=request.build_absolute_uri(reverse("scim:user", args=[found.pk])))


def read(request: HttpRequest) -> Any:
    if int(request.headers.get("Content-Length") or 0) > LARGEST_BODY:
        raise ScimError(413, "Too large for one user.")
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise ScimError(400, "This is no JSON.", scim_type="invalidSyntax") from error
