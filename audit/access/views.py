"""Pages of logging in and out, step by step. One's own account is in account_views."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from audit.access import devices, sessions
from audit.access.actions import change_password
from audit.access.decisions import user_of
from audit.access.entering import ELSEWHERE, PASSWORD, Entering, begin, entering, finish, next_step, renew_hash
from audit.access.forms import AgainForm, CodeForm, LogInForm, NewPasswordForm
from audit.access.second_step import ceremony, prove, way_in
from audit.access.secrets import DEMO_PASSWORD
from audit.errors import FactorError

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
UNPROCESSABLE = 422


@never_cache
@sensitive_post_parameters("username", "password")
@require_http_methods(["GET", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    onward, now = safe_onward(request), timezone.now()
    if request.user.is_authenticated:
        return redirect(onward)
    form = LogInForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return log_in_page(request, form=form, onward=onward, status=200 if request.method == "GET" else UNPROCESSABLE)
    if sessions.is_locked(request, username=form.cleaned_data["username"], now=now):
        return render(request, "audit/access/locked.html", {"minutes": locked_minutes()}, status=429)
    user = sessions.check_password(request, **form.cleaned_data, now=now)
    if user is not None:
        return go_on(request, begin(request, user, proof=PASSWORD, onward=onward, now=now))
    form.add_error(None, "Name or password is not right, or the log-in is closed.")
    return log_in_page(request, form=form, onward=onward, status=UNPROCESSABLE)


def go_on(request: HttpRequest, found: Entering) -> HttpResponse:
    """Lead to the next step of a log-in, or open the session when there is none."""
    now = timezone.now()
    step = next_step(found, now=now)
    if step:
        return redirect(step)
    finish(request, found, now=now)
    if found.user.notices.filter(read_at=None).exists():
        messages.warning(request, "There is news about your log-in on your account page.")
    response = redirect(found.onward)
    devices.remember(response, username=found.user.username)
    return response


def log_in_page(request: HttpRequest, *, form: LogInForm, onward: str, status: int) -> HttpResponse:
    context = {
        "form": form,
        "next": onward,
        "demo": {"log_ins": DEMO_LOG_INS, "password": DEMO_PASSWORD} if settings.RADVIGIL_DEMO else None,
        "elsewhere": settings.RADVIGIL_OIDC_NAME if settings.RADVIGIL_OIDC_ISSUER else "",
    }
    return render(request, "audit/access/log_in.html", context, status=status)


def safe_onward(request: HttpRequest) -> str:
    """Return where to go after logging in: only an address of this installation."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return asked if safe and asked.startswith("/") else settings.LOGIN_REDIRECT_URL


def locked_minutes() -> int:
    return round(settings.AXES_COOLOFF_TIME * 60)


@never_cache
@sensitive_post_parameters("code", "credential")
@require_http_methods(["GET", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor of whoever has given the password."""
    now = timezone.now()
    found = entering(request, now=now)
    if found is None or next_step(found, now=now) != "access:second_step":
        return redirect("access:log_in")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            prove(request, user=found.user, given=form.cleaned_data, now=now)
        except FactorError as error:
            form.add_error(None, str(error))
        else:
            return go_on(request, way_in(request, found, now=now))
    context = {"form": form} | ceremony(request, user=found.user)
    return render(
        request, "audit/access/second_step.html", context, status=UNPROCESSABLE if request.method == "POST" else 200
    )


@never_cache
@sensitive_post_parameters("new", "again")
@require_http_methods(["GET", "POST"])
def new_password(request: HttpRequest) -> HttpResponse:
    """Ask for a new password where the one that was given is a first one, or too old."""
    now = timezone.now()
    found = entering(request, now=now)
    if found is None or next_step(found, now=now) != "access:new_password":
        return redirect("access:log_in")
    form = NewPasswordForm(request.POST if request.method == "POST" else None, user=found.user)
    if request.method == "POST" and form.is_valid():
        change_password(user=found.user, password=form.cleaned_data["new"], by=found.user, now=now)
        renew_hash(request, found.user)
        return go_on(request, found)
    context = {"form": form, "is_first": found.user.password_is_first}
    return render(
        request, "audit/access/new_password.html", context, status=UNPROCESSABLE if request.method == "POST" else 200
    )


@login_required
@never_cache
@sensitive_post_parameters("password", "code", "credential")
@require_http_methods(["GET", "POST"])
def again(request: HttpRequest) -> HttpResponse:
    """Ask somebody logged in for the password or a factor once more, before an act that matters."""
    user, now, onward = user_of(request), timezone.now(), safe_onward(request)
    form = AgainForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            prove(request, user=user, given=form.cleaned_data, now=now)
        except FactorError as error:
            form.add_error(None, str(error))
        else:
            request.session[sessions.AUTHENTICATED] = now.timestamp()
            return redirect(onward)
    context = {"form": form, "next": onward, "has_password": user.has_usable_password()} | ceremony(request, user=user)
    context["elsewhere"] = settings.RADVIGIL_OIDC_NAME if user.identities.exists() else ""
    return render(
        request, "audit/access/again.html", context, status=UNPROCESSABLE if request.method == "POST" else 200
    )


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    came_from_elsewhere = ELSEWHERE in request.session.get(sessions.WITH, ())
    sessions.log_out(request, now=timezone.now())
    return redirect("federation:left" if came_from_elsewhere else "access:log_in")
