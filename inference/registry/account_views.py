"""Pages of an administrator: users with their grants."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audit.access.actions import add_grant, create_user, deactivate, end_grant, extend_grant, reactivate
from audit.access.again import freshly_authenticated
from audit.access.decisions import NotVisibleError, Scope, allowed, scope_for, user_of
from audit.access.models import Grant, User
from audit.access.queries import users_within
from audit.errors import AccessError
from audit.factors.queries import factors_of
from inference.registry.account_forms import GrantForm, UntilForm, UserForm
from inference.registry.models import Organisation

USERS = "manage_users"
WARNED_BEFORE = timedelta(days=14)  # that a role expires


@allowed(USERS)
@require_GET
def users(request: HttpRequest) -> HttpResponse:
    scope = scope_for(request.user, USERS)
    context = {
        "people": [(person, known_grants(person, scope=scope)) for person in users_within(scope)],
        "now": timezone.now(),
        "soon": timezone.now() + WARNED_BEFORE,
        "organisations": organisations_within(scope),
        "breadcrumbs": [("Overview", "/"), ("Users", "")],
    }
    return render(request, "inference/registry/users.html", context)


def organisations_within(scope: Scope) -> list[str]:
    """Return the organisations whose rules of log-ins this administrator sets."""
    every = Organisation.objects.order_by("key").values_list("pk", flat=True)
    return [key for key in every if scope.covers(organisation=key)]


@allowed(USERS)
@require_http_methods(["GET", "POST"])
@freshly_authenticated
def new_user(request: HttpRequest) -> HttpResponse:
    form = UserForm(request.POST if request.method == "POST" else None, scope=scope_for(request.user, USERS))
    if request.method == "POST" and form.is_valid():
        try:
            return created(request, form=form)
        except AccessError as error:
            form.add_error("username", str(error))
    context = {
        "form": form,
        "breadcrumbs": [("Overview", "/"), ("Users", reverse("registry:users")), ("New user", "")],
    }
    return render(request, "inference/registry/new_user.html", context, status=422 if request.method == "POST" else 200)


def known_grants(person: User, *, scope: Scope) -> list[Any]:
    """Return the roles of a user that an administrator may know of: what they are elsewhere is not theirs to see."""
    return [held for held in person.grants.all() if reaches(scope, held)]


def created(request: HttpRequest, *, form: UserForm) -> HttpResponse:
    """Make the user and show the password on the answer itself: it is stored nowhere, not even in a session."""
    made, password = create_user(
        username=form.cleaned_data["username"],
        printed_name=form.cleaned_data["printed_name"],
        by=user_of(request),
        now=timezone.now(),
        **{
            name: form.cleaned_data[name] for name in ("role", "organisation", "site", "product", "level", "expires_at")
        },
    )
    context = {
        "made": made,
        "password": password,
        "breadcrumbs": [("Overview", "/"), ("Users", reverse("registry:users")), (made.username, "")],
    }
    return render(request, "inference/registry/user_made.html", context)


def get_user_for(request: HttpRequest, username: str) -> User:
    found = users_within(scope_for(request.user, USERS)).filter(username=username).first()
    if found is None:
        raise NotVisibleError
    return found


@allowed(USERS)
@require_GET
def user(request: HttpRequest, username: str) -> HttpResponse:
    return user_page(request, get_user_for(request, username), form=GrantForm(scope=scope_for(request.user, USERS)))


def user_page(request: HttpRequest, person: User, *, form: GrantForm, status: int = 200) -> HttpResponse:
    context = {
        "person": person,
        "held": known_grants(person, scope=scope_for(request.user, USERS)),
        "now": timezone.now(),
        "form": form,
        "is_self": person.pk == request.user.pk,
        "factors": factors_of(person.pk).count(),
        "breadcrumbs": [("Overview", "/"), ("Users", reverse("registry:users")), (person.username, "")],
    }
    return render(request, "inference/registry/user.html", context, status=status)


@allowed(USERS)
@require_POST
@freshly_authenticated
def grant(request: HttpRequest, username: str) -> HttpResponse:
    person = get_user_for(request, username)
    form = GrantForm(request.POST, scope=scope_for(request.user, USERS))
    if not form.is_valid():
        return user_page(request, person, form=form, status=422)
    add_grant(user=person, values=form.values(), by=user_of(request), now=timezone.now())
    return redirect("registry:user", username)


@allowed(USERS)
@require_POST
def end(request: HttpRequest, username: str, grant_id: int) -> HttpResponse:
    person = get_user_for(request, username)
    return act(request, username, end_grant, grant=get_grant_for(request, person, grant_id))


@allowed(USERS)
@require_POST
def extend(request: HttpRequest, username: str, grant_id: int) -> HttpResponse:
    """Let a role that expires last until a later day."""
    person = get_user_for(request, username)
    held, form = get_grant_for(request, person, grant_id), UntilForm(request.POST)
    if not form.is_valid():
        messages.error(request, "The role was not extended: " + " ".join(map(str, form.errors.get("until", []))))
        return redirect("registry:user", username)
    return act(request, username, extend_grant, grant=held, until=form.cleaned_data["until"])


def get_grant_for(request: HttpRequest, person: User, grant_id: int) -> Grant:
    held = person.grants.filter(pk=grant_id).first()
    if held is None or not reaches(scope_for(request.user, USERS), held):
        raise NotVisibleError
    return held


def reaches(scope: Scope, held: Any) -> bool:
    return scope.covers(organisation=held.organisation, site=held.site, product=held.product)


@allowed(USERS)
@require_POST
def close(request: HttpRequest, username: str) -> HttpResponse:
    return act(request, username, deactivate, user=get_whole_user_for(request, username))


@allowed(USERS)
@require_POST
def reopen(request: HttpRequest, username: str) -> HttpResponse:
    return act(request, username, reactivate, user=get_whole_user_for(request, username))


def get_whole_user_for(request: HttpRequest, username: str) -> User:
    """Return a user whose every grant in force is within the administrator's reach."""
    person, scope = get_user_for(request, username), scope_for(request.user, USERS)
    if not all(reaches(scope, held) for held in person.live_grants):
        raise NotVisibleError
    return person


def act(request: HttpRequest, username: str, action: Any, **subject: Any) -> HttpResponse:
    try:
        action(**subject, by=user_of(request), now=timezone.now())
    except AccessError as error:
        messages.error(request, str(error))
    return redirect("registry:user", username)
