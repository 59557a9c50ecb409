"""Second factors are added, named and removed: on one's account, or on the way in where a role asks for one."""

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

import segno
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audit.access.actions import notify
from audit.access.again import freshly_authenticated
from audit.access.decisions import user_of
from audit.access.entering import add_proof, entering, finish, next_step
from audit.access.forms import AppForm, KeyForm, NameForm
from audit.access.models import User
from audit.access.second_step import CHALLENGE, holder, place_of
from audit.errors import FactorError
from audit.factors import actions, passkeys, totp
from audit.factors.queries import codes_left, factors_of, keys_of

UNPROCESSABLE = 422
ISSUER = "Radvigil"
View = Callable[..., HttpResponse]


def somebody(view: View) -> Callable[..., HttpResponseBase]:
    """Let in who is logged in and was there lately, or who is on the way in and must add a factor."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if isinstance(request.user, User):
            return freshly_authenticated(view)(request, *args, user=request.user, **kwargs)
        now = timezone.now()
        found = entering(request, now=now)
        if found is not None and next_step(found, now=now) == "access:add_factor":
            return view(request, *args, user=found.user, **kwargs)
        return redirect_to_login(reverse("access:account"))

    return guarded


@never_cache
@require_GET
@somebody
def add_factor(request: HttpRequest, *, user: User) -> HttpResponse:
    context = {"takes_keys": place_of(request).takes_keys} | frame(request)
    return render(request, "audit/access/add_factor.html", context)


def frame(request: HttpRequest) -> dict[str, Any]:
    is_in = request.user.is_authenticated
    way = [("Overview", "/"), ("Account", reverse("access:account")), ("Second factor", "")]
    return {"is_logged_in": is_in, "breadcrumbs": way if is_in else []}


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@somebody
def add_app(request: HttpRequest, *, user: User) -> HttpResponse:
    now, own = timezone.now(), holder(user)
    secret = actions.begin_app(own, now=now)
    form = AppForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.confirm_app(own, code=form.cleaned_data["code"], name=form.cleaned_data["name"], now=now)
        except FactorError as error:
            form.add_error("code", str(error))
        else:
            return added(request, user=user, proof="app", now=now)
    address = totp.address_for_app(secret, username=user.username, issuer=ISSUER)
    context = {"form": form, "picture": picture_of(address), "secret": spaced(totp.shown(secret))} | frame(request)
    return render(request, "audit/access/add_app.html", context, status=status_of(request))


def picture_of(address: str) -> str:
    """Return a QR code as the address of a picture: nothing is stored, nothing is asked of another host."""
    drawn = segno.make(address, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff")
    svg = drawn.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return "data:image/svg+xml;base64," + b64encode(svg.encode()).decode()


def spaced(secret: str) -> str:
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


@never_cache
@sensitive_post_parameters("credential")
@require_http_methods(["GET", "POST"])
@somebody
def add_key(request: HttpRequest, *, user: User) -> HttpResponse:
    now, place = timezone.now(), place_of(request)
    form = KeyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        given, challenge = form.cleaned_data, request.session.pop(CHALLENGE, "")
        try:
            actions.add_key(
                holder(user), said=given["credential"], challenge=challenge, place=place, name=given["name"], now=now
            )
        except FactorError as error:
            form.add_error(None, str(error))
        else:
            return added(request, user=user, proof="key", now=now)
    context = {"form": form, "takes_keys": place.takes_keys, "options": asked(request, user)} | frame(request)
    return render(request, "audit/access/add_key.html", context, status=status_of(request))


def asked(request: HttpRequest, user: User) -> Any:
    options = passkeys.asked_to_make(
        place=place_of(request),
        user_id=user.pk,
        username=user.username,
        printed_name=user.printed_name,
        held=keys_of(user.pk),
    )
    request.session[CHALLENGE] = passkeys.challenge_text(options)
    return options


def added(request: HttpRequest, *, user: User, proof: str, now: datetime) -> HttpResponse:
    """Tell the person, let them in if they were on the way, and show recovery codes with the first factor."""
    notify(user, "A second factor was added to your log-in.", now=now)
    onward = reverse("access:account")
    found = entering(request, now=now)
    if not request.user.is_authenticated and found is not None:
        add_proof(request, proof)
        onward = found.onward
        finish(request, entering(request, now=now) or found, now=now)
    if not codes_left(user.pk):
        return codes_page(request, user=user, onward=onward, now=now)
    messages.success(request, "Added.")
    return redirect(onward)


def codes_page(request: HttpRequest, *, user: User, onward: str, now: datetime) -> HttpResponse:
    """Show new recovery codes on this answer alone: they are stored nowhere, not even in a session."""
    made = actions.make_codes(holder(user), now=now)
    return render(request, "audit/access/codes.html", {"codes": made, "onward": onward} | frame(request))


@login_required
@never_cache
@require_POST
@freshly_authenticated
def codes(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    if not factors_of(user.pk).exists():
        messages.error(request, "Add a second factor first: the codes stand in for one.")
        return redirect("access:account")
    return codes_page(request, user=user, onward=reverse("access:account"), now=timezone.now())


@login_required
@require_POST
def rename(request: HttpRequest, factor_id: int) -> HttpResponse:
    form = NameForm(request.POST)
    if form.is_valid():
        return changed(request, actions.rename, factor_id=factor_id, name=form.cleaned_data["name"], now=timezone.now())
    messages.error(request, "A name has 1 to 80 characters.")
    return redirect("access:account")


@login_required
@require_POST
@freshly_authenticated
def remove(request: HttpRequest, factor_id: int) -> HttpResponse:
    now = timezone.now()
    answer = changed(request, actions.remove, factor_id=factor_id, now=now)
    notify(user_of(request), "A second factor was removed from your log-in.", now=now)
    return answer


def changed(request: HttpRequest, action: Callable[..., None], **values: Any) -> HttpResponse:
    try:
        action(holder(user_of(request)), **values)
    except FactorError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Done.")
    return redirect("access:account")


def status_of(request: HttpRequest) -> int:
    return UNPROCESSABLE if request.method == "POST" else 200
