"""Pages of one's own log-in: in, out, account. Other people's are in inference.registry."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from audit.access import sessions
from audit.access.actions import change_password
from audit.access.decisions import user_of
from audit.access.forms import LogInForm, PasswordForm
from audit.access.secrets import DEMO_PASSWORD

DEMO_LOG_INS = (
    ("quality", "quality officer of a hospital group"),
    ("radiologist", "reads and answers the AI"),
    ("arbiter", "settles disagreements and truth"),
    ("engineer", "ML engineer of the manufacturer"),
    ("manufacturer", "quality officer of the manufacturer"),
    ("integrator", "connects systems"),
    ("regulator", "reads everything, changes nothing"),
    ("admin", "users, tokens, registry"),
)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    onward = safe_onward(request)
    if request.user.is_authenticated:
        return redirect(onward)
    form = LogInForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return log_in_page(request, form=form, onward=onward, status=200 if request.method == "GET" else 422)
    if sessions.is_locked(request, username=form.cleaned_data["username"]):
        return render(request, "audit/access/locked.html", {"minutes": locked_minutes()}, status=429)
    if sessions.log_in(request, **form.cleaned_data, now=timezone.now()) is not None:
        return redirect(onward)
    form.add_error(None, "Name or password is not right, or the log-in is closed.")
    return log_in_page(request, form=form, onward=onward, status=422)


def log_in_page(request: HttpRequest, *, form: LogInForm, onward: str, status: int) -> HttpResponse:
    demo = {"log_ins": DEMO_LOG_INS, "password": DEMO_PASSWORD} if settings.RADVIGIL_DEMO else None
    return render(request, "audit/access/log_in.html", {"form": form, "next": onward, "demo": demo}, status=status)


def safe_onward(request: HttpRequest) -> str:
    """Return where to go after logging in: only an address of this installation."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return asked if safe else settings.LOGIN_REDIRECT_URL


def locked_minutes() -> int:
    return round(settings.AXES_COOLOFF_TIME * 60)


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    sessions.log_out(request, now=timezone.now())
    return redirect("access:log_in")


@login_required
@never_cache
@sensitive_post_parameters("current", "new", "again")
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    form = PasswordForm(request.POST if request.method == "POST" else None, user=user)
    if request.method == "POST" and form.is_valid():
        chosen, current = form.cleaned_data["new"], form.cleaned_data["current"]
        change_password(user=user, password=chosen, current=current, by=user, now=timezone.now())
        update_session_auth_hash(request, user)
        messages.success(request, "Your password is changed. Other sessions of yours are closed.")
        return redirect("access:account")
    context = {
        "form": form,
        "grants": user.live_grants,
        "tokens": user.token_set.filter(revoked_at=None).order_by("-created_at"),
        "breadcrumbs": [("Overview", "/"), ("Account", "")],
    }
    return render(request, "audit/access/account.html", context, status=422 if request.method == "POST" else 200)
