"""One's own account: roles, password, sessions, notices. Second factors are in factor_views."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from audit.access.actions import change_password, set_email
from audit.access.again import freshly_authenticated
from audit.access.decisions import user_of
from audit.access.forms import EmailForm, NewPasswordForm, PasswordForm
from audit.access.models import User
from audit.access.sessions import end_sessions, is_this, sessions_of
from audit.factors.queries import codes_left, factors_of

UNPROCESSABLE = 422
# In this order: most browsers also name those that they descend from.
FAMILIES = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("Windows", "Windows"), ("Android", "Android"), ("iPhone", "an iPhone"), ("iPad", "an iPad"), ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


@login_required
@never_cache
@sensitive_post_parameters("current", "new", "again")
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    user, now = user_of(request), timezone.now()
    form = password_form(request, user)
    if request.method == "POST" and form.is_valid():
        chosen, current = form.cleaned_data["new"], form.cleaned_data.get("current", "")
        change_password(user=user, password=chosen, current=current, by=user, now=now)
        update_session_auth_hash(request, user)
        end_sessions(user, by=user, now=now, why="password_changed", but=request.session.session_key)
        messages.success(request, "Your password is changed. Other sessions of yours are closed.")
        return redirect("access:account")
    return render(request, "audit/access/account.html", page_of(request, user, form=form), status=status_of(request))


def password_form(request: HttpRequest, user: User) -> NewPasswordForm:
    """Who has a password gives it; who came by single sign-on sets one, which is for signing alone."""
    kind = PasswordForm if user.has_usable_password() else NewPasswordForm
    return kind(request.POST if request.method == "POST" else None, user=user)


def status_of(request: HttpRequest) -> int:
    return UNPROCESSABLE if request.method == "POST" else 200


def page_of(request: HttpRequest, user: User, *, form: NewPasswordForm) -> dict[str, Any]:
    now = timezone.now()
    return {
        "form": form,
        "grants": user.live_grants,
        "tokens": user.token_set.filter(revoked_at=None).order_by("-created_at"),
        "factors": factors_of(user.pk),
        "codes_left": codes_left(user.pk),
        "sessions": [
            (each, browser_in_words(each.agent), is_this(each, request)) for each in sessions_of(user, now=now)
        ],
        "notices": user.notices.filter(read_at=None).order_by("-at"),
        "identities": user.identities.order_by("linked_at"),
        "elsewhere": settings.RADVIGIL_OIDC_NAME if settings.RADVIGIL_OIDC_ISSUER else "",
        "email_form": EmailForm(initial={"email": user.email}),
        "breadcrumbs": [("Overview", "/"), ("Account", "")],
    }


def browser_in_words(agent: str) -> str:
    """Return what a person calls their browser; how it calls itself where it is none we know."""
    family = next((name for mark, name in FAMILIES if mark in agent), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    return f"{family} on {system}" if family and system else agent or "unknown"


@login_required
@require_POST
def end_session(request: HttpRequest) -> HttpResponse:
    """End one session of one's own, or all but this one."""
    user, now, named = user_of(request), timezone.now(), request.POST.get("session", "")
    if named:
        ended = end_sessions(user, by=user, now=now, why="ended_by_user", only=named)
    else:
        ended = end_sessions(user, by=user, now=now, why="ended_by_user", but=request.session.session_key)
    messages.success(request, "Ended." if ended else "There was no such session.")
    return redirect("access:account")


@login_required
@require_POST
@freshly_authenticated
def email(request: HttpRequest) -> HttpResponse:
    user, form = user_of(request), EmailForm(request.POST)
    if form.is_valid():
        set_email(user=user, email=form.cleaned_data["email"], by=user, now=timezone.now())
        messages.success(request, "Notices about your log-in go there from now on.")
    else:
        messages.error(request, "This is no e-mail address.")
    return redirect("access:account")


@login_required
@require_POST
def read_notices(request: HttpRequest) -> HttpResponse:
    user_of(request).notices.filter(read_at=None).update(read_at=timezone.now())
    return redirect("access:account")
