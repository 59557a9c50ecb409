"""Pages of an administrator for people who cannot get in, and for what an organisation asks of its log-ins."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from audit.access.again import freshly_authenticated
from audit.access.decisions import NotVisibleError, allowed, require, user_of
from audit.access.models import AccessRules, Role
from audit.access.recovery import lift_lock, reset_factors, reset_password
from audit.access.rules import AskedRules, installation_rules, set_rules
from audit.errors import AccessError
from inference.registry.account_views import USERS, act, get_whole_user_for
from inference.registry.models import Organisation

LONGEST_REASON = 300


@allowed(USERS)
@never_cache
@require_POST
@freshly_authenticated
def password(request: HttpRequest, username: str) -> HttpResponse:
    """Make a first password and show it on the answer itself: it is stored nowhere, not even in a session."""
    person = get_whole_user_for(request, username)
    try:
        made = reset_password(user=person, reason=reason_of(request), by=user_of(request), now=timezone.now())
    except AccessError as error:
        messages.error(request, str(error))
        return redirect("registry:user", username)
    context = {
        "made": person,
        "password": made,
        "breadcrumbs": [("Overview", "/"), ("Users", reverse("registry:users")), (person.username, "")],
    }
    return render(request, "inference/registry/user_made.html", context)


def reason_of(request: HttpRequest) -> str:
    return request.POST.get("reason", "")[:LONGEST_REASON].replace("\0", "")


@allowed(USERS)
@require_POST
@freshly_authenticated
def factors(request: HttpRequest, username: str) -> HttpResponse:
    person = get_whole_user_for(request, username)
    return act(request, username, reset_factors, user=person, reason=reason_of(request))


@allowed(USERS)
@require_POST
def unlock(request: HttpRequest, username: str) -> HttpResponse:
    return act(request, username, lift_lock, user=get_whole_user_for(request, username))


class RulesForm(forms.Form):
    """Empty fields leave it to the installation; an organisation asks for more, never for less."""

    factor_roles = forms.MultipleChoiceField(
        label="Roles that log in with a second factor",
        required=False,
        choices=[(key, label[0].upper() + label[1:]) for key, label in Role.choices],
        widget=forms.CheckboxSelectMultiple,
    )
    idle_minutes = forms.IntegerField(
        label="Minutes without a click after which a session ends", required=False, min_value=2, max_value=720
    )
    longest_hours = forms.IntegerField(
        label="Hours after which a session ends in any case", required=False, min_value=1, max_value=24
    )
    password_days = forms.IntegerField(
        label="Days after which a password must be changed",
        required=False,
        min_value=30,
        max_value=1000,
        help_text="For organisations whose procedures ask for it (21 CFR 11.300(b)). Empty: no such day.",
    )


@allowed(USERS)
@never_cache
@require_http_methods(["GET", "POST"])
@freshly_authenticated
def rules(request: HttpRequest, organisation: str) -> HttpResponse:
    require(request.user, USERS, organisation=organisation)
    found = get_organisation(organisation)
    form = RulesForm(request.POST if request.method == "POST" else None, initial=initial_of(organisation))
    if request.method == "POST" and form.is_valid():
        asked = AskedRules(**form.cleaned_data | {"factor_roles": tuple(form.cleaned_data["factor_roles"])})
        set_rules(organisation=organisation, asked=asked, by=user_of(request), now=timezone.now())
        messages.success(request, "Set. They hold from each person's next log-in on.")
        return redirect("registry:access_rules", organisation)
    context: dict[str, Any] = {
        "organisation": found,
        "form": form,
        "installation": installation_rules(),
        "breadcrumbs": [("Overview", "/"), ("Users", reverse("registry:users")), ("Rules of log-ins", "")],
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "inference/registry/access_rules.html", context, status=status)


def get_organisation(key: str) -> Organisation:
    """Return an organisation that the guard has let this administrator name."""
    found = Organisation.objects.filter(pk=key).first()
    if found is None:
        raise NotVisibleError
    return found


def initial_of(organisation: str) -> dict[str, Any]:
    found = AccessRules.objects.filter(pk=organisation).first()
    names = ("factor_roles", "idle_minutes", "longest_hours", "password_days")
    return {name: getattr(found, name) for name in names} if found else {}
